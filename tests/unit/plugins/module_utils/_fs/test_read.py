# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Untrusted paths: only regular files are read, within limits, and nothing blocks."""

from __future__ import annotations

import io
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.read import chunks_of, open_file, read_file


def test_a_file_is_read_up_to_its_limit(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    assert read_file(str(tmp_path / "file"), 5) == b"12345"
    with pytest.raises(OSError, match="it is larger than 4 bytes"):
        read_file(str(tmp_path / "file"), 4)


@pytest.mark.parametrize("what", ["pipe", "directory", "device"])
def test_what_is_no_file_is_an_error_and_blocks_nobody(tmp_path, what):
    place = tmp_path / "place"
    if what == "pipe":
        os.mkfifo(place)
    elif what == "directory":
        place.mkdir()
    else:
        place.symlink_to("/dev/zero")
    with pytest.raises(OSError, match=r"not a file|Is a directory"):
        open_file(str(place))


def test_a_name_that_no_file_can_have_is_an_error():
    with pytest.raises(OSError, match="no file can have such a name"):
        open_file("a\0b")


def test_a_file_is_opened_below_a_descriptor_and_no_symlink_followed_on_request(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        with open_file("link", fd) as stream:
            assert stream.read() == b"x"
        with pytest.raises(OSError, match="symbolic links"):
            open_file("link", fd, os.O_NOFOLLOW)
    finally:
        os.close(fd)


def test_a_stream_is_read_from_an_offset_and_closed():
    stream = io.BytesIO(b"12345")
    assert b"".join(chunks_of(stream, 2)) == b"345"
    assert stream.closed

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small files are read whoever put them there, and only files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._host.small_files import (
    SmallFile,
    fingerprint_of,
    json_object,
    read_small_file,
    text_of,
)
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    ordinary_user,
)

takes_root = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a\xff")
    assert read_small_file(str(file)) == SmallFile(True, b"a\xff")
    assert text_of(str(file)) == "a\ufffd"
    assert len(fingerprint_of(str(file)) or "") == 64


@pytest.mark.parametrize("path", ["missing", "no/such/directory", "missing/"])
def test_a_missing_file_does_not_exist(tmp_path: Path, path: str) -> None:
    assert read_small_file(str(tmp_path / path)) == SmallFile(False)
    assert text_of(str(tmp_path / path)) is None
    assert fingerprint_of(str(tmp_path / path)) is None


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "directory", "large"])
def test_what_is_no_small_file_exists_and_has_no_content(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "link":
        (tmp_path / "secret").write_text("secret")
        path.symlink_to(tmp_path / "secret")
    elif kind == "dangling":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.touch()
        os.truncate(path, 2**40)
    assert read_small_file(str(path)) == SmallFile(True)


def test_a_file_on_the_way_hides_what_is_behind_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert read_small_file(str(tmp_path / "file/x")) == SmallFile(None)


@takes_root
def test_a_symlink_of_another_user_on_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/file").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read_small_file(str(tmp_path / "link/file")).content == b"secret"
    os.chown(tmp_path / "link", NOBODY, NOBODY, follow_symlinks=False)
    assert read_small_file(str(tmp_path / "link/file")).content is None


def test_what_this_user_may_not_see_is_unknown() -> None:
    with directory_of_ordinary_user() as top:
        closed = top / "closed"
        closed.mkdir()
        (closed / "file").write_text("secret")
        unreadable = top / "unreadable"
        unreadable.write_text("secret")
        unreadable.chmod(0)
        closed.chmod(0)
        with ordinary_user():
            assert read_small_file(str(closed / "file")) == SmallFile(None)
            assert read_small_file(str(unreadable)) == SmallFile(True)


def test_a_json_object_is_read() -> None:
    assert json_object('{"größe": [1, null]}'.encode()) == {"größe": [1, None]}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"1", b"{", b"\xff", b"\xef\xbb\xbf{}", b'{"a": NaN}', b"[" * 100_000]
)
def test_anything_else_is_none(content: bytes) -> None:
    assert json_object(content) is None

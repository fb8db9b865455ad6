# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is at a path, of every kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.accounts import attributes_of
from ansible_collections.localai.core.plugins.module_utils._host.path_entry import MISSING, Kind, directory_at, entry_at
from ansible_collections.localai.core.tests.support.host import IS_ROOT, NOBODY

takes_root = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")


def test_a_file_has_its_content_and_attributes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a\xff")
    file.chmod(0o640)
    found = entry_at(str(file))
    assert (found.kind, found.content, found.target, found.mounts) == (Kind.FILE, b"a\xff", None, ())
    assert found.attributes == attributes_of(file.stat())
    assert found.attributes.mode == "0640"
    assert not found.has_other_names
    os.link(file, tmp_path / "other")
    assert entry_at(str(file)).has_other_names


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.truncate(tmp_path / "file", 2**40)
    found = entry_at(str(tmp_path / "file"))
    assert (found.kind, found.content) == (Kind.FILE, None)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("directory")
    found = entry_at(str(tmp_path / "link"))
    assert (found.kind, found.target, found.content) == (Kind.LINK, "directory", None)
    assert directory_at(str(tmp_path / "link")).kind == Kind.DIRECTORY
    (tmp_path / "dangling").symlink_to("nowhere")
    assert directory_at(str(tmp_path / "dangling")).kind == Kind.LINK


def test_other_kinds(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert entry_at(str(tmp_path / "pipe")).kind == Kind.OTHER
    assert entry_at(str(tmp_path)).kind == directory_at(str(tmp_path)).kind == Kind.DIRECTORY
    assert entry_at(str(tmp_path / "a/b")) == entry_at(str(tmp_path / "a")) == MISSING


def test_a_directory_has_the_mount_points_in_it() -> None:
    assert "/proc" in entry_at("/proc").mounts


@takes_root
def test_a_link_of_another_user_on_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    os.chown(tmp_path / "link", NOBODY, NOBODY, follow_symlinks=False)
    for scan, path in ((entry_at, "link/file"), (directory_at, "link")):
        with pytest.raises(HostError, match="the symlink link on the way to it belongs to another user"):
            scan(str(tmp_path / path))

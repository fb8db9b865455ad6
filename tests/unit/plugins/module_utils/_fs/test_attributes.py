# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of owner, group and mode: only of the file that was checked."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import attributes
from ansible_collections.localai.core.plugins.module_utils._fs.attributes import NewDirectory, change, finish_directory
from ansible_collections.localai.core.tests.support.host import IS_ROOT, mode, snapshot

ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")


@pytest.fixture
def directory(tmp_path):
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


@pytest.mark.parametrize("becomes", ["nothing", "another file", "symlink", "directory", "one more hard link"])
def test_only_the_file_that_was_checked_is_changed(tmp_path, directory, becomes):
    place, other = tmp_path / "place", tmp_path / "other"
    place.write_text("x")
    place.chmod(0o600)
    judged = place.lstat()
    if becomes == "one more hard link":
        os.link(place, other)
    else:
        place.rename(tmp_path / "aside")
        other.write_text("y") if becomes != "directory" else other.mkdir()
        other.chmod(0o700)
        if becomes == "symlink":
            place.symlink_to(other)
        elif becomes != "nothing":
            other.rename(place)
    before = snapshot(tmp_path)
    assert change("place", directory, judged, mode=0o644) is False
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("what", ["file", "directory", "pipe", "closed directory"])
def test_any_kind_of_file_that_was_checked_is_changed(tmp_path, directory, what):
    place = tmp_path / "place"
    if what == "file":
        place.touch()
    elif what == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    place.chmod(0o000 if "closed" in what else 0o600)
    assert change("place", directory, place.lstat(), uid=os.geteuid(), mode=0o711) is True
    assert mode(place) == "0o711"


@ONLY_ROOT
@pytest.mark.parametrize("with_proc", [True, False])
def test_a_symlink_gets_another_owner_and_its_target_does_not(tmp_path, directory, monkeypatch, with_proc):
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to("target")
    if not with_proc:
        monkeypatch.setattr(attributes, "_DESCRIPTORS", "/nowhere")
    assert change("link", directory, (tmp_path / "link").lstat(), uid=1, gid=1) is True
    assert [(tmp_path / name).lstat().st_uid for name in ("link", "target")] == [1, 0]


def test_without_proc_a_file_is_not_changed_and_the_error_says_why(tmp_path, directory, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(attributes, "_DESCRIPTORS", "/nowhere")
    with pytest.raises(OSError, match="/proc is not mounted"):
        change("file", directory, (tmp_path / "file").lstat(), mode=0o600)


def test_only_the_directory_that_was_created_is_finished(tmp_path):
    made = NewDirectory(0o711, 1000.0, (0, 0))
    before = snapshot(tmp_path)
    finish_directory(lambda: os.open(tmp_path, os.O_RDONLY), made, (-1, -1), True)
    finish_directory(lambda: os.open(tmp_path / "nowhere", os.O_RDONLY), made, (-1, -1), True)
    assert snapshot(tmp_path) == before
    status = tmp_path.stat()
    made = NewDirectory(0o711, 1000.0, (status.st_dev, status.st_ino))
    finish_directory(lambda: os.open(tmp_path, os.O_RDONLY), made, (-1, -1), True)
    assert (mode(tmp_path), tmp_path.stat().st_mtime) == ("0o711", 1000.0)

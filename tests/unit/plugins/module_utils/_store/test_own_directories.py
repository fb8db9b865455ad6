# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed directory and our own in it: created, opened, given to their owner, and no symlink is followed."""

from __future__ import annotations

import os
import stat

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._store.ownership import owner_of_new_trees
from ansible_collections.localai.core.tests.support.host import IS_ROOT, mode, snapshot, umask
from ansible_collections.localai.core.tests.support.trees import install, names, put, replace_by, staging_of


@pytest.mark.parametrize("place", [".localai-core", ".localai-core/lock", ".localai-core/staging"])
@pytest.mark.parametrize("what", ["symlink", "file"])
def test_a_symlink_or_file_with_the_name_of_our_own_is_not_followed(path, tmp_path, place, what):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("precious")
    (path / place).parent.mkdir(exist_ok=True)
    if what == "symlink":
        (path / place).symlink_to(outside / "file" if place.endswith("lock") else outside)
    elif place.endswith("lock"):
        (path / place).mkdir()
    else:
        (path / place).write_text("x")
    before = snapshot(outside)
    with pytest.raises(HostError, match=str(path)):
        install(path)
    assert snapshot(outside) == before
    assert names(path) == [".localai-core"]


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_the_umask_changes_nothing(tmp_path, mask):
    path = tmp_path / "missing/too/backends"
    with umask(mask):
        install(path)
    modes = {name: oct(stat.S_IMODE(kind)) for name, (kind, *_rest) in snapshot(tmp_path / "missing").items()}
    assert modes == {
        "": "0o755",
        "too": "0o755",
        "too/backends": "0o755",
        "too/backends/.localai-core": "0o755",
        "too/backends/.localai-core/file-system.json": "0o644",
        "too/backends/.localai-core/kept": "0o755",
        "too/backends/.localai-core/lock": "0o644",
        "too/backends/.localai-core/replaced": "0o755",
        "too/backends/.localai-core/staging": "0o755",
        "too/backends/piper": "0o755",
        "too/backends/piper/lib": "0o755",
        "too/backends/piper/lib/x": "0o644",
        "too/backends/piper/run.sh": "0o755",
    }


def test_a_symlink_to_the_path_is_followed(path, tmp_path):
    (tmp_path / "link").symlink_to(path)
    install(tmp_path / "link")
    assert names(path) == [".localai-core", "piper"]


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_a_created_path_belongs_to_the_requested_owner(tmp_path):
    path = tmp_path / "missing/backends"
    install(path, owner=owner_of_new_trees(str(path), "1", "2"))
    assert [os.stat(place).st_uid for place in (path.parent, path, path / ".localai-core", path / "piper")] == [
        0,
        1,
        1,
        1,
    ]


def test_a_replaced_staging_directory_is_noticed(path, tmp_path, monkeypatch):
    (tmp_path / "trap").mkdir()
    mkdir = os.mkdir

    def replaced(name, mode=0o777, *, dir_fd=None):
        mkdir(name, mode, dir_fd=dir_fd)
        if name == "1":
            (staging_of(path) / "1").rmdir()
            (tmp_path / "trap").rename(staging_of(path) / "1")

    monkeypatch.setattr(os, "mkdir", replaced)
    with pytest.raises(HostError, match="was replaced while it was being created"):
        install(path)


@pytest.mark.parametrize("what", ["file", "symlink"])
@pytest.mark.parametrize("place", ["replaced", "kept", "kept/piper"])
def test_an_entry_with_the_name_of_our_own_directory_is_named(path, tmp_path, place, what):
    (tmp_path / "outside").mkdir()
    put(path / ".localai-core" / place, what, tmp_path / "outside")
    install(path, name="other") if "/" in place else None
    with pytest.raises(HostError, match=rf"\.localai-core/{place} is not a directory of this collection\. Remove it\."):
        replace_by(path, b"x", 1)
    assert names(tmp_path / "outside") == []


def test_a_directory_with_unknown_entries_keeps_its_mode(path):
    own = path / ".localai-core"
    own.mkdir(mode=0o700)
    (own / "secret").touch()
    install(path)
    assert mode(own) == "0o700"

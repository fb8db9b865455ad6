# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Walks through a tree that somebody else may change, and its disk usage."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.walk import disk_usage, walk
from ansible_collections.localai.core.tests.support.host import directory_of_ordinary_user, ordinary_user


def walked(top):
    """The paths below a directory, in the order of the walk."""
    fd = os.open(top, os.O_RDONLY)
    try:
        return [entry.path for entry in walk(fd, str(top))]
    finally:
        os.close(fd)


def test_a_directory_comes_before_its_entries_and_no_symlink_is_followed(tmp_path):
    (tmp_path / "b/c").mkdir(parents=True)
    (tmp_path / "b/c/file").touch()
    (tmp_path / "a").symlink_to("b")
    assert walked(tmp_path) == ["a", "b", "b/c", "b/c/file"]


def test_a_tree_that_is_too_deep_is_an_error(tmp_path):
    place = tmp_path
    for _level in range(210):
        place = place / "d"
        place.mkdir()
    with pytest.raises(HostError, match="nested too deeply"):
        walked(tmp_path)
    shutil.rmtree(tmp_path / "d")


def test_an_unreadable_directory_is_an_error_that_names_it():
    with directory_of_ordinary_user() as top, ordinary_user():
        (top / "closed").mkdir(mode=0)
        with pytest.raises(HostError, match=r"closed: Permission denied"):
            walked(top)


def test_entries_that_vanish_are_skipped(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    fd = os.open(tmp_path, os.O_RDONLY)
    seen = []
    for place in walk(fd, str(tmp_path)):
        seen.append(place.path)
        shutil.rmtree(tmp_path / "a", ignore_errors=True)
        shutil.rmtree(tmp_path / "b", ignore_errors=True)
    os.close(fd)
    assert seen == ["a"]


def test_disk_usage_counts_hard_links_once_and_does_not_follow_symlinks(tmp_path: Path) -> None:
    place = tmp_path / "a"
    (place / "sub").mkdir(parents=True)
    (place / "run.sh").touch()
    (place / "sub/data").write_bytes(b"x" * 100000)
    os.link(place / "sub/data", place / "sub/again")
    (place / "out").symlink_to("/usr")
    everything = [place / name for name in ("run.sh", "sub", "sub/data", "out")]
    assert disk_usage(str(place)) == sum(path.lstat().st_blocks * 512 for path in everything)
    assert disk_usage(str(place)) >= 100000


def test_a_missing_tree_takes_no_space(tmp_path: Path) -> None:
    assert disk_usage(str(tmp_path / "missing")) == 0
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert disk_usage(str(tmp_path / "file")) == 0

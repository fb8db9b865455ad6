# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Staging: what is deleted is out of sight first, and a deletion can be interrupted anywhere."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.localai.core.tests.support.host import failing
from ansible_collections.localai.core.tests.support.kills import killed_at
from ansible_collections.localai.core.tests.support.trees import install, names, opened, staging_of


@pytest.mark.parametrize("what", ["directory", "symlink", "file"])
def test_a_tree_that_cannot_be_moved_is_removed_in_place_its_known_files_first(path, tmp_path, monkeypatch, what):
    if what == "directory":
        install(path)
        (path / "piper/metadata.json").touch()
    elif what == "symlink":
        (path / "piper").symlink_to(tmp_path)
    else:
        (path / "piper").touch()
    before, removed, unlink = os.listdir(tmp_path), [], os.unlink
    with opened(path) as backends:
        monkeypatch.setattr(os, "rename", failing(errno.EXDEV))
        monkeypatch.setattr(os, "unlink", lambda name, **place: (removed.append(name), unlink(name, **place))[1])
        backends.remove("piper")
    assert (names(path), os.listdir(tmp_path)) == ([".localai-core"], before)
    assert what != "directory" or removed[:2] == ["metadata.json", "run.sh"]


CALLS = ("unlink", "rmdir", "rename", "replace", "mkdir", "fchmod", "fchown")


def test_a_clean_up_that_is_killed_anywhere_is_finished_by_the_next(path, monkeypatch):
    """What a dead run left, with names in it that we might want."""
    number = 0
    while True:
        number += 1
        for name in ("1", "2"):
            for below in ("venv/lib/python3.10/site-packages/numpy", "venv/bin", ".removed-1/sub", ".removed-2/sub"):
                (staging_of(path) / name / below).mkdir(parents=True)
                (staging_of(path) / name / below / "file").touch()
        (path / ".localai-core/replaced/piper/deep").mkdir(parents=True)
        if not killed_at(number, lambda: clear(path), CALLS):
            break
        for again in (number // 2 + 1, number // 3 + 1, 1):
            killed_at(again, lambda: clear(path), CALLS)
        clear(path)
        assert (names(path), names(path / "piper"), names(staging_of(path))) == (
            [".localai-core", "piper"],
            ["deep"],
            [],
        )
        (path / "piper/deep").rmdir()
        (path / "piper").rmdir()
    assert number > 40


def clear(path):
    with opened(path):
        pass

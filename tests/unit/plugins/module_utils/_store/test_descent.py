# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories below the managed one: opened level by level, created if wanted, and no symlink followed."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.entries import identity
from ansible_collections.localai.core.plugins.module_utils._store.descent import descended
from ansible_collections.localai.core.tests.support.trees import names


@pytest.fixture
def top(path):
    fd = os.open(path, os.O_RDONLY)
    yield fd
    os.close(fd)


def create(name, dir_fd, _path):
    os.mkdir(name, dir_fd=dir_fd)


def test_each_level_is_open_inside_and_closed_afterwards(path, top):
    (path / "a/b").mkdir(parents=True)
    with descended(top, str(path), "a/b") as levels:
        assert [identity(os.fstat(fd)) for fd in levels] == [
            identity(os.stat(path / name)) for name in ("", "a", "a/b")
        ]
    for fd in levels[1:]:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
    assert os.fstat(top)


def test_an_empty_path_is_the_top(path, top):
    with descended(top, str(path), "") as levels:
        assert levels == [top]


def test_missing_directories_are_created_with_their_path_told(path, top):
    (path / "a").mkdir()
    created = []

    def note(name, dir_fd, where):
        created.append(where)
        create(name, dir_fd, where)

    with descended(top, str(path), "a/b/c", note) as levels:
        assert len(levels) == 4
    assert created == [f"{path}/a/b", f"{path}/a/b/c"]
    assert (path / "a/b/c").is_dir()


def test_without_creation_a_missing_directory_is_missing(path, top):
    with pytest.raises(FileNotFoundError), descended(top, str(path), "a/b"):
        pass
    assert names(path) == []


@pytest.mark.parametrize("create_it", [None, create])
@pytest.mark.parametrize("what", ["symlink", "file"])
def test_what_is_no_directory_is_named(path, top, tmp_path, what, create_it):
    (tmp_path / "outside/c").mkdir(parents=True)
    (path / "a").mkdir()
    (path / "a/b").symlink_to(tmp_path / "outside") if what == "symlink" else (path / "a/b").touch()
    sentence = "is a symlink, which" if what == "symlink" else "is in the way, because"
    with pytest.raises(HostError, match=f"{path}/a/b {sentence}"), descended(top, str(path), "a/b/c", create_it):
        pass


def test_a_directory_that_vanishes_right_after_its_creation_is_created_again(path, top):
    tries = []

    def vanishing(name, dir_fd, where):
        tries.append(name)
        create(name, dir_fd, where)
        if len(tries) < 3:
            os.rmdir(name, dir_fd=dir_fd)

    with descended(top, str(path), "a", vanishing):
        assert tries == ["a", "a", "a"]


def test_a_symlink_that_appears_instead_of_a_new_directory_is_not_followed(path, top, tmp_path):
    def quicker(name, dir_fd, _where):
        os.symlink(tmp_path, name, dir_fd=dir_fd)

    with pytest.raises(HostError, match=f"{path}/a is a symlink"), descended(top, str(path), "a/b", quicker):
        pass

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of directories: names that are free, and names that somebody else takes."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.entries import (
    after_clearing,
    exists,
    is_replaceable,
    random_names,
    unless_vanished,
    with_free_name,
)
from ansible_collections.localai.core.tests.support.host import failing


def test_a_name_that_is_free_is_found_whatever_is_there(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").touch()
    name, _made = with_free_name("abc", lambda name: os.mkdir(tmp_path / name))
    assert name == "c"


def test_where_no_name_is_free_that_is_an_error(tmp_path):
    with pytest.raises(FileExistsError):
        with_free_name(["."], lambda name: os.mkdir(tmp_path / name))
    with pytest.raises(PermissionError):
        with_free_name("ab", failing(errno.EACCES))


def test_random_names_are_all_different():
    names = {name for _count, name in zip(range(1000), random_names("x-"))}
    assert len(names) == 1000


def test_somebody_may_be_quicker_a_few_times(tmp_path):
    calls = []

    def make():
        calls.append("make")
        if len(calls) < 20:
            raise FileExistsError(errno.EEXIST, "there")
        return "made"

    assert after_clearing(lambda: calls.append("clear"), make) == "made"
    with pytest.raises(FileExistsError):
        after_clearing(lambda: None, lambda: os.mkdir(tmp_path))


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


@pytest.mark.parametrize(
    ("name", "there", "replaceable"),
    [("file", True, True), ("directory", True, False), ("dangling", True, True), ("nothing", False, True)],
)
def test_an_entry_is_looked_at_and_no_symlink_followed(directory, name, there, replaceable):
    assert (exists(name, directory), is_replaceable(name, directory)) == (there, replaceable)


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ENOTDIR, errno.ELOOP])
def test_what_is_no_longer_what_it_was_has_vanished(code):
    assert unless_vanished(failing(code)) is None
    assert unless_vanished(lambda: "there") == "there"


def test_another_error_is_raised():
    with pytest.raises(PermissionError):
        unless_vanished(failing(errno.EACCES))

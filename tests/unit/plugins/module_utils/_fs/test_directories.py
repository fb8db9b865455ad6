# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories of a tree, held open: no symlink on the way is followed."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import directories
from ansible_collections.localai.core.plugins.module_utils._fs.directories import Directories


@pytest.fixture
def opened(tmp_path):
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/file").write_text("x")
    (tmp_path / "link").symlink_to("a")
    top = os.open(tmp_path, os.O_RDONLY)
    opened_directories = Directories(top)
    yield opened_directories
    opened_directories.close()
    os.close(top)


def test_entries_are_found_below_the_top(opened):
    fd, name = opened.at("a/b/file")
    assert (name, sorted(os.listdir(fd))) == ("file", ["c", "file"])
    assert (opened.names("a"), sorted(opened.names(""))) == (["b"], ["a", "link"])
    assert opened.status("a/b/file").st_size == 1
    assert opened.target("link") == "a"


def test_a_symlink_on_the_way_is_not_followed(opened):
    with pytest.raises(NotADirectoryError):
        opened.at("link/b/file")


def test_a_new_directory_has_no_entries(opened):
    assert opened.status_of_new("a/b/c").st_nlink
    with pytest.raises(OSError, match="it was replaced while it was being created"):
        opened.status_of_new("a/b")


def test_a_descriptor_is_valid_inside_its_context_whatever_is_opened_meanwhile(opened, monkeypatch):
    monkeypatch.setattr(directories, "_MAX_OPEN", 1)
    with opened.holding("a/b/file") as (fd, name):
        opened.at("a/b/c/x")
        opened.at("a/x")
        assert os.stat(name, dir_fd=fd).st_size == 1


def test_few_descriptors_are_held_and_none_of_what_is_removed(opened, monkeypatch):
    monkeypatch.setattr(directories, "_MAX_OPEN", 2)
    before = len(os.listdir("/proc/self/fd"))
    opened.at("a/b/c/x")
    assert len(os.listdir("/proc/self/fd")) == before + 2
    opened.forget("a/b")
    assert len(os.listdir("/proc/self/fd")) == before

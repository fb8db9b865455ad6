# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trees that are being replaced by two renames: where they came from, and the way back."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._store.replaced import name_while_replaced, put_back
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.trees import names

PATHS = st.lists(st.text(st.sampled_from("a.%2Fé"), min_size=1, max_size=5), min_size=1, max_size=4).filter(
    lambda parts: not {".", ".."} & set(parts)
)


@pytest.fixture
def replaced(tmp_path):
    place = tmp_path / "replaced"
    place.mkdir()
    return place


def back(path, replaced, name):
    """Put a tree back; returns the names that were discarded instead."""
    discarded = []
    fds = [os.open(place, os.O_RDONLY) for place in (path, replaced)]
    try:
        put_back(name, fds[1], fds[0], lambda name, dir_fd: discarded.append((name, dir_fd == fds[1])))
    finally:
        for fd in fds:
            os.close(fd)
    return discarded


@given(PATHS, PATHS)
def test_a_name_is_one_component_and_no_two_paths_have_the_same(path, other):
    name = name_while_replaced("/".join(path))
    assert "/" not in name
    assert name.startswith(".")
    assert name not in (".", "..")
    assert (name == name_while_replaced("/".join(other))) == (path == other)


@pytest.mark.parametrize("target", ["tree", "a/b%2Fc/tree", ".artifacts/huggingface/0123", "100%"])
def test_a_tree_gets_its_path_back(path, replaced, target):
    (path / target).parent.mkdir(parents=True, exist_ok=True)
    name = name_while_replaced(target)
    (replaced / name).mkdir()
    (replaced / name / "x").touch()
    assert back(path, replaced, name) == []
    assert (names(path / target), names(replaced)) == (["x"], [])


def test_the_tree_of_a_backend_has_its_own_name(path, replaced):
    (replaced / "piper%2Fx").mkdir()
    assert back(path, replaced, "piper%2Fx") == []
    assert names(path) == ["piper%2Fx"]


def test_a_tree_whose_path_has_something_new_is_discarded(path, replaced):
    (path / "a/tree").mkdir(parents=True)
    (replaced / ".a%2Ftree").mkdir()
    assert back(path, replaced, ".a%2Ftree") == [(".a%2Ftree", True)]


@pytest.mark.parametrize("name", [".", "..", "...%2Foutside", ".%2Foutside", ".a%2F..%2F..%2Foutside%2Fnew", ".a%2F"])
def test_a_name_that_no_path_has_is_discarded(path, replaced, tmp_path, name):
    (tmp_path / "outside").mkdir()
    (path / "a").mkdir()
    before = snapshot(tmp_path)
    assert back(path, replaced, name) == [(name, True)]
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("what", ["symlink", "file", "nothing"])
def test_a_tree_whose_directory_is_no_more_is_discarded(path, replaced, tmp_path, what):
    (tmp_path / "outside").mkdir()
    if what == "symlink":
        (path / "a").symlink_to(tmp_path / "outside")
    elif what == "file":
        (path / "a").touch()
    (replaced / ".a%2Ftree").mkdir()
    assert back(path, replaced, ".a%2Ftree") == [(".a%2Ftree", True)]
    assert names(tmp_path / "outside") == []


def test_a_tree_that_vanishes_is_no_error(path, replaced):
    assert back(path, replaced, ".tree") == []
    assert names(path) == []

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proofs of inclusion: true ones give the root, and others give another root or are refused."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.merkle import leaf_hash, root_hash
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.sigstore import merkle

LEAVES = [leaf_hash(b"entry %d" % number) for number in range(20)]


def result(*arguments):
    """The root, or None for a proof that is refused."""
    try:
        return root_hash(*arguments)
    except SignatureError:
        return None


def test_a_leaf_is_no_node():
    assert leaf_hash(b"x") == hashlib.sha256(b"\0x").digest() == merkle.leaf_hash(b"x")


@pytest.mark.parametrize("size", range(1, 20))
def test_only_the_true_proof_of_each_leaf_gives_the_root(size):
    leaves = LEAVES[:size]
    root = merkle.root_hash(leaves)
    for index, leaf in enumerate(leaves):
        path = merkle.path(index, leaves)
        assert root_hash(leaf, index, size, path) == root
        assert result(LEAVES[-1], index, size, path) != root
        assert result(leaf, index, size, [*path, LEAVES[-1]]) is None
        others = [other for other in range(size) if other != index]
        assert root not in [result(leaf, other, size, path) for other in others]
        for position in range(len(path)):
            changed = [*path[:position], LEAVES[-1], *path[position + 1 :]]
            assert result(leaf, index, size, changed) != root
            assert result(leaf, index, size, [*path[:position], *path[position + 1 :]]) is None


@pytest.mark.parametrize(
    ("index", "size", "path", "problem"),
    [
        (0, 0, [], "outside the tree"),
        (1, 1, [], "outside the tree"),
        (2**63 - 1, 7, [], "outside the tree"),
        (0, 2, [], "the length that its tree demands"),
        (0, 1, LEAVES[:1], "the length that its tree demands"),
        (0, 2, LEAVES[:2], "the length that its tree demands"),
        (0, 2, [b"short"], "the length that its tree demands"),
        (0, 2, [b"x" * 33], "the length that its tree demands"),
        (0, 2**63 - 1, LEAVES[:1] * 62, "the length that its tree demands"),
    ],
)
def test_a_proof_that_cannot_be_one_is_refused(index, size, path, problem):
    with pytest.raises(SignatureError, match=problem):
        root_hash(LEAVES[0], index, size, path)


def test_the_largest_tree_has_a_proof():
    assert root_hash(LEAVES[0], 0, 2**63 - 1, LEAVES[:1] * 63)


@given(st.integers(0, 40), st.integers(0, 40), st.lists(st.sampled_from(LEAVES), max_size=8))
@hostile
def test_any_proof_has_a_root_or_is_refused(index, size, path):
    assert len(result(LEAVES[0], index, size, path) or bytes(32)) == 32

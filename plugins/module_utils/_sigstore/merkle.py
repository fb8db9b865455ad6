# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proofs that a Merkle tree contains a leaf (RFC 6962, section 2.1; RFC 9162, section 2.1.3.2)."""

from __future__ import annotations

import hashlib
import typing as t

from .._errors import SignatureError


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\0" + content).digest()


def root_hash(leaf: bytes, index: int, size: int, path: t.Sequence[bytes]) -> bytes:
    """Return the root of a tree of `size` leaves that has the leaf hash at `index`; raises SignatureError."""
    if index >= size:
        raise SignatureError("the inclusion proof is for a leaf outside the tree")
    node, last, digest = index, size - 1, leaf
    for sibling in path:
        if last == 0 or len(sibling) != hashlib.sha256().digest_size:
            raise SignatureError("the inclusion proof does not have the length that its tree demands")
        if node & 1 or node == last:
            digest = _inner(sibling, digest)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            digest = _inner(digest, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise SignatureError("the inclusion proof does not have the length that its tree demands")
    return digest


def _inner(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Merkle tree of RFC 6962: its root, and the path that proves that a leaf is in it."""

from __future__ import annotations

import hashlib
from typing import Sequence


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf with this content."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_hash(leaves: Sequence[bytes]) -> bytes:
    """The hash of the root above these hashes of leaves."""
    if len(leaves) == 1:
        return leaves[0]
    if not leaves:
        return hashlib.sha256().digest()
    split = _split(len(leaves))
    return node_hash(root_hash(leaves[:split]), root_hash(leaves[split:]))


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes beside the way from a leaf up to the root."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*path(index, leaves[:split]), root_hash(leaves[split:])]
    return [*path(index - split, leaves[split:]), root_hash(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1

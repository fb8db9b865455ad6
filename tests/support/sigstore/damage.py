# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bundles and trusted roots that differ from a good one in one place."""

from __future__ import annotations

import base64
import copy
from typing import Any, Mapping, Sequence, Union

_Step = Union[str, int]

ENTRY: tuple[_Step, ...] = ("verificationMaterial", "tlogEntries", 0)
PROOF = (*ENTRY, "inclusionProof")
CHECKPOINT = (*PROOF, "checkpoint", "envelope")
PROMISE = (*ENTRY, "inclusionPromise", "signedEntryTimestamp")
BODY = (*ENTRY, "canonicalizedBody")
CERTIFICATE = ("verificationMaterial", "certificate", "rawBytes")
STAMP = ("verificationMaterial", "timestampVerificationData", "rfc3161Timestamps", 0, "signedTimestamp")
PAYLOAD = ("dsseEnvelope", "payload")
SIGNATURE = ("dsseEnvelope", "signatures", 0, "sig")


def at(document: Any, place: Sequence[_Step]) -> Any:
    """What is at a place, which is a path of names and numbers."""
    for step in place:
        document = document[step]
    return document


def changed(document: Mapping[str, Any], place: Sequence[_Step], value: Any) -> dict[str, Any]:
    """A copy with another value at a place; a function gets the present value."""
    copied: dict[str, Any] = copy.deepcopy(dict(document))
    parent = at(copied, place[:-1])
    parent[place[-1]] = value(parent[place[-1]]) if callable(value) else value
    return copied


def without(document: Mapping[str, Any], place: Sequence[_Step]) -> dict[str, Any]:
    """A copy that lacks what is at a place."""
    copied: dict[str, Any] = copy.deepcopy(dict(document))
    del at(copied, place[:-1])[place[-1]]
    return copied


def flipped(document: Mapping[str, Any], place: Sequence[_Step], byte: int = -1) -> dict[str, Any]:
    """A copy with one bit of some base64 changed, in its last byte or in another one."""

    def flip(text: str) -> str:
        content = bytearray(base64.b64decode(text))
        content[byte] ^= 1
        return base64.b64encode(content).decode()

    return changed(document, place, flip)

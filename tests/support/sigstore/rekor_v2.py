# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rekor v2: a log that proves inclusion, and says nothing about the time."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import Any, Mapping, Sequence

from . import merkle, notes
from .content import b64, pae
from .ct_log import log_json
from .keys import HASH_NAMES, Key
from .moments import Span
from .pki import Holder
from .rekor_v1 import Body, body


def hashedrekord(digest: bytes, signature: bytes, holder: Holder, hash_name: str = "") -> Body:
    """A signature over bytes with this digest."""
    spec = {
        "hashedRekordV002": {
            "data": {"algorithm": HASH_NAMES[hash_name or holder.key.hash_name], "digest": b64(digest)},
            "signature": {"content": b64(signature), "verifier": _verifier(holder)},
        }
    }
    return body("hashedrekord", "0.0.2", spec)


def hashed_envelope(envelope: Mapping[str, Any], holder: Holder) -> Body:
    """An envelope as newer clients log it: as a signature over the bytes that DSSE signs."""
    content = pae(base64.b64decode(envelope["payload"]), envelope["payloadType"])
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    return hashedrekord(holder.key.digest(content), signature, holder)


def dsse(envelope: Mapping[str, Any], holder: Holder) -> Body:
    """An envelope as the first clients logged it."""
    payload = hashlib.sha256(base64.b64decode(envelope["payload"])).digest()
    signatures = [{"content": item["sig"], "verifier": _verifier(holder)} for item in envelope["signatures"]]
    spec = {"dsseV002": {"payloadHash": {"algorithm": "SHA2_256", "digest": b64(payload)}, "signatures": signatures}}
    return body("dsse", "0.0.2", spec)


class RekorV2:
    """A shard of the log. It had other entries before."""

    def __init__(
        self, host: str, key: Key, valid: Span, witnesses: Sequence[notes.Witness] = (), before: int = 5
    ) -> None:
        """The key is an Ed25519 key, whose identifier has the host in it; each of the witnesses signs checkpoints."""
        self.host = host
        self.key = key
        self.valid = valid
        self.witnesses = tuple(witnesses)
        self.identifier = notes.note_id(host, key)
        self._leaves = [merkle.leaf_hash(b"entry %d of somebody else" % number) for number in range(before)]

    def log(self, entry: Body, moment: dt.datetime, after: int = 2, origin: str | None = None) -> dict[str, Any]:
        """Keep an entry; the value is what a bundle has of it.

        `after` is how many more entries the proof has seen, the moment is that of the witnesses; `origin` replaces the
        first line of the checkpoint.
        """
        index = len(self._leaves)
        self._leaves.append(merkle.leaf_hash(entry.content))
        self._leaves += [merkle.leaf_hash(b"entry %d after number %d" % (number, index)) for number in range(after)]
        root = merkle.root_hash(self._leaves)
        text = notes.checkpoint(self.host if origin is None else origin, len(self._leaves), root)
        lines = [self.line(text), *(witness.line(text, moment) for witness in self.witnesses)]
        return {
            "logIndex": str(index),
            "logId": {"keyId": b64(self.identifier)},
            "kindVersion": {"kind": entry.kind, "version": entry.version},
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": b64(root),
                "treeSize": str(len(self._leaves)),
                "hashes": [b64(item) for item in merkle.path(index, self._leaves)],
                "checkpoint": {"envelope": notes.signed(text, lines)},
            },
            "canonicalizedBody": b64(entry.content),
        }

    def line(self, text: str) -> str:
        """The line with which the log signs a checkpoint."""
        return notes.line(self.host, self.identifier, self.key.sign(text.encode()))

    @property
    def json(self) -> dict[str, Any]:
        """The log in a trusted root."""
        return log_json(f"https://{self.host}", self.key, self.valid, self.identifier)


def _verifier(holder: Holder) -> dict[str, Any]:
    kind = "x509Certificate" if holder.certificate else "publicKey"
    return {kind: {"rawBytes": b64(holder.der)}, "keyDetails": holder.key.details}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rekor v1: a log that promises to include an entry at a time, and proves that it did."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from . import merkle, notes
from .content import b64, canonical
from .ct_log import log_json
from .keys import Key
from .moments import Span


@dataclass(frozen=True)
class Body:
    """What a log keeps: a kind, its version, and the canonical bytes."""

    kind: str
    version: str
    content: bytes


def body(kind: str, version: str, spec: Mapping[str, Any]) -> Body:
    """An entry of any kind."""
    return Body(kind, version, canonical({"apiVersion": version, "kind": kind, "spec": spec}))


def hashedrekord(digest: bytes, signature: bytes, verifier: bytes, hash_name: str = "sha256") -> Body:
    """A signature over bytes with this digest; the verifier is a certificate or a public key as PEM."""
    spec = {
        "data": {"hash": {"algorithm": hash_name, "value": digest.hex()}},
        "signature": {"content": b64(signature), "publicKey": {"content": b64(verifier)}},
    }
    return body("hashedrekord", "0.0.1", spec)


def dsse(envelope: Mapping[str, Any], verifier: bytes) -> Body:
    """An envelope; the verifier is a certificate or a public key as PEM."""
    payload = base64.b64decode(envelope["payload"])
    spec = {
        "envelopeHash": _sha256(canonical(envelope)),
        "payloadHash": _sha256(payload),
        "signatures": [{"signature": item["sig"], "verifier": b64(verifier)} for item in envelope["signatures"]],
    }
    return body("dsse", "0.0.1", spec)


def intoto(envelope: Mapping[str, Any], verifier: bytes) -> Body:
    """An envelope, in the form that older clients used: what is base64 already is encoded once more."""
    signatures = [{"publicKey": b64(verifier), "sig": b64(item["sig"].encode())} for item in envelope["signatures"]]
    inner = {
        "payload": b64(envelope["payload"].encode()),
        "payloadType": envelope["payloadType"],
        "signatures": signatures,
    }
    spec = {
        "content": {
            "envelope": inner,
            "hash": _sha256(canonical(envelope)),
            "payloadHash": _sha256(base64.b64decode(envelope["payload"])),
        }
    }
    return body("intoto", "0.0.2", spec)


class RekorV1:
    """A log that had other entries before. Its own number of an entry counts all shards, that of a proof only one."""

    def __init__(self, host: str, key: Key, valid: Span, tree: int = 2605736670972794746, before: int = 5) -> None:
        """`before` is how many entries there are; the others of the log were in earlier shards."""
        self.host = host
        self.key = key
        self.valid = valid
        self.origin = f"{host} - {tree}"
        self.shard_start = 4163431
        self._leaves = [merkle.leaf_hash(b"entry %d of somebody else" % number) for number in range(before)]

    def log(self, entry: Body, moment: dt.datetime, after: int = 2, other: Sequence[str] = ()) -> dict[str, Any]:
        """Keep an entry; the value is what a bundle has of it.

        `after` is how many more entries the proof has seen, `other` are more lines of the checkpoint.
        """
        index = len(self._leaves)
        self._leaves.append(merkle.leaf_hash(entry.content))
        self._leaves += [merkle.leaf_hash(b"entry %d after number %d" % (number, index)) for number in range(after)]
        leaves, root = self._leaves, merkle.root_hash(self._leaves)
        text = notes.checkpoint(self.origin, len(leaves), root, other)
        return {
            "logIndex": str(self.shard_start + index),
            "logId": {"keyId": b64(self.key.fingerprint)},
            "kindVersion": {"kind": entry.kind, "version": entry.version},
            "integratedTime": str(int(moment.timestamp())),
            "inclusionPromise": {
                "signedEntryTimestamp": b64(self.promise(entry.content, moment, self.shard_start + index))
            },
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": b64(root),
                "treeSize": str(len(leaves)),
                "hashes": [b64(item) for item in merkle.path(index, leaves)],
                "checkpoint": {"envelope": notes.signed(text, [self.line(text)])},
            },
            "canonicalizedBody": b64(entry.content),
        }

    def promise(self, content: bytes, moment: dt.datetime, index: int) -> bytes:
        """The signature (SET) over an entry, its time and its number."""
        promised = {
            "body": b64(content),
            "integratedTime": int(moment.timestamp()),
            "logID": self.key.fingerprint.hex(),
            "logIndex": index,
        }
        return self.key.sign(canonical(promised))

    def line(self, text: str) -> str:
        """The line with which the log signs a checkpoint."""
        return notes.line(self.host, self.key.fingerprint, self.key.sign(text.encode()))

    @property
    def json(self) -> dict[str, Any]:
        """The log in a trusted root."""
        return log_json(f"https://{self.host}", self.key, self.valid, self.key.fingerprint)


def _sha256(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is signed, and its signature, as a bundle has them: envelopes (DSSE) around statements, and messages."""

from __future__ import annotations

import base64
import json
from typing import Any, Mapping, Sequence

from .keys import HASH_NAMES, Key

IN_TOTO = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1"


def b64(content: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(content).decode()


def canonical(value: Mapping[str, Any]) -> bytes:
    """JSON as logs sign it: sorted, without blanks. Good for text and whole numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def statement(
    *digests: str, predicate_type: str = COSIGN_SIGN, predicate: Any = None, name: str = "", **changes: Any
) -> bytes:
    """The in-toto statement of cosign 2.6 about images, by digests such as `sha256:…`.

    cosign 3 adds an empty predicate. `changes` replace or add members; with None they leave one out.
    """
    subjects = [{**({"name": name} if name else {}), "digest": dict([digest.split(":", 1)])} for digest in digests]
    members = {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": predicate_type,
        "predicate": predicate,
        **changes,
    }
    return json.dumps({key: item for key, item in members.items() if item is not None}, separators=(",", ":")).encode()


def pae(payload: bytes, payload_type: str = IN_TOTO) -> bytes:
    """The bytes that are signed for a payload (the pre-authentication encoding of DSSE)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def envelope(
    payload: bytes, keys: Sequence[Key], payload_type: str = IN_TOTO, keyid: str | None = None
) -> dict[str, Any]:
    """An envelope with a signature by each key."""
    extra = {} if keyid is None else {"keyid": keyid}
    signatures = [{"sig": b64(key.sign(pae(payload, payload_type))), **extra} for key in keys]
    return {"payload": b64(payload), "payloadType": payload_type, "signatures": signatures}


def message(content: bytes, key: Key) -> dict[str, Any]:
    """A signature over bytes that are somewhere else."""
    digest = {"algorithm": HASH_NAMES[key.hash_name], "digest": b64(key.digest(content))}
    return {"messageDigest": digest, "signature": b64(key.sign(content))}


def signature(signed: Mapping[str, Any]) -> bytes:
    """The signature of a message, or the first one of an envelope."""
    return base64.b64decode(signed["signature"] if "signature" in signed else signed["signatures"][0]["sig"])

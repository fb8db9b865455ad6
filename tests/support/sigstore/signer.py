# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bundles: what was signed, who signed it, and what logs and timestamp authorities say about it."""

from __future__ import annotations

import base64
from typing import Any, Mapping, Sequence

from . import rekor_v1, rekor_v2
from .content import b64
from .pki import Holder, raw
from .rekor_v1 import Body

MEDIA_TYPES = {
    "0.1": "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "0.2": "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "0.3 of 2024": "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "0.3": "application/vnd.dev.sigstore.bundle.v0.3+json",
}


def bundle(
    signed: Mapping[str, Any],
    holder: Holder,
    entries: Sequence[Mapping[str, Any]],
    stamps: Sequence[bytes] = (),
    *,
    version: str = "0.3",
    above: int = 0,
) -> dict[str, Any]:
    """A bundle around an envelope or a message, with the entries of logs and with answers of timestamp authorities.

    Before version 0.3 a bundle has a chain of certificates, usually only of the first. `above` is how many more of the
    chain it has: 1 adds the intermediate authority, 2 also the root, which a verifier has to refuse.
    """
    material: dict[str, Any] = {**_verifier(holder, version, above), "tlogEntries": list(entries)}
    if stamps:
        material["timestampVerificationData"] = {
            "rfc3161Timestamps": [{"signedTimestamp": b64(stamp)} for stamp in stamps]
        }
    content = "dsseEnvelope" if "payload" in signed else "messageSignature"
    return {"mediaType": MEDIA_TYPES[version], "verificationMaterial": material, content: dict(signed)}


def body_v1(signed: Mapping[str, Any], holder: Holder, kind: str = "") -> Body:
    """What Rekor v1 keeps of an envelope (`kind` is dsse or intoto) or of a message."""
    if "payload" in signed:
        return (rekor_v1.intoto if kind == "intoto" else rekor_v1.dsse)(signed, holder.pem)
    digest, signature = _message(signed)
    return rekor_v1.hashedrekord(digest, signature, holder.pem, holder.key.hash_name)


def body_v2(signed: Mapping[str, Any], holder: Holder, kind: str = "") -> Body:
    """What Rekor v2 keeps of an envelope (`kind` is hashedrekord or dsse) or of a message."""
    if "payload" in signed:
        return (rekor_v2.dsse if kind == "dsse" else rekor_v2.hashed_envelope)(signed, holder)
    return rekor_v2.hashedrekord(*_message(signed), holder)


def _message(signed: Mapping[str, Any]) -> tuple[bytes, bytes]:
    return base64.b64decode(signed["messageDigest"]["digest"]), base64.b64decode(signed["signature"])


def _verifier(holder: Holder, version: str, above: int) -> dict[str, Any]:
    if holder.certificate is None:
        return {"publicKey": {"hint": b64(holder.key.fingerprint)}}
    certificates = [{"rawBytes": b64(raw(item))} for item in (holder.certificate, *holder.chain[:above])]
    if version.startswith("0.3") and not above:
        return {"certificate": certificates[0]}
    return {"x509CertificateChain": {"certificates": certificates}}

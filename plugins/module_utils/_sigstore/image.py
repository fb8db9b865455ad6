# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures of container images: bundles, and the form that cosign wrote before version 2.6."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from .._errors import SignatureError
from .bundle import Bundle, Envelope, LogEntry, MessageSignature, read_bundle
from .certificates import Certificate, certificate_from_pem
from .fields import Fields, from_base64, quoted, read_json
from .identity import Identity, identity_of
from .statement import predicate_type
from .trusted_root import TrustedRoot
from .verify import Artifact, Signed, verify

# A statement of this type says that an image is signed. Others, for example about a scan, can say something bad of it.
_SIGNATURE = "https://sigstore.dev/cosign/sign/v1"
_SIMPLE_SIGNING = "cosign container image signature"
_SHA256 = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True)
class Proof:
    """A verified signature of an image: its identity, its time in seconds since 1970, and its log entry."""

    identity: Identity
    moment: float
    log: str
    index: int


def verify_bundle(content: bytes, digest: str, root: TrustedRoot) -> Proof:
    """Return who signed the image with a digest, by a bundle in JSON; raises SignatureError."""
    bundle = read_bundle(content)
    signed = verify(bundle, Artifact(_sha256(digest)), root)
    if isinstance(bundle.content, Envelope):
        kind = predicate_type(bundle.content)
        if kind != _SIGNATURE:
            raise SignatureError(f"the statement about the image is of the type {quoted(kind)}, not a signature")
    return _proof(signed)


def verify_simple_signing(payload: bytes, annotations: Fields, digest: str, root: TrustedRoot) -> Proof:
    """Return who signed the image with a digest, by a payload and the annotations of its layer; raises SignatureError.

    That is how cosign before version 2.6 stored signatures (cosign's specification, "SIGNATURE_SPEC").
    """
    critical = read_json(payload, "the signed payload").inner("critical")
    if critical.text("type") != _SIMPLE_SIGNING:
        raise SignatureError(f"the signed payload has the type {quoted(critical.text('type'))}")
    signed_digest = critical.inner("image").text("docker-manifest-digest")
    if not hmac.compare_digest(signed_digest.encode(), digest.encode()):
        raise SignatureError("the signature is that of another image: the digests differ")
    bundle = Bundle(
        "0.1",
        _certificate(annotations),
        MessageSignature("", b"", annotations.data("dev.cosignproject.cosign/signature")),
        (_entry(annotations),),
        (),
    )
    return _proof(verify(bundle, Artifact(hashlib.sha256(payload).digest(), payload), root))


def _certificate(annotations: Fields) -> Certificate:
    return certificate_from_pem(
        annotations.text("dev.sigstore.cosign/certificate").encode(), "the certificate of the signature"
    )


def _entry(annotations: Fields) -> LogEntry:
    entry = read_json(annotations.text("dev.sigstore.cosign/bundle").encode(), "the log entry of the signature")
    payload = entry.inner("Payload")
    try:
        log = bytes.fromhex(payload.text("logID"))
    except ValueError:
        raise SignatureError(f"{payload.name}.logID is not in hexadecimal digits") from None
    return LogEntry(
        log=log,
        index=payload.number("logIndex"),
        integrated=payload.number("integratedTime"),
        kind="hashedrekord",
        version="0.0.1",
        body=from_base64(payload.text("body"), f"{payload.name}.body"),
        promise=entry.data("SignedEntryTimestamp"),
        proof=None,
    )


def _sha256(digest: str) -> bytes:
    match = _SHA256.fullmatch(digest)
    if match is None:
        raise SignatureError(f"the image has the digest {quoted(digest)}, and only SHA-256 can be verified")
    return bytes.fromhex(match.group(1))


def _proof(signed: Signed) -> Proof:
    if signed.certificate is None or signed.moment is None:
        raise SignatureError("a key signed the image, and policies are about certificates")
    return Proof(identity_of(signed.certificate), signed.moment, signed.log, signed.index)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sigstore bundles, versions 0.1 to 0.3, in JSON (protobuf-specs, sigstore_bundle and sigstore_rekor)."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._errors import SignatureError
from .certificates import Certificate, read_certificate
from .checkpoint import Checkpoint, read_checkpoint
from .fields import Fields, quoted, read_json
from .timestamps import SignedTimestamp, read_timestamp

_MEDIA_TYPE = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(?:\+json;version=(0\.[123])|\.v(0\.3)\+json)", re.ASCII
)
_HASHES = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_MOST = 32


class MessageSignature(t.NamedTuple):
    """The signature of an artifact. `digest` is the digest that the signer claims, empty if it is not there."""

    hash: str
    digest: bytes
    signature: bytes


class Envelope(t.NamedTuple):
    """A DSSE envelope with one signature: a statement, and its type."""

    payload_type: str
    payload: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The pre-authentication encoding (DSSE, protocol): what is signed."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(self.payload), self.payload)


@dataclass(frozen=True)
class InclusionProof:
    """A proof that a log contains an entry; without a checkpoint nobody has signed its root."""

    index: int
    size: int
    root: bytes
    path: tuple[bytes, ...]
    checkpoint: Checkpoint | None


@dataclass(frozen=True)
class LogEntry:
    """An entry of a transparency log. `integrated` is its time in seconds since 1970, 0 if there is none.

    `promise` is the signed entry timestamp, empty if there is none.
    """

    log: bytes
    index: int
    integrated: int
    kind: str
    version: str
    body: bytes
    promise: bytes
    proof: InclusionProof | None


class Bundle(t.NamedTuple):
    """A signature with everything that its offline verification needs.

    The certificate is None where a key signed that the verifier has to know.
    """

    version: str
    certificate: Certificate | None
    content: MessageSignature | Envelope
    entries: tuple[LogEntry, ...]
    timestamps: tuple[SignedTimestamp, ...]


def read_bundle(content: bytes, name: str = "the bundle") -> Bundle:
    """Return the bundle of a JSON document; raises SignatureError."""
    document = read_json(content, name)
    media_type = document.text("mediaType")
    match = _MEDIA_TYPE.fullmatch(media_type)
    if match is None:
        raise SignatureError(
            f"{name} has the media type {quoted(media_type)}; supported are bundles of version 0.1 to 0.3"
        )
    version = match.group(1) or match.group(2)
    material = document.inner("verificationMaterial")
    bundle = Bundle(
        version,
        _certificate(material, version),
        _content(document),
        tuple(_entry(entry) for entry in material.inners("tlogEntries")),
        _timestamps(material),
    )
    _check(bundle, name)
    return bundle


def _check(bundle: Bundle, name: str) -> None:
    """Check what the version of a bundle demands, and that nothing in it counts twice."""
    if len(bundle.entries) > _MOST or len(bundle.timestamps) > _MOST:
        raise SignatureError(f"{name} has more than {_MOST} log entries or timestamps")
    if len({(entry.log, entry.index) for entry in bundle.entries}) != len(bundle.entries):
        raise SignatureError(f"{name} has a log entry twice")
    if len({stamp.signature for stamp in bundle.timestamps}) != len(bundle.timestamps):
        raise SignatureError(f"{name} has a timestamp twice")
    for entry in bundle.entries:
        if bundle.version == "0.1" and not entry.promise:
            raise SignatureError(f"{name} has version 0.1, and its log entry has no inclusion promise")
        if bundle.version != "0.1" and (entry.proof is None or entry.proof.checkpoint is None):
            raise SignatureError(f"{name} has version {bundle.version}, and its log entry has no inclusion proof")


def _certificate(material: Fields, version: str) -> Certificate | None:
    kinds = [key for key in ("certificate", "x509CertificateChain", "publicKey") if key in material]
    if len(kinds) != 1:
        raise SignatureError(f"{material.name} does not have either a certificate or a public key")
    if kinds == ["publicKey"]:
        material.inner("publicKey")
        return None
    if kinds == ["certificate"]:
        leaf = material.inner("certificate")
        return read_certificate(leaf.data("rawBytes"), "the certificate of the bundle")
    if version == "0.3":
        raise SignatureError(f"{material.name} has a chain of certificates, and version 0.3 has one certificate")
    chain = material.inner("x509CertificateChain").inners("certificates")
    if not chain:
        raise SignatureError(f"{material.name} has an empty chain of certificates")
    certificates = [read_certificate(fields.data("rawBytes"), f"{fields.name}.rawBytes") for fields in chain]
    # The specification demands that. Issuers are taken from the trusted root alone.
    if any(certificate.is_self_issued for certificate in certificates):
        raise SignatureError(f"{material.name} contains a root certificate, which has to come from the trusted root")
    return certificates[0]


def _content(document: Fields) -> MessageSignature | Envelope:
    if ("messageSignature" in document) == ("dsseEnvelope" in document):
        raise SignatureError(f"{document.name} does not have either a message signature or a DSSE envelope")
    if "dsseEnvelope" in document:
        envelope = document.inner("dsseEnvelope")
        signatures = envelope.inners("signatures")
        if len(signatures) != 1:
            raise SignatureError(f"{envelope.name} does not have exactly one signature")
        return Envelope(envelope.text("payloadType"), envelope.data("payload"), signatures[0].data("sig"))
    signature = document.inner("messageSignature")
    if "messageDigest" not in signature:
        return MessageSignature("", b"", signature.data("signature"))
    digest = signature.inner("messageDigest")
    algorithm = digest.text("algorithm")
    if algorithm not in _HASHES:
        raise SignatureError(f"{digest.name} has the algorithm {quoted(algorithm)}; supported are {', '.join(_HASHES)}")
    return MessageSignature(_HASHES[algorithm], digest.data("digest"), signature.data("signature"))


def _entry(fields: Fields) -> LogEntry:
    kind = fields.inner("kindVersion")
    promise = fields.inner("inclusionPromise").data("signedEntryTimestamp") if "inclusionPromise" in fields else b""
    return LogEntry(
        log=fields.inner("logId").data("keyId"),
        index=fields.number("logIndex"),
        integrated=fields.number("integratedTime"),
        kind=kind.text("kind"),
        version=kind.text("version"),
        body=fields.data("canonicalizedBody"),
        promise=promise,
        proof=_proof(fields.inner("inclusionProof")) if "inclusionProof" in fields else None,
    )


def _proof(fields: Fields) -> InclusionProof:
    has_checkpoint = "checkpoint" in fields and "envelope" in fields.inner("checkpoint")
    return InclusionProof(
        fields.number("logIndex"),
        fields.number("treeSize"),
        fields.data("rootHash"),
        fields.datas("hashes"),
        read_checkpoint(fields.inner("checkpoint").text("envelope")) if has_checkpoint else None,
    )


def _timestamps(material: Fields) -> tuple[SignedTimestamp, ...]:
    if "timestampVerificationData" not in material:
        return ()
    stamps: t.Iterable[Fields] = material.inner("timestampVerificationData").inners("rfc3161Timestamps")
    return tuple(read_timestamp(stamp.data("signedTimestamp"), stamp.name) for stamp in stamps)

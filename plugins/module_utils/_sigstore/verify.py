# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verification: who signed an artifact, and when, if a bundle proves it (Sigstore client specification, section 4)."""

from __future__ import annotations

import hashlib
import hmac
import typing as t
from dataclasses import dataclass

from .._errors import SignatureError
from .bundle import Bundle, Envelope, LogEntry, MessageSignature
from .certificate_log import check_timestamps
from .certificates import CODE_SIGNING, Certificate
from .chain import issuer_of
from .keys import PublicKey
from .log_body import LogBody, read_body
from .log_entry import check_entry, check_validity, log_of, proven_index
from .statement import check_subject
from .timestamps import moment_of
from .trusted_root import Log, TrustedRoot


class Artifact(t.NamedTuple):
    """The artifact to verify: its SHA-256, and its bytes if they are at hand."""

    sha256: bytes
    content: bytes | None = None

    def digest(self, algorithm: str) -> bytes:
        """Return a digest; raises SignatureError if that takes bytes that are not at hand."""
        if algorithm == "sha256":
            return self.sha256
        if self.content is None:
            raise SignatureError(f"the signature is one of a {algorithm} digest, and only the SHA-256 is known")
        return hashlib.new(algorithm, self.content).digest()


@dataclass(frozen=True)
class Signed:
    """A verified signature. `moment` is the earliest time that a log or an authority signed, in seconds since 1970.

    The certificate is None where a key signed; then there may be no time. `log` and `index` are the first log entry.
    """

    certificate: Certificate | None
    moment: float | None
    log: str
    index: int


def verify(bundle: Bundle, artifact: Artifact, root: TrustedRoot, key: PublicKey | None = None) -> Signed:
    """Return who signed the artifact; raises SignatureError if the bundle does not prove that somebody did.

    With a key, that key has to have signed, and without one somebody with a certificate of the trusted root.
    """
    if (bundle.certificate is None) != (key is not None):
        raise SignatureError(
            "the bundle was signed with a key, and a certificate is expected"
            if key is None
            else "the bundle was signed with a certificate, and a key is expected"
        )
    if not bundle.entries:
        raise SignatureError("the bundle has no entry of a transparency log")
    logs = [(entry, log_of(entry, root.signature_logs)) for entry in bundle.entries]
    moments = _moments(bundle, root, logs)
    for _entry, log in logs:
        check_validity(log, moments)
    if bundle.certificate is not None:
        key = _check_certificate(bundle.certificate, root, moments)
    _check_content(bundle.content, artifact, t.cast("PublicKey", key))
    for entry in bundle.entries:
        _check_body(read_body(entry), bundle, artifact, t.cast("PublicKey", key))
    return Signed(bundle.certificate, min(moments, default=None), logs[0][1].address, proven_index(bundle.entries[0]))


def _moments(bundle: Bundle, root: TrustedRoot, logs: t.Sequence[tuple[LogEntry, Log]]) -> tuple[float, ...]:
    """Return all times that a service of the trusted root signed for this bundle."""
    included = [check_entry(entry, log) for entry, log in logs]
    moments = [moment for moment in included if moment is not None]
    problems = []
    for stamp in bundle.timestamps:
        try:
            moments.append(moment_of(stamp, root.timestamp_authorities, bundle.content.signature))
        except SignatureError as e:
            problems.append(e)
    # One good timestamp is enough, but a bundle that has timestamps does not rely on others instead.
    if problems and len(problems) == len(bundle.timestamps):
        raise problems[0]
    if not moments and bundle.certificate is not None:
        raise SignatureError(
            "nothing proves when the signature was made: its log entry has no signed time, and the bundle has no"
            " timestamp of a timestamp authority, which an entry of Rekor v2 needs"
        )
    return tuple(moments)


def _check_certificate(leaf: Certificate, root: TrustedRoot, moments: t.Sequence[float]) -> PublicKey:
    issuer = issuer_of(leaf, root.authorities, moments, CODE_SIGNING, "the certificate")
    check_timestamps(leaf, issuer, root.certificate_logs)
    return leaf.key


def _check_content(content: MessageSignature | Envelope, artifact: Artifact, key: PublicKey) -> None:
    """Check that the key signed the artifact, or a statement about it."""
    if isinstance(content, Envelope):
        if not key.has_signed(content.signature, content.signed):
            raise SignatureError("the signature of the statement is not valid")
        check_subject(content, artifact.sha256)
        return
    if content.digest and not hmac.compare_digest(content.digest, artifact.digest(content.hash)):
        raise SignatureError("the bundle is that of another artifact: the digests differ")
    if not _has_signed(content, artifact, key):
        raise SignatureError("the signature of the artifact is not valid")


def _has_signed(content: MessageSignature, artifact: Artifact, key: PublicKey) -> bool:
    if key.kind == "ed25519":
        if artifact.content is None:
            raise SignatureError("an Ed25519 signature needs the artifact itself, and only its digest is known")
        return key.has_signed(content.signature, artifact.content)
    hashes = (content.hash,) if content.hash else key.hashes
    return any(key.has_signed_digest(content.signature, artifact.digest(name), name) for name in hashes)


def _check_body(body: LogBody, bundle: Bundle, artifact: Artifact, key: PublicKey) -> None:
    """Check that a log entry is one for this signature, by this signer, of this artifact."""
    content, signer = bundle.content, bundle.certificate.der if bundle.certificate else key.spki
    if not hmac.compare_digest(body.signature, content.signature):
        raise SignatureError("the log entry is that of another signature")
    if not hmac.compare_digest(body.verifier, signer):
        raise SignatureError("the log entry is that of another certificate or key")
    if isinstance(content, Envelope):
        logged = content.payload if body.of_payload else content.signed
        digest = hashlib.new(body.hash, logged).digest()
    elif body.of_payload:
        raise SignatureError("the log entry is that of a statement, and the bundle has a signature of the artifact")
    else:
        digest = artifact.digest(body.hash)
    if not hmac.compare_digest(body.digest, digest):
        raise SignatureError("the log entry is that of another artifact: the digests differ")

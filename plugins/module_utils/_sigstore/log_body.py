# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of log entries: what an entry says was signed, by whom (Rekor's types hashedrekord, dsse and intoto)."""

from __future__ import annotations

import contextlib
import typing as t

from .._errors import SignatureError
from .bundle import LogEntry
from .certificates import certificate_from_pem, read_certificate
from .fields import Fields, from_base64, quoted, read_json
from .keys import HASHES, key_from_der, key_from_pem

_V2_HASHES = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


class LogBody(t.NamedTuple):
    """The content of a log entry: a digest, a signature, and the signer's certificate or public key in DER.

    The digest is that of the artifact; that of the payload where `of_payload`, for entries that only envelopes have.
    """

    hash: str
    digest: bytes
    of_payload: bool
    signature: bytes
    verifier: bytes


def read_body(entry: LogEntry) -> LogBody:
    """Return what an entry says; raises SignatureError if it is of a type that is not known."""
    document = read_json(entry.body, "the body of the log entry")
    kind, version = document.text("kind"), document.text("apiVersion")
    if (entry.kind, entry.version) != (kind, version):
        raise SignatureError(
            f"the log entry is said to be {quoted(f'{entry.kind} {entry.version}')}, and its body is"
            f" {quoted(f'{kind} {version}')}"
        )
    reader = _READERS.get((kind, version))
    if reader is None:
        known = ", ".join(" ".join(name) for name in _READERS)
        raise SignatureError(f"the log entry has the type {quoted(f'{kind} {version}')}; supported are {known}")
    return reader(document.inner("spec"))


def _hashedrekord_1(spec: Fields) -> LogBody:
    signature = spec.inner("signature")
    return LogBody(
        *_hash_1(spec.inner("data").inner("hash")),
        False,
        signature.data("content"),
        _verifier_1(signature.inner("publicKey").data("content")),
    )


def _hashedrekord_2(spec: Fields) -> LogBody:
    record = spec.inner("hashedRekordV002")
    signature = record.inner("signature")
    return LogBody(
        *_hash_2(record.inner("data")), False, signature.data("content"), _verifier_2(signature.inner("verifier"))
    )


def _dsse_1(spec: Fields) -> LogBody:
    signature = _only(spec)
    return LogBody(
        *_hash_1(spec.inner("payloadHash")), True, signature.data("signature"), _verifier_1(signature.data("verifier"))
    )


def _dsse_2(spec: Fields) -> LogBody:
    record = spec.inner("dsseV002")
    signature = _only(record)
    return LogBody(
        *_hash_2(record.inner("payloadHash")), True, signature.data("content"), _verifier_2(signature.inner("verifier"))
    )


def _intoto_2(spec: Fields) -> LogBody:
    content = spec.inner("content")
    signature = _only(content.inner("envelope"))
    sig = signature.data("sig")
    # The signature of an envelope is Base64 already when Rekor encodes it. Otherwise, it cannot be that of the bundle.
    with contextlib.suppress(SignatureError):
        sig = from_base64(sig.decode("ascii", "replace"), f"{signature.name}.sig")
    return LogBody(*_hash_1(content.inner("payloadHash")), True, sig, _verifier_1(signature.data("publicKey")))


_READERS: dict[tuple[str, str], t.Callable[[Fields], LogBody]] = {
    ("hashedrekord", "0.0.1"): _hashedrekord_1,
    ("hashedrekord", "0.0.2"): _hashedrekord_2,
    ("dsse", "0.0.1"): _dsse_1,
    ("dsse", "0.0.2"): _dsse_2,
    ("intoto", "0.0.2"): _intoto_2,
}


def _only(fields: Fields) -> Fields:
    signatures = fields.inners("signatures")
    if len(signatures) != 1:
        raise SignatureError(f"{fields.name} does not have exactly one signature")
    return signatures[0]


def _hash_1(fields: Fields) -> tuple[str, bytes]:
    algorithm, value = fields.text("algorithm"), fields.text("value")
    try:
        if algorithm in HASHES:
            return algorithm, bytes.fromhex(value)
    except ValueError:
        pass
    raise SignatureError(f"{fields.name} is not a digest in hexadecimal digits, with one of {', '.join(HASHES)}")


def _hash_2(fields: Fields) -> tuple[str, bytes]:
    algorithm = fields.text("algorithm")
    if algorithm not in _V2_HASHES:
        raise SignatureError(
            f"{fields.name} has the algorithm {quoted(algorithm)}; supported are {', '.join(_V2_HASHES)}"
        )
    return _V2_HASHES[algorithm], fields.data("digest")


def _verifier_1(pem: bytes) -> bytes:
    if b"BEGIN CERTIFICATE" in pem:
        return certificate_from_pem(pem, "the certificate in the log entry").der
    return key_from_pem(pem, "the public key in the log entry").spki


def _verifier_2(fields: Fields) -> bytes:
    if "x509Certificate" in fields:
        certificate = fields.inner("x509Certificate").data("rawBytes")
        return read_certificate(certificate, "the certificate in the log entry").der
    return key_from_der(fields.inner("publicKey").data("rawBytes"), "the public key in the log entry").spki

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signed timestamps (RFC 3161), in the Cryptographic Message Syntax (RFC 5652)."""

from __future__ import annotations

import hashlib
import hmac
import re
import typing as t

from .._errors import SignatureError
from .certificates import TIME_STAMPING, Certificate, read_certificate
from .chain import issuer_of
from .der import INTEGER, OCTETS, SEQUENCE, SET, TIME, Element, Reader, parse
from .fields import seconds_since_1970
from .trusted_root import Authority

_SIGNED_DATA, _TIMESTAMP_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
# Algorithms that name the hash too. With others, such as RSA without a hash, the signer's digest algorithm counts.
_SIGNATURES = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_GRANTED = (0, 1)
_MOST_CERTIFICATES = 10
_LARGEST = 64 * 1024
_GENERALIZED_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z", re.ASCII)


class SignedTimestamp(t.NamedTuple):
    """A timestamp: when an authority saw something with that imprint, and what the authority signed.

    `signer` is the issuer's name and the serial number of the certificate, or its key identifier.
    """

    moment: float
    imprint_hash: str
    imprint: bytes
    certificates: tuple[Certificate, ...]
    signer: tuple[bytes, int] | bytes
    signed: bytes
    hash: str
    signature: bytes
    certificate_hash: tuple[str, bytes] | None

    def is_of(self, message: bytes) -> bool:
        """Whether the imprint is that of the message."""
        return hmac.compare_digest(self.imprint, hashlib.new(self.imprint_hash, message).digest())


def moment_of(stamp: SignedTimestamp, authorities: t.Iterable[Authority], message: bytes) -> float:
    """Return the time when an authority of the trusted root saw the message, in seconds since 1970.

    Raises SignatureError if the timestamp is that of another authority or of another message, or was not valid then.
    """
    problem = SignatureError("the timestamp was not given by an authority of the trusted root")
    for authority in authorities:
        for certificate in (*authority.certificates, *stamp.certificates):
            if not _is_signer(stamp, certificate) or not _has_signed(stamp, certificate):
                continue
            try:
                issuer_of(certificate, [authority], [stamp.moment], TIME_STAMPING, "the certificate of the timestamp")
            except SignatureError as e:
                problem = e
                continue
            # RFC 3161, section 2.3: that key has no other purpose.
            if certificate.purposes != frozenset({TIME_STAMPING}):
                problem = SignatureError("the certificate of the timestamp was issued for other purposes too")
                continue
            if not stamp.is_of(message):
                raise SignatureError("the timestamp was given to something else than this signature")
            return stamp.moment
    raise problem


def _is_signer(stamp: SignedTimestamp, certificate: Certificate) -> bool:
    if isinstance(stamp.signer, bytes):
        return stamp.signer == certificate.key_identifier
    return stamp.signer == (certificate.issuer, certificate.serial)


def _has_signed(stamp: SignedTimestamp, certificate: Certificate) -> bool:
    if stamp.certificate_hash is not None:
        name, digest = stamp.certificate_hash
        if not hmac.compare_digest(hashlib.new(name, certificate.der).digest(), digest):
            return False
    return certificate.key.has_signed(stamp.signature, stamp.signed, (stamp.hash,))


def read_timestamp(der: bytes, name: str) -> SignedTimestamp:
    """Return the timestamp of a TimeStampResp; raises SignatureError."""
    if len(der) > _LARGEST:
        raise SignatureError(f"{name} is larger than {_LARGEST // 1024} KiB")
    try:
        return _response(parse(der))
    except SignatureError as e:
        raise SignatureError(f"{name}: {e}") from e


def _response(element: Element) -> SignedTimestamp:
    response = Reader(element)
    status = Reader(response.next(SEQUENCE)).next(INTEGER).number()
    if status not in _GRANTED:
        raise SignatureError(f"the authority did not grant the timestamp: status {status}")
    content = Reader(response.next(SEQUENCE))
    _expect(content.any().oid(), _SIGNED_DATA, "signed data")
    return _signed_data(Reader(_explicit(content.next(0xA0))))


def _signed_data(data: Reader) -> SignedTimestamp:
    data.next(INTEGER)
    data.next(SET)
    encapsulated = Reader(data.next(SEQUENCE))
    _expect(encapsulated.any().oid(), _TIMESTAMP_INFO, "a timestamp")
    info = _explicit(encapsulated.next(0xA0))
    if info.tag != OCTETS:
        raise SignatureError("the timestamp has no content")
    embedded = data.optional(0xA0)
    data.optional(0xA1)
    signers = data.next(SET).children()
    if len(signers) != 1:
        raise SignatureError("a timestamp has one signer")
    children = [child for child in (embedded.children() if embedded else ()) if child.tag == SEQUENCE]
    if len(children) > _MOST_CERTIFICATES:
        raise SignatureError(f"the timestamp has more than {_MOST_CERTIFICATES} certificates")
    certificates = tuple(read_certificate(child.encoded, "a certificate of the timestamp") for child in children)
    moment, imprint_hash, imprint = _info(Reader(parse(info.content)))
    return _signer(Reader(signers[0]), info.content, certificates, (moment, imprint_hash, imprint))


def _info(info: Reader) -> tuple[float, str, bytes]:
    """Return the time and the imprint of a TSTInfo."""
    if info.next(INTEGER).number() != 1:
        raise SignatureError("the timestamp has another version than 1")
    info.any().oid()
    imprint = Reader(info.next(SEQUENCE))
    algorithm = _hash(imprint.next(SEQUENCE))
    digest = imprint.next(OCTETS).content
    info.next(INTEGER)
    return _moment(info.next(TIME).content), algorithm, digest


def _signer(
    signer: Reader, content: bytes, certificates: tuple[Certificate, ...], info: tuple[float, str, bytes]
) -> SignedTimestamp:
    signer.next(INTEGER)
    identifier = signer.any()
    algorithm = _hash(signer.next(SEQUENCE))
    attributes = signer.next(0xA0)
    signature_algorithm = Reader(signer.next(SEQUENCE)).any().oid()
    values = _attributes(attributes)
    _expect(_one(values, _CONTENT_TYPE).oid(), _TIMESTAMP_INFO, "a timestamp")
    digest = _one(values, _MESSAGE_DIGEST)
    if digest.tag != OCTETS or not hmac.compare_digest(digest.content, hashlib.new(algorithm, content).digest()):
        raise SignatureError("the digest in the timestamp is not that of its content")
    return SignedTimestamp(
        *info,
        certificates=certificates,
        signer=_identifier(identifier),
        # RFC 5652, section 5.4: signed as a set, although it is stored with another tag.
        signed=b"\x31" + attributes.encoded[1:],
        hash=_SIGNATURES.get(signature_algorithm, algorithm),
        signature=signer.next(OCTETS).content,
        certificate_hash=_certificate_hash(values),
    )


def _attributes(element: Element) -> dict[str, tuple[Element, ...]]:
    values: dict[str, tuple[Element, ...]] = {}
    for child in element.children():
        attribute = Reader(child)
        oid = attribute.any().oid()
        if oid in values:
            raise SignatureError(f"the timestamp has the attribute {oid} twice")
        values[oid] = attribute.next(SET).children()
    return values


def _one(values: t.Mapping[str, tuple[Element, ...]], oid: str) -> Element:
    if len(values.get(oid, ())) != 1:
        raise SignatureError(f"the timestamp does not have exactly one value of the attribute {oid}")
    return values[oid][0]


def _certificate_hash(values: t.Mapping[str, tuple[Element, ...]]) -> tuple[str, bytes] | None:
    """Return what the signer says of its certificate (RFC 5035): the hash of the first one that it names, if any.

    The older form of that attribute has SHA-1, which proves nothing.
    """
    if _SIGNING_CERTIFICATE not in values:
        return None
    identifier = Reader(Reader(Reader(_one(values, _SIGNING_CERTIFICATE)).next(SEQUENCE)).next(SEQUENCE))
    algorithm = identifier.optional(SEQUENCE)
    return _hash(algorithm) if algorithm else "sha256", identifier.next(OCTETS).content


def _identifier(element: Element) -> tuple[bytes, int] | bytes:
    if element.tag == 0x80:
        return element.content
    issuer_and_serial = Reader(element)
    return issuer_and_serial.next(SEQUENCE).encoded, issuer_and_serial.next(INTEGER).number()


def _hash(algorithm: Element) -> str:
    oid = Reader(algorithm).any().oid()
    if oid not in _HASHES:
        raise SignatureError(f"the timestamp has the hash algorithm {oid}, which is not SHA-256, SHA-384 or SHA-512")
    return _HASHES[oid]


def _explicit(element: Element) -> Element:
    return Reader(element, element.tag).any()


def _moment(text: bytes) -> float:
    match = _GENERALIZED_TIME.fullmatch(text.decode("ascii", "replace"))
    try:
        if match:
            return seconds_since_1970(match.groups()[:6], match.group(7))
    except ValueError:
        pass
    raise SignatureError("the time in the timestamp is not valid")


def _expect(oid: str, expected: str, what: str) -> None:
    if oid != expected:
        raise SignatureError(f"it does not contain {what}, but {oid}")

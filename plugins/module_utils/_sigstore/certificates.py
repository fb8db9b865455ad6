# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""X.509 certificates as values (RFC 5280, Fulcio's extensions)."""

from __future__ import annotations

import calendar
import datetime as dt
import typing as t
import warnings

from .._errors import SignatureError
from .der import texts
from .fields import quoted
from .keys import PublicKey, UnsupportedKey, from_library

CODE_SIGNING, TIME_STAMPING = "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.8"
_LARGEST = 64 * 1024
# Of critical extensions, those that we honour, or that only name the subject.
_KNOWN_CRITICAL = {"2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37"}
_CLAIMS = "1.3.6.1.4.1.57264.1."
_OTHER_NAME = "1.3.6.1.4.1.57264.1.7"


class Timestamped(t.NamedTuple):
    """A signed certificate timestamp (RFC 6962, section 3.2): which log promised when to include a certificate."""

    log: bytes
    milliseconds: int
    extensions: bytes
    signature: bytes


class Certificate(t.NamedTuple):
    """A certificate.

    `begin` and `end` are seconds since 1970, both inclusive. `purposes` are the object identifiers of the extended key
    usage, None without that extension. `identities` are the alternative names of the subject, and `claims` has
    the raw values of Fulcio's extensions by their last number. `precertificate` is what certificate logs sign.
    """

    der: bytes
    key: PublicKey
    subject: bytes
    issuer: bytes
    serial: int
    begin: float
    end: float
    is_authority: bool
    path_length: int | None
    purposes: frozenset[str] | None
    key_usage: frozenset[str] | None
    key_identifier: bytes | None
    identities: tuple[str, ...]
    claims: t.Mapping[int, bytes]
    unknown_critical: tuple[str, ...]
    timestamps: tuple[Timestamped, ...]
    precertificate: bytes
    signed: bytes
    signature: bytes
    hash: str | None

    @property
    def is_self_issued(self) -> bool:
        """Whether subject and issuer have the same name, as for a root."""
        return self.subject == self.issuer

    def is_issued_by(self, issuer: Certificate) -> bool:
        """Whether the issuer has the name and the key that this certificate was signed with."""
        if self.issuer != issuer.subject:
            return False
        hashes = (self.hash,) if self.hash else ()
        return bool(hashes or issuer.key.kind == "ed25519") and issuer.key.has_signed(
            self.signature, self.signed, hashes
        )


def certificate_from_pem(pem: bytes, name: str) -> Certificate:
    """Return the certificate of a PEM text; raises SignatureError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except (ValueError, TypeError, x509.InvalidVersion) as e:
        raise SignatureError(f"{name} is not a certificate in PEM") from e
    return read_certificate(der, name)


def read_certificate(der: bytes, name: str) -> Certificate:
    """Return the certificate in DER; raises SignatureError."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    if len(der) > _LARGEST:
        raise SignatureError(f"{name} is larger than {_LARGEST // 1024} KiB")
    try:
        with warnings.catch_warnings():
            # The library warns of what RFC 5280 does not allow, such as a negative serial number.
            warnings.simplefilter("ignore")
            return _convert(x509.load_der_x509_certificate(der), der, name)
    except (
        ValueError,
        TypeError,
        LookupError,  # for a name with values of an unknown type, from versions before 42
        OverflowError,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ) as e:
        raise SignatureError(f"{name} is not a valid certificate: {quoted(str(e))}") from e


def _convert(certificate: t.Any, der: bytes, name: str) -> Certificate:
    from cryptography import x509

    extensions = {extension.oid.dotted_string: extension for extension in certificate.extensions}
    constraints = _value(extensions, "2.5.29.19")
    purposes = _value(extensions, "2.5.29.37")
    key_identifier = _value(extensions, "2.5.29.14")
    timestamps = _timestamps(_value(extensions, "1.3.6.1.4.1.11129.2.4.2"))
    hash_algorithm = certificate.signature_hash_algorithm
    return Certificate(
        der=der,
        key=_key(certificate, f"the key of {name}"),
        subject=certificate.subject.public_bytes(),
        issuer=certificate.issuer.public_bytes(),
        serial=certificate.serial_number,
        begin=_seconds(certificate, "not_valid_before"),
        end=_seconds(certificate, "not_valid_after"),
        is_authority=bool(constraints and constraints.ca),
        path_length=constraints.path_length if constraints else None,
        purposes=None if purposes is None else frozenset(purpose.dotted_string for purpose in purposes),
        key_usage=_key_usage(_value(extensions, "2.5.29.15")),
        key_identifier=key_identifier.digest if key_identifier else None,
        identities=_identities(_value(extensions, "2.5.29.17")),
        claims={
            int(oid[len(_CLAIMS) :]): extension.value.value
            for oid, extension in extensions.items()
            if oid.startswith(_CLAIMS)
            and oid[len(_CLAIMS) :].isdigit()
            and isinstance(extension.value, x509.UnrecognizedExtension)
        },
        unknown_critical=tuple(
            oid for oid, extension in extensions.items() if extension.critical and oid not in _KNOWN_CRITICAL
        ),
        timestamps=timestamps,
        precertificate=certificate.tbs_precertificate_bytes if timestamps else b"",
        signed=certificate.tbs_certificate_bytes,
        signature=certificate.signature,
        hash=hash_algorithm.name if hash_algorithm else None,
    )


def _key(certificate: t.Any, name: str) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise UnsupportedKey(f"{name} is not a public key in a known form") from e
    return from_library(key, name)


def _value(extensions: t.Mapping[str, t.Any], oid: str) -> t.Any:
    return extensions[oid].value if oid in extensions else None


def _seconds(certificate: t.Any, attribute: str) -> float:
    """Versions of `cryptography` before 42 have only times without a zone."""
    moment = getattr(certificate, f"{attribute}_utc", None) or getattr(certificate, attribute)
    return t.cast("float", moment.replace(tzinfo=dt.timezone.utc).timestamp())


def _key_usage(usage: t.Any) -> frozenset[str] | None:
    if usage is None:
        return None
    return frozenset(name for name in ("digital_signature", "key_cert_sign") if getattr(usage, name))


def _identities(names: t.Any) -> tuple[str, ...]:
    """Return addresses, mail addresses and Fulcio's user names; an empty text for a name of another kind."""
    from cryptography import x509

    identities = []
    for name in names or ():
        if isinstance(name, (x509.UniformResourceIdentifier, x509.RFC822Name)):
            identities.append(name.value)
        elif isinstance(name, x509.OtherName) and name.type_id.dotted_string == _OTHER_NAME:
            identities.append(next(texts(name.value), ""))
        else:
            identities.append("")
    return tuple(identities)


def _timestamps(values: t.Any) -> tuple[Timestamped, ...]:
    return tuple(
        Timestamped(
            log=value.log_id,
            milliseconds=calendar.timegm(value.timestamp.timetuple()) * 1000 + value.timestamp.microsecond // 1000,
            extensions=value.extension_bytes,
            signature=value.signature,
        )
        for value in values or ()
    )

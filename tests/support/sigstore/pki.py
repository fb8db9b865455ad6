# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fulcio: an authority that issues certificates for moments, to whom an identity names."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from dataclasses import dataclass
from typing import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .ct_log import SCT_LIST, Stamp, sct_list
from .identities import Identity
from .keys import Key, key
from .moments import Span, seconds

CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING
TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH

UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.57264.99.1"), b"\x05\x00")


@dataclass(frozen=True)
class Holder:
    """Who signs: a key, and the certificate with its chain that vouches for the key, if there is one."""

    key: Key
    certificate: x509.Certificate | None = None
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        """The certificate; the public key, if there is none."""
        return raw(self.certificate) if self.certificate else self.key.spki

    @property
    def pem(self) -> bytes:
        """The same as PEM."""
        return pem(self.certificate) if self.certificate else self.key.pem


class Authority:
    """A root, and below it an intermediate authority that issues, or without one the root itself."""

    def __init__(
        self,
        name: str,
        valid: Span,
        intermediate: bool = True,
        *,
        usages: Sequence[x509.ObjectIdentifier] | None = (CODE_SIGNING,),
        kind: str = "p384",
        issuer_valid: Span | None = None,
    ) -> None:
        """`usages` are those of the intermediate; `issuer_valid` is its own validity if it differs."""
        self.name = name
        self.valid = valid
        self._root_key = self._key = key(f"{name} root", kind)
        self.root = _kept(
            (x509_name(name), self._root_key), (x509_name(name), self._root_key), valid, _for_authority(None, None)
        )
        self.issuer = self.root
        if intermediate:
            self._key = key(f"{name} intermediate", kind)
            subject = x509_name(name, f"{name}-intermediate")
            self.issuer = _kept(
                (subject, self._key),
                (self.root.subject, self._root_key),
                issuer_valid or valid,
                _for_authority(usages, 0),
            )

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """From the certificate that issues up to the root."""
        return (self.root,) if self.issuer is self.root else (self.issuer, self.root)

    def issue(
        self,
        holder: Key,
        identity: Identity,
        moment: dt.datetime,
        stamps: Sequence[Stamp] = (),
        *,
        lifetime: float = 600,
        usages: Sequence[x509.ObjectIdentifier] | None = (CODE_SIGNING,),
        digital_signature: bool = True,
        authority: bool = False,
        extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
    ) -> Holder:
        """A certificate for a key, from a moment on, with an SCT by each of the stamps.

        Everything behind the stamps is for certificates that a verifier has to refuse: `usages` may be others or none,
        `authority` makes it one, `extra` are more extensions, each with whether it is critical.
        """
        usage = key_usage(digital_signature=digital_signature, authority=authority)
        extensions: list[tuple[x509.ExtensionType, bool]] = [(usage, True)]
        if usages is not None:
            extensions.append((x509.ExtendedKeyUsage(usages), False))
        if authority:
            extensions.append((x509.BasicConstraints(ca=True, path_length=None), True))
        if identity.names:
            extensions.append((x509.SubjectAlternativeName(identity.names), True))
        extensions += [(extension, False) for extension in identity.extensions]
        span = Span(moment, moment + seconds(lifetime))
        return self.certify(x509.Name([]), holder, span, [*extensions, *extra], stamps)

    def certify(
        self,
        subject: x509.Name,
        holder: Key,
        span: Span,
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
        stamps: Sequence[Stamp] = (),
    ) -> Holder:
        """Any certificate by this authority."""
        issuer = (self.issuer.subject, self._key)
        certificate = _kept((subject, holder), issuer, span, tuple(extensions))
        if stamps:
            # The log signs what the certificate says without its SCTs, whose extension comes last.
            scts = [make(certificate.tbs_certificate_bytes, self._key.spki) for make in stamps]
            promised = x509.UnrecognizedExtension(x509.ObjectIdentifier(SCT_LIST), sct_list(scts))
            certificate = _certificate((subject, holder), issuer, span, (*extensions, (promised, False)))
        return Holder(holder, certificate, self.chain)


def raw(certificate: x509.Certificate) -> bytes:
    """A certificate as DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates as PEM."""
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates)


def x509_name(organization: str, common: str = "") -> x509.Name:
    """The name of an authority."""
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common or organization)])


def key_usage(digital_signature: bool, authority: bool) -> x509.KeyUsage:
    """What a key may do: sign data, or sign certificates, or both."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=not digital_signature and not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _for_authority(
    usages: Sequence[x509.ObjectIdentifier] | None, path_length: int | None
) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (key_usage(digital_signature=False, authority=True), True),
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
    ]
    return (*extensions, *([(x509.ExtendedKeyUsage(usages), False)] if usages else []))


def _certificate(
    subject: tuple[x509.Name, Key],
    issuer: tuple[x509.Name, Key],
    span: Span,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...],
) -> x509.Certificate:
    """A certificate; the same input gives the same content, apart from the signature."""
    (name, holder), (issuer_name, issuer_key) = subject, issuer
    assert span.end is not None
    public, above = holder.private.public_key(), issuer_key.private.public_key()
    seed = repr((name, holder.spki, issuer_name, span)).encode()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer_name)
        .public_key(public)
        .serial_number(int.from_bytes(b"\x01" + hashlib.sha256(seed).digest()[:18], "big"))
        .not_valid_before(span.start)
        .not_valid_after(span.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    is_edwards = isinstance(issuer_key.private, ed25519.Ed25519PrivateKey)
    return builder.sign(issuer_key.private, None if is_edwards else issuer_key.algorithm)


# Signatures differ each time: so an instance of the same name has the very same certificates, within one process.
_kept = functools.lru_cache(maxsize=None)(_certificate)

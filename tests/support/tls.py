# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate authority for tests, and contexts for servers that it vouches for."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path
from typing import Any, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

_ENCODING = serialization.Encoding.PEM
_DAYS = (-1.0, 30.0)


class Authority:
    """Issues certificates for localhost and one address; everything is written into one directory."""

    def __init__(self, directory: Path, address: str = "127.0.0.1") -> None:
        """Make the authority and write its certificate, `ca.pem`."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.ca_file = directory / "ca.pem"
        self._key = _new_key()
        self._names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(address))]
        self._name = _name("localai.core test authority")
        certificate = _certificate(self._name, self._key.public_key(), (self._name, self._key), _DAYS, None)
        self.ca_file.write_bytes(certificate.public_bytes(_ENCODING))

    def issue(
        self, name: str, days: tuple[float, float] = _DAYS, names: tuple[str, ...] = (), self_signed: bool = False
    ) -> tuple[Path, Path]:
        """The files of a new certificate and its key; good for servers and for clients.

        It is valid from and until so many days from now, for localhost and one address or for these `names`.
        """
        key = _new_key()
        issuer = (_name(name), key) if self_signed else (self._name, self._key)
        certificate = _certificate(
            _name(name), key.public_key(), issuer, days, [*map(x509.DNSName, names)] or self._names
        )
        cert_file, key_file = self.directory / (name + ".pem"), self.directory / (name + ".key")
        cert_file.write_bytes(certificate.public_bytes(_ENCODING))
        key_file.write_bytes(
            key.private_bytes(_ENCODING, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return cert_file, key_file

    def server_context(
        self, name: str = "server", client_certificates: bool = False, **certificate: Any
    ) -> ssl.SSLContext:
        """A context for a server with a new certificate; on request it demands a certificate of the client."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, **certificate))
        if client_certificates:
            context.load_verify_locations(self.ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _certificate(
    subject: x509.Name,
    key: rsa.RSAPublicKey,
    issuer: tuple[x509.Name, rsa.RSAPrivateKey],
    days: tuple[float, float],
    names: Sequence[x509.GeneralName] | None,
) -> x509.Certificate:
    """A certificate that is valid from and until so many days from now; one of an authority without names."""
    now, (issuer_name, issuer_key) = dt.datetime.now(dt.timezone.utc), issuer
    own = issuer_key.public_key()
    builder = x509.CertificateBuilder(issuer_name, subject, key, x509.random_serial_number())
    builder = builder.not_valid_before(now + dt.timedelta(days=days[0]))
    builder = builder.not_valid_after(now + dt.timedelta(days=days[1]))
    builder = builder.add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
    builder = builder.add_extension(_usage(authority=names is None), critical=True)
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_encipherment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

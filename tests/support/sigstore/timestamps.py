# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A timestamp authority: it answers with tokens of RFC 3161, and with answers that a verifier has to refuse."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, Sequence

from cryptography import x509

from . import der
from .content import b64
from .keys import key
from .moments import Span
from .pki import TIME_STAMPING, Authority, key_usage, raw, x509_name

SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
_POLICY = "1.3.6.1.4.1.57264.2"
_HASHES = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_ECDSA = {"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3", "sha512": "1.2.840.10045.4.3.4"}


class TimestampAuthority:
    """An authority of its own, and the certificate that it gave to the one who signs tokens."""

    def __init__(
        self,
        name: str,
        valid: Span,
        *,
        usages: Sequence[x509.ObjectIdentifier] = (TIME_STAMPING,),
        intermediate: bool = False,
        signer_valid: Span | None = None,
        kind: str = "p384",
    ) -> None:
        """`signer_valid` is the validity of the certificate that signs tokens, if it differs."""
        self.name = name
        self.valid = valid
        self._authority = Authority(f"{name}-tsa", valid, intermediate, usages=(TIME_STAMPING,))
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (key_usage(digital_signature=True, authority=False), True),
            (x509.ExtendedKeyUsage(usages), True),
        ]
        self._holder = self._authority.certify(
            x509_name(name, f"{name}-tsa"), key(f"{name} tsa", kind), signer_valid or valid, extensions
        )
        assert self._holder.certificate is not None
        self.certificate = self._holder.certificate
        self.chain = (self.certificate, *self._authority.chain)

    def answer(
        self,
        content: bytes,
        moment: dt.datetime,
        *,
        embedded: bool = True,
        hash_name: str = "sha256",
        status: int = 0,
        signed_hash: str = "sha256",
        corrupt: bool = False,
    ) -> bytes:
        """A TimeStampResp for some bytes, which are a signature in bundles.

        `embedded` puts the certificate into it, `hash_name` is that of the imprint, `signed_hash` that of the
        signature; another `status` than 0 refuses, and there is no token then.
        """
        granted = der.sequence(der.integer(status))
        if status > 1:
            return der.sequence(granted)
        info = self._info(content, moment, hash_name)
        certificates = [der.context(0, raw(self.certificate))] if embedded else []
        signed_data = der.sequence(
            der.integer(3),
            der.set_of(_algorithm(_HASHES[signed_hash])),
            der.sequence(der.oid(TST_INFO), der.context(0, der.octets(info))),
            *certificates,
            der.set_of(self._signer_info(info, moment, signed_hash, corrupt)),
        )
        return der.sequence(granted, der.sequence(der.oid(SIGNED_DATA), der.context(0, signed_data)))

    @property
    def json(self) -> dict[str, Any]:
        """The authority in a trusted root."""
        root = self.chain[-1]
        return authority_json(
            self.name, f"https://timestamp.{self.name}/api/v1/timestamp", root, self.chain, self.valid
        )

    def _info(self, content: bytes, moment: dt.datetime, hash_name: str) -> bytes:
        imprint = hashlib.new(hash_name, content).digest()
        name = self.certificate.subject.public_bytes()
        return der.sequence(
            der.integer(1),
            der.oid(_POLICY),
            der.sequence(_algorithm(_HASHES[hash_name], der.NULL), der.octets(imprint)),
            der.integer(int.from_bytes(hashlib.sha256(imprint).digest()[:19], "big")),
            der.generalized_time(moment),
            der.sequence(der.integer(1)),  # exact to a second
            der.integer(int.from_bytes(imprint[:8], "big")),  # the nonce
            der.context(0, der.context(4, name)),
        )

    def _signer_info(self, info: bytes, moment: dt.datetime, hash_name: str, corrupt: bool) -> bytes:
        issuer = self.certificate.issuer.public_bytes()
        serial = der.integer(self.certificate.serial_number)
        identifier = der.sequence(der.sequence(der.context(4, issuer)), serial)
        certificate_id = der.sequence(der.octets(hashlib.sha256(raw(self.certificate)).digest()), identifier)
        attributes = der.set_of(
            _attribute(_CONTENT_TYPE, der.oid(TST_INFO)),
            _attribute(_SIGNING_TIME, der.utc_time(moment)),
            _attribute(_MESSAGE_DIGEST, der.octets(hashlib.new(hash_name, info).digest())),
            _attribute(_SIGNING_CERTIFICATE, der.sequence(der.sequence(certificate_id))),
        )
        signer = key(f"{self.name} tsa", self._holder.key.kind, hash_name)
        signature = signer.sign(attributes)
        if corrupt:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        return der.sequence(
            der.integer(1),
            der.sequence(issuer, serial),
            _algorithm(_HASHES[hash_name]),
            der.retagged(0, attributes),
            _algorithm(_ECDSA[hash_name]),
            der.octets(signature),
        )


def authority_json(
    name: str, uri: str, root: x509.Certificate, chain: Sequence[x509.Certificate], valid: Span
) -> dict[str, Any]:
    """An authority of any kind in a trusted root."""
    common = root.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    return {
        "subject": {"organization": name, "commonName": common},
        "uri": uri,
        "certChain": {"certificates": [{"rawBytes": b64(raw(certificate))} for certificate in chain]},
        "validFor": valid.json,
    }


def _algorithm(dotted: str, *parameters: bytes) -> bytes:
    return der.sequence(der.oid(dotted), *parameters)


def _attribute(dotted: str, value: bytes) -> bytes:
    return der.sequence(der.oid(dotted), der.set_of(value))

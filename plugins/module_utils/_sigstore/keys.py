# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Public keys and what they signed."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass, field

from .._errors import SignatureError

SMALLEST_RSA = 2048
HASHES = ("sha256", "sha384", "sha512")
# Sigstore's algorithm registry; older clients used SHA-256 with every curve.
_CURVES = {"secp256r1": ("sha256",), "secp384r1": ("sha384", "sha256"), "secp521r1": ("sha512", "sha256")}


class UnsupportedKey(SignatureError):
    """A key, or a certificate, of a kind that this collection or this version of `cryptography` does not know."""


@dataclass(frozen=True)
class PublicKey:
    """A public key: its SubjectPublicKeyInfo in DER, and the hash algorithms that its signatures may have.

    `hashes` is empty for Ed25519, which hashes by itself.
    """

    spki: bytes
    kind: t.Literal["ecdsa", "rsa", "ed25519"]
    hashes: tuple[str, ...]
    _key: t.Any = field(repr=False, compare=False)

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the key: the identifier of a log (RFC 6962, section 3.2)."""
        return hashlib.sha256(self.spki).digest()

    def has_signed(self, signature: bytes, message: bytes, hashes: tuple[str, ...] = ()) -> bool:
        """Whether the signature of the message is valid with one of the hash algorithms."""
        if self.kind == "ed25519":
            return self._is_valid(signature, message)
        return any(
            name in HASHES and self.has_signed_digest(signature, hashlib.new(name, message).digest(), name)
            for name in hashes or self.hashes
        )

    def has_signed_digest(self, signature: bytes, digest: bytes, algorithm: str) -> bool:
        """Whether the signature of a message with that digest is valid. Ed25519 needs the message itself."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

        if algorithm not in HASHES or self.kind == "ed25519":
            return False
        prehashed = utils.Prehashed(getattr(hashes, algorithm.upper())())
        if self.kind == "ecdsa":
            return self._is_valid(signature, digest, ec.ECDSA(prehashed))
        return self._is_valid(signature, digest, padding.PKCS1v15(), prehashed)

    def _is_valid(self, signature: bytes, *arguments: t.Any) -> bool:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

        try:
            self._key.verify(signature, *arguments)
        # ValueError: a digest or a signature of a length that cannot be.
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True


def key_from_der(der: bytes, name: str) -> PublicKey:
    """Return the key of a SubjectPublicKeyInfo or of a PKCS #1 RSAPublicKey; raises SignatureError."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    return _load(load_der_public_key, der, name)


def key_from_pem(pem: bytes, name: str) -> PublicKey:
    """Return the key of a PEM file; raises SignatureError."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    return _load(load_pem_public_key, pem, name)


def _load(load: t.Callable[[bytes], t.Any], content: bytes, name: str) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return from_library(load(content), name)
    except UnsupportedAlgorithm as e:
        raise UnsupportedKey(f"{name} is a key of a kind that is not known") from e
    except (ValueError, TypeError) as e:
        raise SignatureError(f"{name} is not a public key in a known form") from e


def from_library(key: t.Any, name: str) -> PublicKey:
    """Return a key of `cryptography` as ours; raises UnsupportedKey if it is of a kind that Sigstore does not use."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        kind, hashes = "ecdsa", _CURVES[key.curve.name]
    elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA:
        kind, hashes = "rsa", ("sha256", "sha384", "sha512")
    elif isinstance(key, ed25519.Ed25519PublicKey):
        kind, hashes = "ed25519", ()
    else:
        raise UnsupportedKey(
            f"{name} is a key of a kind that is not supported. Supported are ECDSA with P-256, P-384 and P-521, RSA"
            f" from {SMALLEST_RSA} bits, and Ed25519"
        )
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(spki, t.cast("t.Any", kind), hashes, key)

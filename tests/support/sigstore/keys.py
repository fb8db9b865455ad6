# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that sign. The same name gives the same key, except for RSA, whose keys are kept for the life of the process."""

from __future__ import annotations

import functools
import hashlib
from typing import Union

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

KINDS = ("p256", "p384", "p521", "ed25519", "rsa2048", "rsa4096")

Private = Union[ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, rsa.RSAPrivateKey]
_Curve = Union[ec.SECP256R1, ec.SECP384R1, ec.SECP521R1]

_CURVES: dict[str, _Curve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
_HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
# The hash that goes with a kind, and the name of both together in Sigstore's registry of algorithms.
_DETAILS = {
    "p256": ("sha256", "PKIX_ECDSA_P256_SHA_256"),
    "p384": ("sha384", "PKIX_ECDSA_P384_SHA_384"),
    "p521": ("sha512", "PKIX_ECDSA_P521_SHA_512"),
    "ed25519": ("sha512", "PKIX_ED25519"),
    "rsa2048": ("sha256", "PKIX_RSA_PKCS1V15_2048_SHA256"),
    "rsa4096": ("sha256", "PKIX_RSA_PKCS1V15_4096_SHA256"),
}
HASH_NAMES = {"sha256": "SHA2_256", "sha384": "SHA2_384", "sha512": "SHA2_512"}  # in bundles and in Rekor v2


class Key:
    """A private key, and the hash with which it signs."""

    def __init__(self, private: Private, kind: str, hash_name: str = "") -> None:
        """Without a name the hash is the usual one of that kind; cosign 2 took SHA-256 with every curve."""
        self.private = private
        self.kind = kind
        usual, self.details = _DETAILS[kind]
        self.hash_name = hash_name or usual

    @property
    def algorithm(self) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
        """The hash, for `cryptography`."""
        return _HASHES[self.hash_name]

    @property
    def spki(self) -> bytes:
        """The public key as DER (SubjectPublicKeyInfo)."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def pem(self) -> bytes:
        """The public key as PEM."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def fingerprint(self) -> bytes:
        """The SHA-256 of the public key, by which logs and hints name it."""
        return hashlib.sha256(self.spki).digest()

    def digest(self, content: bytes) -> bytes:
        """What the hash of this key makes of some bytes."""
        return hashlib.new(self.hash_name, content).digest()

    def sign(self, content: bytes) -> bytes:
        """The signature over some bytes; over their hash, except for Ed25519."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(content, ec.ECDSA(self.algorithm))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(content, padding.PKCS1v15(), self.algorithm)
        return self.private.sign(content)


@functools.lru_cache(maxsize=None)
def key(name: str, kind: str = "p256", hash_name: str = "") -> Key:
    """The key of that name; `kind` is one of `KINDS`."""
    return Key(_private(name, kind), kind, hash_name)


@functools.lru_cache(maxsize=None)
def _private(name: str, kind: str) -> Private:
    seed = hashlib.sha512(f"{kind} {name}".encode()).digest()
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(seed[:32])
    if kind in _CURVES:
        curve = _CURVES[kind]
        # One byte less than the curve has, so that the number is below its order.
        return ec.derive_private_key(int.from_bytes(seed[: curve.key_size // 8 - 1], "big"), curve)
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of all kinds that Sigstore uses, and the hash algorithms that their signatures may have."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa, x25519
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.keys import key_from_der, key_from_pem
from ansible_collections.localai.core.tests.support.hostile import damaged, hostile
from ansible_collections.localai.core.tests.support.sigstore.keys import key

MESSAGE = b"message"
# The kind, the hashes that a signature may have, and those that it may not have although the key could.
KINDS = [
    ("p256", ["sha256"], ["sha384", "sha512"]),
    ("p384", ["sha384", "sha256"], ["sha512"]),
    ("p521", ["sha512", "sha256"], ["sha384"]),
    ("rsa2048", ["sha256", "sha384", "sha512"], []),
    ("ed25519", [""], []),
]


@pytest.mark.parametrize(("kind", "good", "other"), KINDS)
def test_signatures_of_each_kind_of_key(kind, good, other):
    public = key_from_pem(key("keys", kind).pem, "the key")
    assert public == key_from_der(key("keys", kind).spki, "the key")
    assert public.fingerprint == key("keys", kind).fingerprint
    for name in good:
        signature = key("keys", kind, name).sign(MESSAGE)
        assert public.has_signed(signature, MESSAGE)
        assert not public.has_signed(signature, MESSAGE + b"x")
        assert not public.has_signed(signature[:-1] + bytes([signature[-1] ^ 1]), MESSAGE)
        assert not public.has_signed(b"", MESSAGE)
    for name in other:
        signature = key("keys", kind, name).sign(MESSAGE)
        assert not public.has_signed(signature, MESSAGE)
        # Certificates say which hash their signature has.
        assert public.has_signed(signature, MESSAGE, (name,))
    another = key_from_der(key("another", kind).spki, "the key")
    assert not another.has_signed(key("keys", kind).sign(MESSAGE), MESSAGE)


@pytest.mark.parametrize(("kind", "good", "other"), KINDS[:4])
def test_a_digest_is_enough_where_it_is_signed(kind, good, other):
    public = key_from_der(key("keys", kind).spki, "the key")
    for name in [*good, *other]:
        digest, signature = hashlib.new(name, MESSAGE).digest(), key("keys", kind, name).sign(MESSAGE)
        assert public.has_signed_digest(signature, digest, name)
        assert not public.has_signed_digest(signature, digest[:-1], name)
        assert not public.has_signed_digest(signature, digest, "sha1")


def test_a_digest_is_not_enough_for_ed25519():
    public = key_from_der(key("keys", "ed25519").spki, "the key")
    digest = hashlib.sha512(MESSAGE).digest()
    assert not public.has_signed_digest(key("keys", "ed25519").sign(digest), digest, "sha512")
    assert public.hashes == ()


@pytest.mark.parametrize("name", ["sha1", "md5", "sha224", "sha3-256", "", "no-such-hash"])
def test_other_hashes_prove_nothing(name):
    public = key_from_der(key("keys", "rsa2048").spki, "the key")
    assert not public.has_signed(key("keys", "rsa2048").sign(MESSAGE), MESSAGE, (name,))


def test_rsa_keys_may_have_the_form_of_pkcs_1():
    public = key("keys", "rsa2048").private.public_key()
    for encoding, load in ((serialization.Encoding.DER, key_from_der), (serialization.Encoding.PEM, key_from_pem)):
        found = load(public.public_bytes(encoding, serialization.PublicFormat.PKCS1), "the key")
        assert found.spki == key("keys", "rsa2048").spki


def small_rsa():
    return rsa.generate_private_key(65537, 1024)


@pytest.mark.parametrize(
    "make",
    [
        small_rsa,
        lambda: ec.derive_private_key(7, ec.SECP256K1()),
        lambda: ec.derive_private_key(7, ec.SECP224R1()),
        x25519.X25519PrivateKey.generate,
        ed448.Ed448PrivateKey.generate,
        lambda: dsa.generate_private_key(1024),
    ],
)
def test_keys_of_other_kinds_are_refused(make):
    spki = make().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(SignatureError, match=r"the key is a key of a kind that is not supported. Supported are ECDSA"):
        key_from_der(spki, "the key")


P256 = key("keys").spki


@pytest.mark.parametrize("der", [b"", b"\x30\0", P256[:-1], P256[:-1] + bytes([P256[-1] ^ 1]), b"x" * 100])
def test_damaged_keys_are_refused(der):
    with pytest.raises(SignatureError, match="the key is not a public key in a known form"):
        key_from_der(der, "the key")


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        key("keys").pem[:-5],
        key("keys").pem.replace(b"PUBLIC", b"SECRET"),
        key("keys").pem.replace(b"M", b"\xff", 1),
        P256,
    ],
)
def test_damaged_pem_is_refused(pem):
    with pytest.raises(SignatureError, match="the key is not a public key in a known form"):
        key_from_pem(pem, "the key")


@given(st.sampled_from([kind for kind, _good, _other in KINDS]).flatmap(lambda kind: damaged(key("keys", kind).spki)))
@hostile
def test_any_bytes_are_a_key_or_refused(der):
    try:
        public = key_from_der(der, "the key")
    except SignatureError:
        return
    assert not public.has_signed(b"x" * 64, MESSAGE)


@given(damaged(key("keys").pem))
@hostile
def test_any_text_is_a_key_or_refused(pem):
    with contextlib.suppress(SignatureError):
        assert key_from_pem(pem, "the key").kind

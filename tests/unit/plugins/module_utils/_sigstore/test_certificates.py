# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates as values: what is read, and which ones are not valid."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed448
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.certificates import (
    CODE_SIGNING,
    TIME_STAMPING,
    certificate_from_pem,
    read_certificate,
)
from ansible_collections.localai.core.tests.support.hostile import damaged, hostile
from ansible_collections.localai.core.tests.support.sigstore import der, pki
from ansible_collections.localai.core.tests.support.sigstore.identities import Identity, person, workflow
from ansible_collections.localai.core.tests.support.sigstore.instance import Instance
from ansible_collections.localai.core.tests.support.sigstore.keys import Key, key
from ansible_collections.localai.core.tests.support.sigstore.moments import around, days

USER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


def read(holder):
    return read_certificate(holder.der, "the certificate")


def test_a_signers_certificate_is_read(sigstore):
    holder = sigstore.certificate()
    leaf = read(holder)
    assert leaf == certificate_from_pem(holder.pem, "the certificate")
    assert leaf.key.spki == holder.key.spki
    assert (leaf.subject, leaf.issuer) == (b"\x30\0", holder.chain[0].subject.public_bytes())
    assert leaf.serial == holder.certificate.serial_number
    assert (leaf.begin, leaf.end) == (sigstore.now.timestamp(), sigstore.now.timestamp() + 600)
    assert (leaf.is_authority, leaf.path_length, leaf.is_self_issued) == (False, None, False)
    assert leaf.purposes == {CODE_SIGNING}
    assert leaf.key_usage == {"digital_signature"}
    assert leaf.identities == (workflow().uri,)
    assert leaf.claims[8] == der.utf8("https://token.actions.githubusercontent.com")
    assert leaf.claims[1] == b"https://token.actions.githubusercontent.com"
    assert leaf.unknown_critical == ()
    assert leaf.hash == "sha384"
    (timestamp,) = leaf.timestamps
    assert timestamp.log == sigstore.ct_log.key.fingerprint
    assert timestamp.milliseconds == sigstore.now.timestamp() * 1000
    assert b"\x06\x0a\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02" not in leaf.precertificate


def test_certificates_of_authorities_are_read(sigstore):
    issuer, root = (read_certificate(pki.raw(item), "x") for item in sigstore.fulcio.chain)
    assert (issuer.is_authority, issuer.path_length, issuer.is_self_issued) == (True, 0, False)
    assert (root.is_authority, root.path_length, root.is_self_issued, root.purposes) == (True, None, True, None)
    assert issuer.key_usage == root.key_usage == {"key_cert_sign"}
    assert (
        issuer.key_identifier == x509.SubjectKeyIdentifier.from_public_key(sigstore.fulcio.issuer.public_key()).digest
    )
    assert (issuer.timestamps, issuer.precertificate, issuer.identities) == ((), b"", ())


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "rsa2048", "ed25519"])
def test_keys_of_all_kinds_have_certificates_and_issue_them(kind):
    authority = pki.Authority("some authority", around(), kind=kind)
    leaf = read(authority.issue(key("some signer", kind), workflow(), Instance().now))
    issuer, root = (read_certificate(pki.raw(item), "x") for item in authority.chain)
    assert leaf.key.spki == key("some signer", kind).spki
    assert leaf.is_issued_by(issuer)
    assert issuer.is_issued_by(root)
    assert root.is_issued_by(root)
    assert not leaf.is_issued_by(root)
    another = pki.Authority("some authority", around(), kind="p256" if kind != "p256" else "p384")
    assert not leaf.is_issued_by(read_certificate(pki.raw(another.issuer), "x"))


@pytest.mark.parametrize(
    ("identity", "extra", "names"),
    [
        (person("me@example.org"), [], ("me@example.org",)),
        (workflow().named(), [], ()),
        (workflow().named("https://a", "b@example.org"), [], ("https://a", "b@example.org")),
        (Identity(), [x509.OtherName(USER, der.utf8("user!example.org"))], ("user!example.org",)),
        (Identity(), [x509.OtherName(USER, der.octets(b"user"))], ("",)),
        (Identity(), [x509.OtherName(x509.ObjectIdentifier("1.2.3"), der.utf8("user"))], ("",)),
        (Identity(), [x509.DNSName("example.org"), x509.UniformResourceIdentifier("https://a")], ("", "https://a")),
    ],
)
def test_alternative_names_are_identities(sigstore, identity, extra, names):
    extensions = [(x509.SubjectAlternativeName(extra), True)] if extra else []
    assert read(sigstore.certificate(identity, extra=extensions)).identities == names


def test_critical_extensions_are_known_or_not(sigstore):
    leaf = read(sigstore.certificate(usages=[pki.SERVER_AUTH, pki.TIME_STAMPING], extra=[(pki.UNKNOWN, True)]))
    assert leaf.unknown_critical == ("1.3.6.1.4.1.57264.99.1",)
    assert leaf.purposes == {TIME_STAMPING, "1.3.6.1.5.5.7.3.1"}
    assert read(sigstore.certificate(extra=[(pki.UNKNOWN, False)])).unknown_critical == ()
    # A critical name constraint would have to be honoured.
    constraint = x509.NameConstraints([x509.DNSName("example.org")], None)
    assert read(sigstore.certificate(extra=[(constraint, True)])).unknown_critical == ("2.5.29.30",)


def test_a_certificate_without_extensions_is_read(sigstore):
    leaf = read(sigstore.certificate(Identity(), usages=None, digital_signature=False, stamps=[]))
    assert (leaf.purposes, leaf.key_usage, leaf.timestamps, leaf.identities) == (None, frozenset(), (), ())
    plain = read(sigstore.fulcio.certify(pki.x509_name("x"), key("x"), around(), []))
    assert (plain.purposes, plain.key_usage, plain.is_authority) == (None, None, False)


def late_promise(tbs, issuer):
    """A promise that was made in a year that no calendar has."""
    return b"\0" + hashlib.sha256(issuer).digest() + b"\x7f" + bytes(7) + b"\0\0\x04\x03\0\x01x"


GOOD = Instance().certificate().der


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (lambda: b"", "the certificate is not a valid certificate"),
        (lambda: GOOD[:-1], "the certificate is not a valid certificate"),
        (lambda: GOOD + b"\0", "the certificate is not a valid certificate"),
        (lambda: b"\x30\x84\0\1\0\0" + b"x" * 65536, "the certificate is larger than 64 KiB"),
        (lambda: GOOD.replace(b"\xa0\3\2\1\2", b"\xa0\3\2\1\5", 1), "the certificate is not a valid certificate"),
        # One of the claims becomes another one that is there already.
        (
            lambda: GOOD.replace(b"\x83\xbf\x30\1\4", b"\x83\xbf\x30\1\5", 1),
            "the certificate is not a valid certificate: .*uplicate",
        ),
        (
            lambda: Instance().certificate(stamps=[late_promise]).der,
            "the certificate is not a valid certificate",
        ),
    ],
)
def test_what_is_not_a_valid_certificate_is_refused(content, problem):
    with pytest.raises(SignatureError, match=problem) as refused:
        read_certificate(content(), "the certificate")
    assert str(refused.value).isprintable()


def test_a_certificate_that_the_library_warns_of_is_read_or_refused():
    """A negative serial number, and a name with a value of an unknown type (warnings are errors in tests)."""
    serial = GOOD.index(b"\xa0\3\2\1\2\x02") + 7
    assert read_certificate(GOOD[:serial] + b"\x81" + GOOD[serial + 1 :], "the certificate").serial < 0
    value = GOOD.index(b"\x0c\x0dsigstore.test")
    country = GOOD[: value - 1] + b"\x06" + GOOD[value:]
    assert read_certificate(country, "the certificate").issuer
    strange = GOOD[:value] + b"\x05" + GOOD[value + 1 :]
    with contextlib.suppress(SignatureError):
        assert read_certificate(strange, "the certificate").issuer


def test_only_claims_with_one_number_are_read(sigstore):
    known, unknown = (x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{end}") for end in ("99", "8.1"))
    extra = [(x509.UnrecognizedExtension(oid, der.utf8("x")), False) for oid in (known, unknown)]
    assert read(sigstore.certificate(extra=extra)).claims == {**read(sigstore.certificate()).claims, 99: der.utf8("x")}


def test_keys_of_other_kinds_are_refused(sigstore):
    other = Key(ed448.Ed448PrivateKey.generate(), "ed25519")
    with pytest.raises(SignatureError, match="the key of the certificate is a key of a kind that is not supported"):
        read(sigstore.fulcio.issue(other, workflow(), sigstore.now))


@pytest.mark.parametrize(
    "pem", [b"", b"x", key("x").pem, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_not_pem_is_refused(pem):
    with pytest.raises(SignatureError, match="the certificate is not a certificate in PEM"):
        certificate_from_pem(pem, "the certificate")


@given(
    st.sampled_from(
        [
            GOOD,
            Instance().certificate(person(), kind="ed25519").der,
            pki.raw(Instance().fulcio.root),
            Instance().certificate(moment=Instance().now - days(5), extra=[(pki.UNKNOWN, True)]).der,
        ]
    ).flatmap(damaged)
)
@hostile
def test_any_bytes_are_a_certificate_or_refused(content):
    try:
        certificate = read_certificate(content, "the certificate")
    except SignatureError as e:
        message = str(e)
        assert len(message) < 400
        return
    assert not certificate.is_issued_by(certificate) or certificate.is_authority

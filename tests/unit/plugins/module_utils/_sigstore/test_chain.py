# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certification paths: which certificates an authority vouches for, at which time and for which purpose."""

from __future__ import annotations

import pytest
from cryptography import x509

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.certificates import (
    CODE_SIGNING,
    TIME_STAMPING,
    read_certificate,
)
from ansible_collections.localai.core.plugins.module_utils._sigstore.chain import issuer_of
from ansible_collections.localai.core.plugins.module_utils._sigstore.periods import Period
from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import Authority
from ansible_collections.localai.core.tests.support.sigstore import pki
from ansible_collections.localai.core.tests.support.sigstore.identities import workflow
from ansible_collections.localai.core.tests.support.sigstore.keys import key
from ansible_collections.localai.core.tests.support.sigstore.moments import NOW, Span, around, days, seconds

MOMENT = NOW.timestamp() + 3
ALWAYS = Period(0)


def read(certificate):
    return read_certificate(pki.raw(certificate), "a certificate")


def trusted(chain, valid=ALWAYS):
    return Authority(tuple(map(read, chain)), valid)


def leaf_of(issuing, moment=NOW, kind="p256", **changes):
    return read(issuing.issue(key("signer", kind), workflow(), moment, **changes).certificate)


def check(leaf, *authorities, moments=(MOMENT,), purpose=CODE_SIGNING):
    return issuer_of(leaf, authorities, moments, purpose, "the certificate")


FULCIO = pki.Authority("fulcio", around())
GOOD = leaf_of(FULCIO)


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "rsa2048", "ed25519"])
@pytest.mark.parametrize("intermediate", [True, False])
def test_the_issuer_is_found(kind, intermediate):
    authority = pki.Authority("some", around(), intermediate, kind=kind)
    assert check(leaf_of(authority, kind=kind), trusted(authority.chain)) == read(authority.issuer)


@pytest.mark.parametrize(
    "authorities",
    [
        [trusted(reversed(FULCIO.chain))],
        [trusted(FULCIO.chain[:1])],  # an intermediate authority may be trusted by itself
        [trusted(pki.Authority("another", around()).chain), trusted(FULCIO.chain)],
        [trusted(FULCIO.chain, Period(MOMENT + 1)), trusted(FULCIO.chain)],
        [trusted(FULCIO.chain, Period(MOMENT, MOMENT))],
    ],
)
def test_any_authority_will_do_that_was_valid(authorities):
    assert check(GOOD, *authorities) == read(FULCIO.issuer)


@pytest.mark.parametrize("moment", [NOW, NOW + seconds(600)])
def test_a_certificate_is_valid_in_its_first_and_its_last_second(moment):
    assert check(GOOD, trusted(FULCIO.chain), moments=[MOMENT, moment.timestamp()])


def certified(subject, holder, issuer, issuer_key, **constraints):
    """An authority's certificate by any issuer."""
    extensions = (
        (pki.key_usage(digital_signature=False, authority=True), True),
        (x509.BasicConstraints(**{"ca": True, "path_length": None, **constraints}), True),
    )
    return pki._certificate((pki.x509_name(subject), holder), (pki.x509_name(issuer), issuer_key), around(), extensions)


def long_chain(length, **constraints):
    """A leaf, and the authorities above it, the root as the last one."""
    keys = [key(f"level {level}") for level in range(length)]
    chain = [
        certified(f"level {level}", keys[level], f"level {level + 1}", keys[level + 1], **constraints)
        for level in range(length - 1)
    ]
    chain.append(certified(f"level {length - 1}", keys[-1], f"level {length - 1}", keys[-1], **constraints))
    extensions = (
        (pki.key_usage(digital_signature=True, authority=False), True),
        (x509.ExtendedKeyUsage([pki.CODE_SIGNING]), False),
    )
    span = Span(NOW, NOW + seconds(600))
    signer = pki._certificate((x509.Name([]), key("signer")), (pki.x509_name("level 0"), keys[0]), span, extensions)
    return read(signer), chain


@pytest.mark.parametrize(("length", "path_length"), [(1, None), (1, 0), (2, 1), (3, 2), (8, None)])
def test_a_path_may_have_several_authorities(length, path_length):
    leaf, chain = long_chain(length, path_length=path_length)
    assert check(leaf, trusted(chain)) == read(chain[0])


@pytest.mark.parametrize(
    ("length", "constraints"), [(9, {}), (2, {"path_length": 0}), (3, {"path_length": 1}), (1, {"ca": False})]
)
def test_a_path_that_its_authorities_do_not_allow_is_none(length, constraints):
    leaf, chain = long_chain(length, **constraints)
    with pytest.raises(SignatureError, match="the certificate was not issued by an authority of the trusted root"):
        check(leaf, trusted(chain))


def test_authorities_that_issue_each_other_are_no_path():
    one, two = key("one"), key("two")
    leaf, _chain = long_chain(1)
    loop = [
        certified("level 0", key("level 0"), "two", two),
        certified("two", two, "level 0", key("level 0")),
        certified("one", one, "one", one),
    ]
    with pytest.raises(SignatureError, match="was not issued by an authority"):
        check(leaf, trusted(loop))


def by_a_signer():
    """A certificate that somebody issued with the key of a signer's certificate."""
    signer = FULCIO.issue(key("signer"), workflow(), NOW)
    holder = (x509.Name([]), key("thief"))
    extensions = tuple((extension.value, extension.critical) for extension in signer.certificate.extensions)[2:]
    return read(pki._certificate(holder, (x509.Name([]), key("signer")), Span(NOW, NOW + seconds(600)), extensions)), [
        trusted((signer.certificate, *FULCIO.chain))
    ]


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        (lambda: (GOOD, []), "was not issued by an authority of the trusted root"),
        (
            lambda: (GOOD, [trusted(pki.Authority("another", around()).chain)]),
            "was not issued by an authority of the trusted root",
        ),
        # The same names, and other keys.
        (
            lambda: (GOOD, [trusted(pki.Authority("fulcio", around(), kind="p256").chain)]),
            "was not issued by an authority of the trusted root",
        ),
        (lambda: (GOOD, [trusted([FULCIO.root])]), "was not issued by an authority of the trusted root"),
        (
            lambda: (GOOD, [trusted([FULCIO.issuer, pki.Authority("another", around()).root])]),
            "was not issued by an authority of the trusted root",
        ),
        (by_a_signer, "was not issued by an authority of the trusted root"),
        (lambda: (GOOD, [trusted(FULCIO.chain, Period(None))]), "the authority that issued the certificate was not va"),
        (lambda: (GOOD, [trusted(FULCIO.chain, Period(0, MOMENT - 1))]), "was not valid at 2026-06-01T12:00:03Z"),
        (lambda: (GOOD, [trusted(FULCIO.chain, Period(MOMENT + 1))]), "was not valid at 2026-06-01T12:00:03Z"),
        *(
            (
                lambda span=span: issued_with(issuer_valid=span),
                "the authority that issued the certificate was not valid",
            )
            for span in (Span(NOW - days(9), NOW - days(1)), Span(NOW + days(1), NOW + days(9)))
        ),
        (lambda: issued_with(usages=[pki.SERVER_AUTH]), "was not issued by an authority of the trusted root"),
        (lambda: issued(usages=None), "was not issued for this purpose: its extended key usage has no 1.3.6.1.5.5.7.3"),
        (lambda: issued(usages=[pki.SERVER_AUTH, pki.TIME_STAMPING]), "was not issued for this purpose"),
        (
            lambda: issued(usages=[x509.ObjectIdentifier("2.5.29.37.0")]),
            "was not issued for this purpose",
        ),
        (lambda: issued(authority=True), "the certificate is that of an authority, not of a signer"),
        (lambda: issued(digital_signature=False), "may not be used for signatures: its key usage has no digitalSignat"),
        (lambda: issued(extra=[(pki.UNKNOWN, True)]), "a critical extension that is not known: 1.3.6.1.4.1.57264.99.1"),
        (
            lambda: issued(moment=NOW + seconds(60)),
            "is valid from 2026-06-01T12:01:00Z to 2026-06-01T12:11:00Z, and the time of the signature is 2026-",
        ),
        (lambda: issued(moment=NOW - seconds(600)), "and the time of the signature is 2026-06-01T12:00:03Z"),
    ],
)
def test_other_certificates_are_refused(case, problem):
    leaf, authorities = case()
    with pytest.raises(SignatureError, match=problem):
        check(leaf, *authorities)


def issued(**changes):
    return leaf_of(FULCIO, **changes), [trusted(FULCIO.chain)]


def issued_with(**changes):
    authority = pki.Authority("strange", around(), **changes)
    return leaf_of(authority), [trusted(authority.chain)]


def test_all_times_count():
    with pytest.raises(SignatureError, match="the time of the signature is 2026-06-01T12:10:01Z"):
        check(GOOD, trusted(FULCIO.chain), moments=[MOMENT, NOW.timestamp() + 601])
    with pytest.raises(SignatureError, match="was not valid at 2026-06-01T12:00:09Z"):
        check(GOOD, trusted(FULCIO.chain, Period(0, MOMENT)), moments=[MOMENT, MOMENT + 6])


def test_an_authority_with_an_unknown_critical_extension_issues_nothing():
    leaf, (issuer, *_others) = long_chain(1)
    name = pki.x509_name("level 0")
    extensions = tuple((item.value, item.critical) for item in issuer.extensions)[2:]
    strange = pki._certificate(
        (name, key("level 0")), (name, key("level 0")), around(), (*extensions, (pki.UNKNOWN, True))
    )
    assert check(leaf, trusted([issuer]))
    with pytest.raises(SignatureError, match="was not issued by an authority"):
        check(leaf, trusted([strange]))


def test_a_purpose_is_not_another_one():
    authority = pki.Authority("timestamps", around(), usages=[pki.TIME_STAMPING])
    leaf = leaf_of(authority, usages=[pki.TIME_STAMPING])
    assert check(leaf, trusted(authority.chain), purpose=TIME_STAMPING)
    with pytest.raises(SignatureError, match="was not issued for this purpose"):
        check(leaf, trusted(authority.chain))
    with pytest.raises(SignatureError, match="was not issued for this purpose"):
        check(GOOD, trusted(FULCIO.chain), purpose=TIME_STAMPING)
    with pytest.raises(SignatureError, match="was not issued by an authority"):
        check(leaf_of(authority), trusted(authority.chain))

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signed timestamps: which ones an authority of the trusted root gave to a message, and when."""

from __future__ import annotations

import datetime as dt
import hashlib
import time

import pytest
from cryptography import x509
from hypothesis import given

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.certificates import read_certificate
from ansible_collections.localai.core.plugins.module_utils._sigstore.periods import Period
from ansible_collections.localai.core.plugins.module_utils._sigstore.timestamps import moment_of, read_timestamp
from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import Authority
from ansible_collections.localai.core.tests.support.hostile import damaged, hostile
from ansible_collections.localai.core.tests.support.sigstore import der, pki, timestamps
from ansible_collections.localai.core.tests.support.sigstore.moments import NOW, Span, around, days, seconds
from ansible_collections.localai.core.tests.support.sigstore.timestamps import TimestampAuthority

MESSAGE = b"a signature"
TSA = TimestampAuthority("tsa", around())
SHA256 = der.oid("2.16.840.1.101.3.4.2.1")
ECDSA_SHA256 = der.oid("1.2.840.10045.4.3.2")


ALWAYS = Period(0)


def trusted(service, valid=ALWAYS, certificates=None):
    chain = service.chain if certificates is None else certificates
    return Authority(tuple(read_certificate(pki.raw(item), "x") for item in chain), valid)


def moment(answer, *authorities, message=MESSAGE):
    return moment_of(read_timestamp(answer, "the stamp"), authorities, message)


@pytest.mark.parametrize("changes", [{}, {"embedded": False}, {"hash_name": "sha512"}, {"signed_hash": "sha384"}])
@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "rsa2048", "ed25519"])
def test_a_timestamp_has_its_time(kind, changes):
    service = TimestampAuthority("tsa", around(), kind=kind, intermediate=kind == "p256")
    assert moment(service.answer(MESSAGE, NOW, **changes), trusted(service)) == NOW.timestamp()


def test_the_certificate_may_be_in_the_trusted_root_or_in_the_timestamp():
    answer, without = TSA.answer(MESSAGE, NOW), TSA.answer(MESSAGE, NOW, embedded=False)
    above = trusted(TSA, certificates=TSA.chain[1:])
    assert moment(answer, above) == moment(without, trusted(TSA)) == NOW.timestamp()
    another = TimestampAuthority("another", around())
    assert moment(answer, trusted(another), above) == NOW.timestamp()
    with pytest.raises(SignatureError, match="the timestamp was not given by an authority of the trusted root"):
        moment(without, above)


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        (lambda: (TSA.answer(MESSAGE, NOW), []), "was not given by an authority of the trusted root"),
        (
            lambda: (TSA.answer(MESSAGE, NOW, embedded=False), [trusted(TimestampAuthority("another", around()))]),
            "was not given by an authority of the trusted root",
        ),
        (
            lambda: (TSA.answer(MESSAGE, NOW), [trusted(TimestampAuthority("another", around()))]),
            "the certificate of the timestamp was not issued by an authority of the trusted root",
        ),
        # The same names and the same serial number, another key.
        (
            lambda: (
                TimestampAuthority("tsa", around(), kind="p256").answer(MESSAGE, NOW, embedded=False),
                [trusted(TSA)],
            ),
            "was not given by an authority of the trusted root",
        ),
        (lambda: (TSA.answer(MESSAGE, NOW, corrupt=True), [trusted(TSA)]), "was not given by an authority"),
        (lambda: (TSA.answer(MESSAGE + b"x", NOW), [trusted(TSA)]), "was given to something else than this signature"),
        (
            lambda: (TSA.answer(MESSAGE, NOW), [trusted(TSA, Period(0, NOW.timestamp() - 1))]),
            "the authority that issued the certificate of the timestamp was not valid at 2026-06-01T12:00:00Z",
        ),
        (lambda: (TSA.answer(MESSAGE, NOW), [trusted(TSA, Period(None))]), "was not valid at 2026-06-01T12:00:00Z"),
        (lambda: signed(signer_valid=Span(NOW - days(9), NOW - seconds(1))), "the certificate of the timestamp is val"),
        (lambda: signed(signer_valid=Span(NOW + seconds(1), NOW + days(9))), "the certificate of the timestamp is val"),
        (lambda: signed(usages=[pki.CODE_SIGNING]), "was not issued for this purpose: its extended key usage has no"),
        (
            lambda: signed(usages=[pki.TIME_STAMPING, pki.CODE_SIGNING]),
            "the certificate of the timestamp was issued for other purposes too",
        ),
    ],
)
def test_other_timestamps_are_refused(case, problem):
    answer, authorities = case()
    with pytest.raises(SignatureError, match=problem):
        moment(answer, *authorities)


def signed(**changes):
    service = TimestampAuthority("strange", around(), **changes)
    return service.answer(MESSAGE, NOW), [trusted(service)]


def test_certificates_of_signers_are_no_timestamp_authorities(sigstore):
    """Somebody with a certificate of Fulcio signs a time, and Fulcio's authority is one for timestamps too."""
    holder = sigstore.certificate()
    answer = crafted(certificate=holder.certificate, key=holder.key)
    with pytest.raises(SignatureError, match="was not issued for this purpose"):
        moment(answer, trusted(TSA, certificates=sigstore.fulcio.chain))


def attribute(dotted, *values):
    return der.sequence(der.oid(dotted), der.set_of(*values))


def crafted(**changes):
    """An answer in which any part may be another one. `key` signs what `attributes` is, as `certificate`."""
    parts = {
        "status": der.sequence(der.integer(0)),
        "type": der.oid(timestamps.SIGNED_DATA),
        "content_type": der.oid(timestamps.TST_INFO),
        "version": der.integer(1),
        "imprint": der.sequence(der.sequence(SHA256), der.octets(hashlib.sha256(MESSAGE).digest())),
        "time": der.tlv(0x18, b"20260601120000Z"),
        "certificate": TSA.certificate,
        "certificates": None,
        "identifier": None,
        "key": TSA._holder.key,
        "digest_algorithm": der.sequence(SHA256),
        "signature_algorithm": der.sequence(ECDSA_SHA256),
        "more": (),
        "info": None,
        "signers": 1,
        "attributes": None,
        **changes,
    }
    certificate = parts["certificate"]
    info = parts["info"] or der.sequence(
        parts["version"], der.oid("1.2.3"), parts["imprint"], der.integer(7), parts["time"]
    )
    attributes = parts["attributes"] or [
        attribute("1.2.840.113549.1.9.3", der.oid(timestamps.TST_INFO)),
        attribute("1.2.840.113549.1.9.4", der.octets(hashlib.sha256(info).digest())),
    ]
    signed_attributes = der.set_of(*attributes, *parts["more"])
    serial = der.integer(certificate.serial_number)
    signer = der.sequence(
        der.integer(1),
        parts["identifier"] or der.sequence(certificate.issuer.public_bytes(), serial),
        parts["digest_algorithm"],
        der.retagged(0, signed_attributes),
        parts["signature_algorithm"],
        der.octets(type(parts["key"])(parts["key"].private, parts["key"].kind, "sha256").sign(signed_attributes)),
    )
    embedded = [pki.raw(certificate)] if parts["certificates"] is None else parts["certificates"]
    data = der.sequence(
        der.integer(3),
        der.set_of(parts["digest_algorithm"]),
        der.sequence(parts["content_type"], der.context(0, der.octets(info))),
        der.context(0, b"".join(embedded)),
        der.context(1, b""),
        der.tlv(0x31, signer * parts["signers"]),
    )
    return der.sequence(parts["status"], der.sequence(parts["type"], der.context(0, data)))


def certificate_id(*parts):
    return attribute("1.2.840.113549.1.9.16.2.47", der.sequence(der.sequence(der.sequence(*parts))))


DIGEST = hashlib.sha256(pki.raw(TSA.certificate)).digest()
IDENTIFIER = TSA.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"status": der.sequence(der.integer(1), der.sequence(der.utf8("granted with changes")))},
        {"identifier": der.tlv(0x80, IDENTIFIER)},
        {"more": [certificate_id(der.octets(DIGEST))]},
        {"more": [certificate_id(der.sequence(SHA256), der.octets(DIGEST))]},
        {"signature_algorithm": der.sequence(der.oid("1.2.840.10045.2.1"))},  # names no hash
        {"time": der.tlv(0x18, b"20260601120000.000Z")},
        {"certificates": [der.context(1, b"x"), pki.raw(TSA.certificate)]},
        {"certificates": [pki.raw(TSA.certificate)] * 10},
        # The digest algorithm is that of the content, and not always that of the signature.
        {
            "digest_algorithm": der.sequence(der.oid("2.16.840.1.101.3.4.2.3")),
            "attributes": [
                attribute("1.2.840.113549.1.9.3", der.oid(timestamps.TST_INFO)),
                attribute(
                    "1.2.840.113549.1.9.4",
                    der.octets(
                        hashlib.sha512(
                            der.sequence(
                                der.integer(1),
                                der.oid("1.2.3"),
                                der.sequence(der.sequence(SHA256), der.octets(hashlib.sha256(MESSAGE).digest())),
                                der.integer(7),
                                der.tlv(0x18, b"20260601120000Z"),
                            )
                        ).digest()
                    ),
                ),
            ],
        },
    ],
)
def test_authorities_write_timestamps_in_several_ways(changes):
    assert moment(crafted(**changes), trusted(TSA)) == NOW.timestamp()


def test_a_fraction_of_a_second_counts():
    assert moment(crafted(time=der.tlv(0x18, b"20260601120000.25Z")), trusted(TSA)) == NOW.timestamp() + 0.25


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"status": der.sequence(der.integer(2))}, "the stamp: the authority did not grant the timestamp: status 2"),
        ({"status": der.sequence(der.tlv(2, b"\x7f" * 64))}, "did not grant the timestamp"),
        ({"status": der.sequence(der.tlv(2, b"\x7f" * 5000))}, "an integer is expected"),
        ({"type": der.oid("1.2.840.113549.1.7.1")}, "does not contain signed data, but 1.2.840.113549.1.7.1"),
        ({"content_type": der.oid("1.2.840.113549.1.7.1")}, "does not contain a timestamp, but 1.2.840.113549.1.7.1"),
        ({"version": der.integer(2)}, "the timestamp has another version than 1"),
        (
            {"imprint": der.sequence(der.sequence(der.oid("1.3.14.3.2.26")), der.octets(b"x" * 20))},
            "1.3.14.3.2.26, whi",
        ),
        (
            {"digest_algorithm": der.sequence(der.oid("1.3.14.3.2.26"))},
            "the hash algorithm 1.3.14.3.2.26, which is not",
        ),
        *(
            ({"time": der.tlv(0x18, text)}, "the time in the timestamp is not valid")
            for text in (
                b"",
                b"20260601120000",
                b"20260601120000+0000",
                b"20261301120000Z",
                b"20260601120060Z",
                b"\xff",
            )
        ),
        ({"time": der.utc_time(NOW)}, "tag 0x18 is missing"),
        ({"info": der.octets(b"x")}, "tag 0x30 is expected and 0x4 is there"),
        ({"signers": 0}, "a timestamp has one signer"),
        ({"signers": 2}, "a timestamp has one signer"),
        ({"certificates": [pki.raw(TSA.certificate)] * 11}, "the timestamp has more than 10 certificates"),
        ({"certificates": [der.sequence()]}, "a certificate of the timestamp is not a valid certificate"),
        ({"identifier": der.octets(b"x")}, "0x4 is there"),
        (
            {"attributes": [attribute("1.2.840.113549.1.9.3", der.oid(timestamps.TST_INFO))]},
            "does not have exactly one value of the attribute 1.2.840.113549.1.9.4",
        ),
        (
            {"more": [attribute("1.2.840.113549.1.9.4", der.octets(b"x"))]},
            "the timestamp has the attribute 1.2.840.113549.1.9.4 twice",
        ),
        (
            {
                "attributes": [
                    attribute("1.2.840.113549.1.9.3", der.oid("1.2.3")),
                    attribute("1.2.840.113549.1.9.4", der.octets(b"x")),
                ]
            },
            "does not contain a timestamp, but 1.2.3",
        ),
        *(
            (
                {
                    "attributes": [
                        attribute("1.2.840.113549.1.9.3", der.oid(timestamps.TST_INFO)),
                        attribute("1.2.840.113549.1.9.4", *values),
                    ]
                },
                problem,
            )
            for values, problem in (
                ([der.octets(bytes(32))], "the digest in the timestamp is not that of its content"),
                ([der.utf8("x")], "the digest in the timestamp is not that of its content"),
                ([], "exactly one value of the attribute"),
                ([der.octets(b"x"), der.octets(b"y")], "exactly one value of the attribute"),
            )
        ),
        ({"more": [certificate_id(der.sequence(der.oid("1.3.14.3.2.26")), der.octets(b"x" * 20))]}, "1.3.14.3.2.26"),
        ({"more": [certificate_id(der.utf8("x"))]}, "tag 0x4 is missing"),
        ({"more": [der.set_of()]}, "tag 0x30 is expected and 0x31 is there"),
    ],
)
def test_what_is_not_a_timestamp_is_refused(changes, problem):
    with pytest.raises(SignatureError, match=problem) as refused:
        read_timestamp(crafted(**changes), "the stamp")
    assert str(refused.value).startswith("the stamp: ")
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "changes",
    [
        {"more": [certificate_id(der.octets(bytes(32)))]},  # the signer had another certificate of the same key
        {"identifier": der.tlv(0x80, b"x" * 20)},
        {"identifier": der.sequence(TSA.certificate.issuer.public_bytes(), der.integer(7))},
        {"signature_algorithm": der.sequence(der.oid("1.2.840.10045.4.3.3"))},
        {"key": pki.Authority("x", around())._key},
    ],
)
def test_a_timestamp_of_another_certificate_is_refused(changes):
    with pytest.raises(SignatureError, match="was not given by an authority of the trusted root"):
        moment(crafted(**changes), trusted(TSA))


def test_an_answer_without_a_timestamp_is_refused():
    with pytest.raises(SignatureError, match="did not grant the timestamp: status 2"):
        read_timestamp(TSA.answer(MESSAGE, NOW, status=2), "the stamp")
    with pytest.raises(SignatureError, match="tag 0x30 is missing"):
        read_timestamp(der.sequence(der.sequence(der.integer(0))), "the stamp")
    with pytest.raises(SignatureError, match="the stamp is larger than 64 KiB"):
        read_timestamp(bytes(64 * 1024 + 1), "the stamp")
    info = der.sequence(der.oid(timestamps.TST_INFO), der.context(0, der.utf8("x")))
    data = der.sequence(der.integer(3), der.set_of(), info)
    with pytest.raises(SignatureError, match="the timestamp has no content"):
        read_timestamp(
            der.sequence(
                der.sequence(der.integer(0)), der.sequence(der.oid(timestamps.SIGNED_DATA), der.context(0, data))
            ),
            "the stamp",
        )


@pytest.mark.parametrize(
    "answer", [der.sequence(*[der.NULL] * 30_000), crafted(more=[attribute(f"1.2.{n}") for n in range(4000)])]
)
def test_a_timestamp_that_is_meant_to_take_long_does_not(answer):
    start = time.process_time()
    try:
        read_timestamp(answer, "the stamp")
    except SignatureError as e:
        message = str(e)
        assert len(message) < 300
    assert time.process_time() - start < 1


AUTHORITIES = [trusted(TSA)]


@given(damaged(TSA.answer(MESSAGE, NOW)))
@hostile
def test_any_change_gives_the_same_time_or_is_refused(answer):
    try:
        found = moment(answer, *AUTHORITIES)
    except SignatureError as e:
        message = str(e)
        assert len(message) < 400
        return
    assert dt.datetime.fromtimestamp(found, dt.timezone.utc) == NOW

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trusted roots: what they contain, and which documents are none."""

from __future__ import annotations

import base64
import copy
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.periods import Period
from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import TrustedRoot, read_trusted_root
from ansible_collections.localai.core.tests.support.hostile import documents, hostile
from ansible_collections.localai.core.tests.support.sigstore import content, der, pki
from ansible_collections.localai.core.tests.support.sigstore.damage import changed, without
from ansible_collections.localai.core.tests.support.sigstore.instance import Instance
from ansible_collections.localai.core.tests.support.sigstore.keys import Key
from ansible_collections.localai.core.tests.support.sigstore.moments import around

ROOT = Instance().trusted_root()
LOG = ("tlogs", 0)
AUTHORITY = ("certificateAuthorities", 0)


def read(document):
    return read_trusted_root(json.dumps(document).encode())


def test_all_services_are_read(sigstore, root):
    valid = Period(sigstore.valid.start.timestamp(), sigstore.valid.end.timestamp())
    first, second = root.signature_logs
    assert (first.address, first.key.spki, first.valid) == (
        "https://rekor.sigstore.test",
        sigstore.rekor_v1.key.spki,
        valid,
    )
    assert first.identifier == first.checkpoint_identifier == first.key.fingerprint
    assert second.identifier == second.checkpoint_identifier == sigstore.rekor_v2.identifier != second.key.fingerprint
    assert [log.identifier for log in root.certificate_logs] == [sigstore.ct_log.key.fingerprint]
    (authority,) = root.authorities
    assert [item.path_length for item in authority.certificates] == [0, None]
    assert [len(item.certificates) for item in root.timestamp_authorities] == [2]


def test_a_service_without_a_period_is_never_valid():
    assert read(without(ROOT, (*AUTHORITY, "validFor"))).authorities[0].valid == Period(None)


def test_what_is_missing_has_a_usual_value():
    identifier = base64.b64encode(b"x" * 32).decode()
    assert read(without(ROOT, (*LOG, "logId"))) == read(ROOT)
    log = read(changed(ROOT, (*LOG, "checkpointKeyId"), {"keyId": identifier})).signature_logs[0]
    assert (log.identifier, log.checkpoint_identifier) == (log.key.fingerprint, b"x" * 32)
    log = read(without(ROOT, (*LOG, "publicKey", "validFor"))).signature_logs[0]
    assert log.valid == Period(None)
    log = read(without(ROOT, (*LOG, "publicKey", "validFor", "end"))).signature_logs[0]
    assert log.valid == Period(around().start.timestamp())
    log = read(without(ROOT, (*LOG, "publicKey", "validFor", "start"))).signature_logs[0]
    assert log.valid == Period(None, around().end.timestamp())


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    ],
)
def test_media_types_of_all_versions_are_known(media_type):
    assert read({**ROOT, "mediaType": media_type}) == read(ROOT)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({**ROOT, "mediaType": "x\n"}, 'the trusted root has the media type "x."'),
        (without(ROOT, ("mediaType",)), 'the trusted root has the media type ""'),
        (without(ROOT, (*LOG, "publicKey")), r"the trusted root.tlogs\[0\] has no publicKey"),
        (without(ROOT, (*LOG, "publicKey", "rawBytes")), r"tlogs\[0\].publicKey has no rawBytes"),
        (changed(ROOT, (*LOG, "publicKey", "rawBytes"), "AAA"), r"tlogs\[0\].publicKey.rawBytes is not Base64"),
        (changed(ROOT, (*LOG, "logId"), {}), r"tlogs\[0\].logId has no keyId"),
        (changed(ROOT, (*LOG, "publicKey", "validFor", "end"), "x"), "publicKey.validFor.end is not a time"),
        (changed(ROOT, (*AUTHORITY, "certChain", "certificates"), []), "certChain has no certificates"),
        (without(ROOT, (*AUTHORITY, "certChain")), r"certificateAuthorities\[0\] has no certChain"),
        (
            changed(ROOT, (*AUTHORITY, "certChain", "certificates", 1, "rawBytes"), "AAAA"),
            r"certChain.certificates\[1\].rawBytes is not a valid certificate",
        ),
        (changed(ROOT, ("tlogs",), {}), "the trusted root.tlogs is not a list"),
        ({}, "the trusted root has the media type"),
    ],
)
def test_what_is_not_a_trusted_root_is_refused(document, problem):
    with pytest.raises(SignatureError, match=problem):
        read(document)


def key_of_the_future():
    """A key with an algorithm of which no library has heard, one that is too short, and a damaged one."""
    unknown = der.sequence(der.sequence(der.oid("2.16.840.1.101.3.4.3.99")), der.tlv(3, b"\0x"))
    short = Key(ec.derive_private_key(7, ec.SECP224R1()), "p256").spki
    return [content.b64(unknown), content.b64(short), "AAAA"]


@pytest.mark.parametrize("raw", key_of_the_future())
def test_services_with_keys_of_other_kinds_are_not_trusted(root, raw):
    """Sigstore may have new kinds of keys long before it signs with them, and the others are still right."""
    new = copy.deepcopy(ROOT)
    new["tlogs"].insert(0, changed(ROOT["tlogs"][0], ("publicKey", "rawBytes"), raw))
    new["ctlogs"].append(changed(ROOT["ctlogs"][0], ("publicKey", "rawBytes"), raw))
    assert read(new) == root
    assert read({**ROOT, "tlogs": new["tlogs"][:1]}).signature_logs == ()


def test_authorities_with_keys_of_other_kinds_are_not_trusted(root):
    issuing = pki.Authority("new", around())
    other = Key(ec.derive_private_key(7, ec.SECP224R1()), "p256")
    name = pki.x509_name("new")
    certificate = pki._certificate((name, other), (name, issuing._key), around(), ())
    entry = {
        **ROOT["certificateAuthorities"][0],
        "certChain": {"certificates": [{"rawBytes": content.b64(pki.raw(certificate))}]},
    }
    assert read({**ROOT, "certificateAuthorities": [entry, *ROOT["certificateAuthorities"]]}) == root


@given(documents(ROOT))
@hostile
def test_any_document_is_a_trusted_root_or_refused(content):
    try:
        assert isinstance(read_trusted_root(content), TrustedRoot)
    except SignatureError as e:
        message = str(e)
        assert len(message) < 500

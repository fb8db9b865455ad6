# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of log entries: each type says what was signed, and by whom."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.bundle import LogEntry
from ansible_collections.localai.core.plugins.module_utils._sigstore.log_body import LogBody, read_body
from ansible_collections.localai.core.tests.support.hostile import documents, hostile
from ansible_collections.localai.core.tests.support.sigstore import content, rekor_v1, rekor_v2
from ansible_collections.localai.core.tests.support.sigstore.damage import changed, without
from ansible_collections.localai.core.tests.support.sigstore.instance import Instance

SIGSTORE = Instance()
CERTIFIED, KEYED = SIGSTORE.certificate(), SIGSTORE.key_holder()
PAYLOAD = b"a statement"
SIGNATURE = b"a signature"
SHA256, SHA384 = hashlib.sha256(PAYLOAD).digest(), hashlib.sha384(PAYLOAD).digest()


def envelope(count=1):
    signatures = [{"sig": content.b64(SIGNATURE)}] * count
    return {"payload": content.b64(PAYLOAD), "payloadType": content.IN_TOTO, "signatures": signatures}


def read(body, kind=None, version=None):
    entry = LogEntry(b"", 0, 0, body.kind if kind is None else kind, body.version, body.content, b"", None)
    return read_body(entry)


@pytest.mark.parametrize("holder", [CERTIFIED, KEYED])
def test_bodies_of_all_types_are_read(holder):
    of_payload = LogBody("sha256", SHA256, True, SIGNATURE, holder.der)
    assert read(rekor_v1.dsse(envelope(), holder.pem)) == of_payload
    assert read(rekor_v1.intoto(envelope(), holder.pem)) == of_payload
    assert read(rekor_v2.dsse(envelope(), holder)) == of_payload
    of_artifact = LogBody("sha256", SHA256, False, SIGNATURE, holder.der)
    assert read(rekor_v1.hashedrekord(SHA256, SIGNATURE, holder.pem)) == of_artifact
    assert read(rekor_v2.hashedrekord(SHA256, SIGNATURE, holder)) == of_artifact
    assert read(rekor_v1.hashedrekord(SHA384, SIGNATURE, holder.pem, "sha384")).digest == SHA384
    assert read(rekor_v2.hashedrekord(SHA384, SIGNATURE, holder, "sha384")).hash == "sha384"


BODIES = {
    "hashedrekord": rekor_v1.hashedrekord(SHA256, SIGNATURE, CERTIFIED.pem),
    "hashedrekord v2": rekor_v2.hashedrekord(SHA256, SIGNATURE, CERTIFIED),
    "hashedrekord v2 with a key": rekor_v2.hashedrekord(SHA256, SIGNATURE, KEYED),
    "dsse": rekor_v1.dsse(envelope(), CERTIFIED.pem),
    "dsse v2": rekor_v2.dsse(envelope(), CERTIFIED),
    "intoto": rekor_v1.intoto(envelope(), CERTIFIED.pem),
}


def document(name):
    return json.loads(BODIES[name].content)


DATA = ("spec", "data", "hash")
V2 = ("spec", "hashedRekordV002")
INTOTO = ("spec", "content")
B64_PEM = content.b64(b"x")


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("hashedrekord", lambda d: without(d, ("kind",)), "the body of the log entry has no kind"),
        ("hashedrekord", lambda d: without(d, ("spec",)), "the body of the log entry has no spec"),
        (
            "hashedrekord",
            lambda d: changed(d, ("kind",), "rekord"),
            'is said to be "hashedrekord 0.0.1", and its body i',
        ),
        ("hashedrekord", lambda d: changed(d, ("apiVersion",), "0.0.2"), 'its body is "hashedrekord 0.0.2"'),
        ("hashedrekord v2", lambda d: changed(d, ("apiVersion",), "0.0.1"), 'its body is "hashedrekord 0.0.1"'),
        *(
            ("hashedrekord", lambda d, name=name: changed(d, (*DATA, "algorithm"), name), "is not a digest in hexadec")
            for name in ("sha1", "SHA256", "")
        ),
        ("hashedrekord", lambda d: changed(d, (*DATA, "value"), "x"), "spec.data.hash is not a digest in hexadecimal"),
        ("hashedrekord", lambda d: without(d, (*DATA, "value")), "spec.data.hash has no value"),
        (
            "hashedrekord",
            lambda d: changed(d, ("spec", "signature", "publicKey", "content"), B64_PEM),
            "the public key in the log entry is not a public key in a known form",
        ),
        (
            "hashedrekord",
            lambda d: changed(
                d, ("spec", "signature", "publicKey", "content"), content.b64(b"-----BEGIN CERTIFICATE-----\nx")
            ),
            "the certificate in the log entry is not a certificate in PEM",
        ),
        (
            "hashedrekord v2",
            lambda d: changed(d, V2, {}),
            "hashedRekordV002 has no data|hashedRekordV002 has no signat",
        ),
        (
            "hashedrekord v2",
            lambda d: changed(d, (*V2, "data", "algorithm"), "sha256"),
            'hashedRekordV002.data has the algorithm "sha256"; supported are SHA2_256, SHA2_384, SHA2_512',
        ),
        (
            "hashedrekord v2",
            lambda d: changed(d, (*V2, "signature", "verifier", "x509Certificate", "rawBytes"), "AAAA"),
            "the certificate in the log entry is not a valid certificate",
        ),
        (
            "hashedrekord v2 with a key",
            lambda d: changed(d, (*V2, "signature", "verifier", "publicKey", "rawBytes"), "AAAA"),
            "the public key in the log entry is not a public key in a known form",
        ),
        ("hashedrekord v2", lambda d: changed(d, (*V2, "signature", "verifier"), {}), "verifier has no publicKey"),
        ("dsse", lambda d: changed(d, ("spec", "signatures"), []), "spec does not have exactly one signature"),
        ("dsse", lambda d: without(d, ("spec", "payloadHash")), "spec has no payloadHash"),
        (
            "dsse v2",
            lambda d: changed(d, ("spec", "dsseV002", "signatures"), []),
            "does not have exactly one signature",
        ),
        (
            "intoto",
            lambda d: changed(d, (*INTOTO, "envelope", "signatures"), []),
            "does not have exactly one signature",
        ),
        ("intoto", lambda d: without(d, INTOTO), "spec has no content"),
    ],
)
def test_other_bodies_are_refused(name, change, problem):
    body = BODIES[name]
    written = content.canonical(change(document(name)))
    with pytest.raises(SignatureError, match=problem):
        read(rekor_v1.Body(body.kind, body.version, written))


@pytest.mark.parametrize(
    ("kind", "version"),
    [("rekord", "0.0.1"), ("intoto", "0.0.1"), ("dsse", "0.0.3"), ("hashedrekord", ""), ("\n", "1")],
)
def test_types_that_do_not_name_the_signature_or_are_unknown_are_refused(kind, version):
    with pytest.raises(SignatureError, match=r"supported are hashedrekord 0.0.1, hashedrekord 0.0.2, dsse") as refused:
        read(rekor_v1.body(kind, version, {}))
    assert str(refused.value).isprintable()


def test_several_signatures_are_refused():
    with pytest.raises(SignatureError, match="spec does not have exactly one signature"):
        read(rekor_v1.dsse(envelope(2), CERTIFIED.pem))
    with pytest.raises(SignatureError, match="dsseV002 does not have exactly one signature"):
        read(rekor_v2.dsse(envelope(2), CERTIFIED))


def test_a_signature_that_is_not_encoded_twice_is_another_one():
    once = changed(document("intoto"), (*INTOTO, "envelope", "signatures", 0, "sig"), content.b64(SIGNATURE))
    assert read(rekor_v1.Body("intoto", "0.0.2", content.canonical(once))).signature == SIGNATURE
    twice = base64.b64decode(document("intoto")["spec"]["content"]["envelope"]["signatures"][0]["sig"])
    assert base64.b64decode(twice) == SIGNATURE


@given(
    st.sampled_from(sorted(BODIES)).flatmap(lambda name: st.tuples(st.just(BODIES[name]), documents(document(name))))
)
@hostile
def test_any_body_is_read_or_refused(case):
    body, written = case
    try:
        assert read(rekor_v1.Body(body.kind, body.version, written)).hash
    except SignatureError as e:
        message = str(e)
        assert len(message) < 500

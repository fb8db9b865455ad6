# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures of images: bundles, and cosign's form before them."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.fields import Fields
from ansible_collections.localai.core.plugins.module_utils._sigstore.image import verify_bundle, verify_simple_signing
from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import read_trusted_root
from ansible_collections.localai.core.tests.support.hostile import VALUES, documents, hostile
from ansible_collections.localai.core.tests.support.sigstore import content, old_form
from ansible_collections.localai.core.tests.support.sigstore.identities import person, workflow
from ansible_collections.localai.core.tests.support.sigstore.instance import How, Instance
from ansible_collections.localai.core.tests.support.sigstore.moments import seconds

SIGSTORE = Instance()
ROOT = read_trusted_root(json.dumps(SIGSTORE.trusted_root()).encode())
DIGEST = "sha256:" + "5a" * 32
OTHER = "sha256:" + "0b" * 32
TIME = SIGSTORE.now.timestamp() + 3


def check(bundle, digest=DIGEST):
    return verify_bundle(json.dumps(bundle).encode(), digest, ROOT)


@pytest.mark.parametrize("how", [How(), How(log="v2"), How(version="0.1"), How(kind="intoto")])
def test_a_bundle_proves_who_signed_an_image(how):
    proof = check(SIGSTORE.sign_image(DIGEST, how=how))
    assert proof.identity.name == workflow().uri
    assert proof.identity.source_repository == "https://github.com/mudler/LocalAI"
    assert proof.moment == TIME - (how.log == "v2")
    assert proof.log.startswith("https://")
    assert proof.index >= (0 if how.log == "v2" else SIGSTORE.rekor_v1.shard_start)


def test_newer_versions_of_cosign_add_an_empty_predicate():
    assert check(SIGSTORE.sign_statement(content.statement(DIGEST, predicate={})))


def test_the_manifest_itself_may_be_signed():
    manifest = b"{}"
    assert check(
        SIGSTORE.sign_bytes(manifest), "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )


@pytest.mark.parametrize(
    ("bundle", "digest", "problem"),
    [
        (SIGSTORE.sign_image(DIGEST), OTHER, "the statement is about another artifact"),
        (SIGSTORE.sign_image(DIGEST), "sha512:" + "5a" * 64, "and only SHA-256 can be verified"),
        (SIGSTORE.sign_image(DIGEST), DIGEST[:-1], "and only SHA-256 can be verified"),
        (SIGSTORE.sign_image(DIGEST), DIGEST.upper(), "and only SHA-256 can be verified"),
        (SIGSTORE.sign_image(DIGEST), "sha256:" + "zz" * 32, "and only SHA-256 can be verified"),
        (
            SIGSTORE.sign_statement(content.statement(DIGEST, predicate_type="https://slsa.dev/provenance/v1")),
            DIGEST,
            'the statement about the image is of the type "https://slsa.dev/provenance/v1", not a signature',
        ),
        (
            SIGSTORE.sign_statement(content.statement(DIGEST, predicateType=None)),
            DIGEST,
            "the statement has no predicateType",
        ),
        (
            SIGSTORE.sign_image(DIGEST, SIGSTORE.key_holder()),
            DIGEST,
            "signed with a key, and a certificate is expected",
        ),
        (
            SIGSTORE.sign_image(DIGEST, SIGSTORE.certificate(workflow().named())),
            DIGEST,
            "the certificate does not have exactly one identity",
        ),
        (Instance("other.test").sign_image(DIGEST), DIGEST, "the trusted root has no transparency log"),
    ],
)
def test_other_bundles_are_refused(bundle, digest, problem):
    with pytest.raises(SignatureError, match=problem):
        check(bundle, digest)


def check_old(signature, digest=DIGEST):
    return verify_simple_signing(
        signature.layer, Fields(dict(signature.annotations), "the annotations of the signature"), digest, ROOT
    )


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "ed25519", "rsa2048"])
def test_cosign_s_old_form_proves_who_signed_an_image(kind):
    proof = check_old(SIGSTORE.sign_image_old(DIGEST, SIGSTORE.certificate(kind=kind)))
    assert proof.identity.name == workflow().uri
    assert proof.moment == TIME
    assert proof.index >= SIGSTORE.rekor_v1.shard_start
    assert check_old(SIGSTORE.sign_image_old(DIGEST, SIGSTORE.certificate(person()))).identity.name == person().mail


OLD = SIGSTORE.sign_image_old(DIGEST)
ANOTHER = SIGSTORE.sign_image_old(DIGEST)


def annotated(name, value):
    """The signature with another annotation, or without it; a function gets the JSON that it is."""
    if callable(value):
        value = json.dumps(value(json.loads(OLD.annotations[name])))
    annotations = {**OLD.annotations, name: value}
    return dataclasses.replace(OLD, annotations={key: item for key, item in annotations.items() if item is not None})


def with_payload(**changes):
    return annotated(old_form.BUNDLE, lambda entry: {**entry, "Payload": {**entry["Payload"], **changes}})


@pytest.mark.parametrize(
    ("signature", "problem"),
    [
        (SIGSTORE.sign_image_old(OTHER), "the signature is that of another image: the digests differ"),
        (SIGSTORE.sign_image_old(DIGEST, type="x"), 'the signed payload has the type "x"'),
        (SIGSTORE.sign_image_old(DIGEST, image={}), "the signed payload.critical.image has no docker-manifest-digest"),
        (SIGSTORE.sign_image_old(DIGEST, image={"docker-manifest-digest": "\ud800"}), "digest is not a text"),
        (dataclasses.replace(OLD, layer=OLD.layer + b" "), "the log entry is that of another artifact|is not valid"),
        (dataclasses.replace(OLD, layer=b"x"), "the signed payload is not valid JSON"),
        (dataclasses.replace(OLD, layer=old_form.simple_signing(DIGEST, "another/repository")), "is not valid"),
        (
            annotated(old_form.SIGNATURE, None),
            "the annotations of the signature has no dev.cosignproject.cosign/signat",
        ),
        (
            annotated(old_form.SIGNATURE, ANOTHER.annotations[old_form.SIGNATURE]),
            "the signature of the artifact is not",
        ),
        (annotated(old_form.CERTIFICATE, None), "has no dev.sigstore.cosign/certificate"),
        (annotated(old_form.CERTIFICATE, "x"), "the certificate of the signature is not a certificate in PEM"),
        (annotated(old_form.CERTIFICATE, "\ud800"), "is not a text"),
        (
            annotated(old_form.CERTIFICATE, ANOTHER.annotations[old_form.CERTIFICATE]),
            "the signature of the artifact is",
        ),
        (annotated(old_form.BUNDLE, None), "has no dev.sigstore.cosign/bundle"),
        (annotated(old_form.BUNDLE, "{"), "the log entry of the signature is not valid JSON"),
        (
            annotated(old_form.BUNDLE, ANOTHER.annotations[old_form.BUNDLE]),
            "the log entry is that of another signature",
        ),
        (with_payload(logID="x"), "logID is not in hexadecimal digits"),
        (with_payload(logID="00" * 32), "the trusted root has no transparency log with the identifier 0000"),
        (with_payload(integratedTime=int(TIME) + 1), "the inclusion promise of the log .* is not valid for the entry"),
        (with_payload(logIndex=7), "the inclusion promise of the log .* is not valid for the entry"),
        (with_payload(body="AAAA"), "the inclusion promise of the log .* is not valid for the entry"),
        (
            annotated(old_form.BUNDLE, lambda entry: {**entry, "SignedEntryTimestamp": ""}),
            "has neither an inclusion promise nor an inclusion proof",
        ),
        (
            SIGSTORE.sign_image_old(DIGEST, SIGSTORE.certificate(moment=SIGSTORE.now - seconds(700))),
            "and the time of the signature is 2026-06-01T12:00:03Z",
        ),
        (SIGSTORE.sign_image_old(DIGEST, SIGSTORE.certificate(stamps=[])), "no signed certificate timestamp"),
        (Instance("other.test").sign_image_old(DIGEST), "the trusted root has no transparency log"),
    ],
)
def test_other_signatures_in_the_old_form_are_refused(signature, problem):
    with pytest.raises(SignatureError, match=problem):
        check_old(signature)


def test_a_digest_in_another_form_is_not_the_same():
    with pytest.raises(SignatureError, match="another image"):
        check_old(OLD, DIGEST.upper())


@given(
    documents(json.loads(OLD.layer)),
    st.dictionaries(st.sampled_from(sorted(OLD.annotations)), VALUES, max_size=1),
    st.booleans(),
)
@hostile
def test_any_signature_in_the_old_form_is_the_same_or_refused(layer, annotations, keep):
    fields = Fields({**OLD.annotations, **annotations}, "the annotations of the signature")
    try:
        proof = verify_simple_signing(OLD.layer if keep else layer, fields, DIGEST, ROOT)
    except SignatureError as e:
        message = str(e)
        assert len(message) < 600
        return
    assert (proof.identity.name, proof.moment) == (workflow().uri, TIME)


@given(documents(json.loads(OLD.annotations[old_form.BUNDLE])))
@hostile
def test_any_log_entry_in_the_old_form_is_the_same_or_refused(entry):
    try:
        proof = check_old(annotated(old_form.BUNDLE, entry.decode("utf-8", "surrogateescape")))
    except SignatureError as e:
        message = str(e)
        assert len(message) < 600
        return
    assert (proof.identity.name, proof.moment) == (workflow().uri, TIME)

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bundles: what all versions contain, and which documents are none."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.bundle import (
    Envelope,
    MessageSignature,
    read_bundle,
)
from ansible_collections.localai.core.tests.support.hostile import documents, hostile
from ansible_collections.localai.core.tests.support.sigstore import damage, pki
from ansible_collections.localai.core.tests.support.sigstore.content import b64, pae, statement
from ansible_collections.localai.core.tests.support.sigstore.damage import changed, without
from ansible_collections.localai.core.tests.support.sigstore.instance import How, Instance

SIGSTORE = Instance()
DIGEST = "sha256:" + "5a" * 32
GOOD = SIGSTORE.sign_image(DIGEST)
STAMPED = SIGSTORE.sign_bytes(b"a file", how=How(log="v2"))
MATERIAL = ("verificationMaterial",)
KIND = (*damage.ENTRY, "kindVersion")


def read(document):
    return read_bundle(json.dumps(document).encode())


def test_a_bundle_of_an_image_is_read():
    bundle = read(GOOD)
    assert bundle.version == "0.3"
    assert bundle.certificate.identities
    assert bundle.content == Envelope(
        "application/vnd.in-toto+json",
        statement(DIGEST),
        base64.b64decode(damage.at(GOOD, damage.SIGNATURE)),
    )
    assert bundle.content.signed == pae(statement(DIGEST))
    (entry,) = bundle.entries
    assert (entry.kind, entry.version) == ("dsse", "0.0.1")
    assert (entry.log, entry.index) == (
        SIGSTORE.rekor_v1.key.fingerprint,
        int(damage.at(GOOD, damage.ENTRY)["logIndex"]),
    )
    assert entry.integrated == SIGSTORE.now.timestamp() + 3
    assert entry.promise
    assert entry.proof.checkpoint.size == entry.proof.size
    assert bundle.timestamps == ()


def test_a_bundle_of_a_file_is_read():
    bundle = read(STAMPED)
    signed = STAMPED["messageSignature"]
    assert bundle.content == MessageSignature(
        "sha256", base64.b64decode(signed["messageDigest"]["digest"]), base64.b64decode(signed["signature"])
    )
    (stamp,) = bundle.timestamps
    assert stamp.is_of(bundle.content.signature)
    (entry,) = bundle.entries
    assert (entry.kind, entry.version, entry.integrated, entry.promise) == ("hashedrekord", "0.0.2", 0, b"")
    assert read(without(STAMPED, ("messageSignature", "messageDigest"))).content == MessageSignature(
        "", b"", bundle.content.signature
    )


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.3 of 2024"])
def test_all_versions_are_read(version):
    holder = SIGSTORE.certificate()
    bundle = read(SIGSTORE.sign_image(DIGEST, holder, How(version=version)))
    assert bundle.version == version[:3]
    assert bundle.certificate.der == holder.der
    assert read(SIGSTORE.sign_image(DIGEST, SIGSTORE.key_holder(), How(version=version))).certificate is None


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_a_chain_begins_with_the_signer(version):
    holder = SIGSTORE.certificate()
    assert read(SIGSTORE.sign_image(DIGEST, holder, How(version=version, above=1))).certificate.der == holder.der
    with pytest.raises(SignatureError, match="contains a root certificate, which has to come from the trusted root"):
        read(SIGSTORE.sign_image(DIGEST, holder, How(version=version, above=2)))


def test_version_0_1_needs_a_promise_and_the_others_a_proof():
    assert read(SIGSTORE.sign_image(DIGEST, how=How(version="0.1", proof=False))).entries[0].proof is None
    with pytest.raises(SignatureError, match=r"has version 0.1, and its log entry has no inclusion promise"):
        read(SIGSTORE.sign_image(DIGEST, how=How(version="0.1", promise=False)))
    for version in ("0.2", "0.3"):
        assert not read(SIGSTORE.sign_image(DIGEST, how=How(version=version, promise=False))).entries[0].promise
        with pytest.raises(SignatureError, match=f"has version {version}, and its log entry has no inclusion proof"):
            read(SIGSTORE.sign_image(DIGEST, how=How(version=version, proof=False)))
        for place in (damage.CHECKPOINT, damage.CHECKPOINT[:-1]):
            with pytest.raises(SignatureError, match="its log entry has no inclusion proof"):
                read(without(SIGSTORE.sign_image(DIGEST, how=How(version=version)), place))
    old = SIGSTORE.sign_image(DIGEST, how=How(version="0.1"))
    assert read(without(old, damage.CHECKPOINT)).entries[0].proof.checkpoint is None


def test_numbers_that_are_zero_may_be_missing():
    """Writers of Protocol Buffers leave them out."""
    bundle = without(without(GOOD, (*damage.ENTRY, "logIndex")), (*damage.PROOF, "logIndex"))
    (entry,) = read(without(bundle, (*damage.ENTRY, "integratedTime"))).entries
    assert (entry.index, entry.integrated, entry.proof.index) == (0, 0, 0)
    (entry,) = read(changed(GOOD, (*damage.ENTRY, "logIndex"), 7)).entries
    assert entry.index == 7
    assert (
        read(without(without(GOOD, (*damage.PROOF, "hashes")), (*damage.PROOF, "treeSize"))).entries[0].proof.path == ()
    )


TWICE = [damage.at(GOOD, damage.ENTRY)] * 2
MANY = [{**damage.at(GOOD, damage.ENTRY), "logIndex": number} for number in range(33)]
ROOT = {"rawBytes": b64(pki.raw(SIGSTORE.fulcio.root))}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (without(GOOD, ("mediaType",)), "the bundle has no mediaType"),
        *(
            (
                changed(GOOD, ("mediaType",), media_type),
                "the bundle has the media type .*; supported are bundles of ver",
            )
            for media_type in (
                "",
                "application/vnd.dev.sigstore.bundle.v0.4+json",
                "application/vnd.dev.sigstore.bundle.v0.1+json",
                "application/vnd.dev.sigstore.bundle+json;version=0.4",
                "application/vnd.dev.sigstore.bundle.v0.3+json\n",
                "application/vnd-dev.sigstore.bundle.v0.3+json",
                "x" * 10_000,
            )
        ),
        (without(GOOD, MATERIAL), "the bundle has no verificationMaterial"),
        (without(GOOD, ("dsseEnvelope",)), "does not have either a message signature or a DSSE envelope"),
        (
            {**GOOD, "messageSignature": STAMPED["messageSignature"]},
            "does not have either a message signature or a DSS",
        ),
        (without(GOOD, damage.CERTIFICATE[:-1]), "does not have either a certificate or a public key"),
        (changed(GOOD, (*MATERIAL, "publicKey"), {}), "does not have either a certificate or a public key"),
        (without(GOOD, damage.CERTIFICATE), "verificationMaterial.certificate has no rawBytes"),
        (changed(GOOD, damage.CERTIFICATE, "AAAA"), "the certificate of the bundle is not a valid certificate"),
        (
            changed(
                without(GOOD, damage.CERTIFICATE[:-1]), (*MATERIAL, "x509CertificateChain"), {"certificates": [ROOT]}
            ),
            "has a chain of certificates, and version 0.3 has one certificate",
        ),
        *(
            (
                changed(
                    SIGSTORE.sign_image(DIGEST, how=How(version="0.2")),
                    (*MATERIAL, "x509CertificateChain", "certificates"),
                    certificates,
                ),
                problem,
            )
            for certificates, problem in (
                ([], "has an empty chain of certificates"),
                ([ROOT], "contains a root certificate"),
                ([{}], r"certificates\[0\] has no rawBytes"),
                ([{"rawBytes": "AAAA"}], r"certificates\[0\].rawBytes is not a valid certificate"),
            )
        ),
        (changed(GOOD, damage.ENTRY[:-1], TWICE), "the bundle has a log entry twice"),
        (changed(GOOD, damage.ENTRY[:-1], MANY), "the bundle has more than 32 log entries or timestamps"),
        (changed(GOOD, damage.ENTRY[:-1], MANY * 2), "tlogEntries is not a list of at most 64 entries"),
        (without(GOOD, KIND), r"tlogEntries\[0\] has no kindVersion"),
        (without(GOOD, (*KIND, "kind")), r"tlogEntries\[0\].kindVersion has no kind"),
        (without(GOOD, (*KIND, "version")), r"tlogEntries\[0\].kindVersion has no version"),
        (without(GOOD, (*damage.ENTRY, "logId")), r"tlogEntries\[0\] has no logId"),
        (without(GOOD, damage.BODY), r"tlogEntries\[0\] has no canonicalizedBody"),
        (without(GOOD, damage.PROMISE), r"tlogEntries\[0\].inclusionPromise has no signedEntryTimestamp"),
        (without(GOOD, (*damage.PROOF, "rootHash")), r"tlogEntries\[0\].inclusionProof has no rootHash"),
        (changed(GOOD, damage.CHECKPOINT, "x"), "the checkpoint does not have an origin"),
        (changed(GOOD, damage.CHECKPOINT, "\ud800\n1\nAAAA\n\n"), "envelope is not a text"),
        (changed(GOOD, (*damage.ENTRY, "logIndex"), "-1"), r"tlogEntries\[0\].logIndex is not a number from 0 to"),
        (changed(GOOD, (*damage.ENTRY, "integratedTime"), 1.5), r"tlogEntries\[0\].integratedTime is not a number"),
        (changed(GOOD, (*damage.PROOF, "hashes"), ["AAAA"] * 65), "inclusionProof.hashes is not a list of at most 64"),
        (changed(GOOD, damage.SIGNATURE[:-2], []), "the bundle.dsseEnvelope does not have exactly one signature"),
        (
            changed(GOOD, damage.SIGNATURE[:-2], [damage.at(GOOD, damage.SIGNATURE[:-1])] * 2),
            "the bundle.dsseEnvelope does not have exactly one signature",
        ),
        (without(GOOD, damage.PAYLOAD), "the bundle.dsseEnvelope has no payload"),
        (without(GOOD, ("dsseEnvelope", "payloadType")), "the bundle.dsseEnvelope has no payloadType"),
        (changed(GOOD, ("dsseEnvelope", "payloadType"), "\udcff"), "dsseEnvelope.payloadType is not a text"),
        (without(STAMPED, ("messageSignature", "signature")), "the bundle.messageSignature has no signature"),
        *(
            (
                changed(STAMPED, ("messageSignature", "messageDigest", "algorithm"), name),
                'has the algorithm ".*"; supported are SHA2_256, SHA2_384, SHA2_512',
            )
            for name in ("HASH_ALGORITHM_UNSPECIFIED", "sha256", "SHA1")
        ),
        (changed(STAMPED, damage.STAMP, "AAAA"), r"rfc3161Timestamps\[0\]: an ASN.1 structure is damaged"),
        (
            changed(STAMPED, damage.STAMP[:-2], [damage.at(STAMPED, damage.STAMP[:-1])] * 2),
            "the bundle has a timestamp twice",
        ),
        (changed(STAMPED, damage.STAMP[:-3], []), "timestampVerificationData is not a mapping"),
    ],
)
def test_what_is_not_a_bundle_is_refused(document, problem):
    with pytest.raises(SignatureError, match=problem) as refused:
        read(document)
    assert len(str(refused.value)) < 400
    assert str(refused.value).isprintable()


@given(documents(GOOD, STAMPED))
@hostile
def test_any_document_is_a_bundle_or_refused(content):
    try:
        assert read_bundle(content).content.signature is not None
    except SignatureError as e:
        message = str(e)
        assert len(message) < 500

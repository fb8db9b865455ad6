# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Sigstore of the tests says the truth: its proofs and signatures hold, computed here in another way."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.client import get
from ansible_collections.localai.core.tests.support.images import OCI_INDEX, image, index, layer
from ansible_collections.localai.core.tests.support.layouts import write_oci_layout
from ansible_collections.localai.core.tests.support.push import Pusher, Target
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.sigstore import attach, damage, keys, merkle, old_form, pki, sign
from ansible_collections.localai.core.tests.support.sigstore.identities import ARC, ISSUER, workflow
from ansible_collections.localai.core.tests.support.sigstore.instance import How, Instance, together
from ansible_collections.localai.core.tests.support.sigstore.moments import days

SHA256 = ec.ECDSA(hashes.SHA256())
DIGEST = "sha256:" + "5a" * 32
SUBJECT = image([layer([])])


@pytest.fixture(scope="module")
def sigstore():
    return Instance()


def decoded(document, place):
    return base64.b64decode(damage.at(document, place))


def sha256(content):
    return hashlib.sha256(content).digest()


def root_from_stack(contents):
    """As a log computes it while it grows: whenever two subtrees have the same size they become one."""
    stack = []
    for content in contents:
        size, top = 1, sha256(b"\0" + content)
        while stack and stack[-1][0] == size:
            size, top = 2 * size, sha256(b"\1" + stack.pop()[1] + top)
        stack.append((size, top))
    top = stack.pop()[1]
    while stack:
        top = sha256(b"\1" + stack.pop()[1] + top)
    return top


def root_from_proof(place, size, leaf, hashes_beside):
    """As RFC 9162 (2.1.3.2) has it."""
    last = size - 1
    for beside in hashes_beside:
        assert last
        if place % 2 or place == last:
            leaf = sha256(b"\1" + beside + leaf)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            leaf = sha256(b"\1" + leaf + beside)
        place, last = place >> 1, last >> 1
    assert last == 0
    return leaf


@pytest.mark.parametrize("size", range(1, 10))
def test_proof_of_every_leaf_gives_the_root(size):
    contents = [b"content %d" % number for number in range(size)]
    leaves = [merkle.leaf_hash(content) for content in contents]
    root = root_from_stack(contents)
    assert merkle.root_hash(leaves) == root
    for place, leaf in enumerate(leaves):
        assert root_from_proof(place, size, leaf, merkle.path(place, leaves)) == root


@pytest.mark.parametrize("log", ["v1", "v2"])
def test_entry_is_in_the_tree_that_the_checkpoint_signs(sigstore, log):
    bundle = sigstore.sign_image(DIGEST, how=How(log=log))
    proof = damage.at(bundle, damage.PROOF)
    beside = [base64.b64decode(item) for item in proof["hashes"]]
    leaf = sha256(b"\0" + decoded(bundle, damage.BODY))
    root = root_from_proof(int(proof["logIndex"]), int(proof["treeSize"]), leaf, beside)
    assert root == base64.b64decode(proof["rootHash"])
    text, _blank, lines = damage.at(bundle, damage.CHECKPOINT).partition("\n\n")
    assert text.split("\n")[1:] == [proof["treeSize"], proof["rootHash"]]
    signature = base64.b64decode(lines.split()[2])
    service = sigstore.trusted_root()["tlogs"][log == "v2"]
    assert signature[:4] == base64.b64decode(service["logId"]["keyId"])[:4]
    public = serialization.load_der_public_key(base64.b64decode(service["publicKey"]["rawBytes"]))
    public.verify(signature[4:], (text + "\n").encode(), *([SHA256] if log == "v1" else []))


def test_entry_promises_its_time(sigstore):
    bundle = sigstore.sign_image(DIGEST)
    entry = damage.at(bundle, damage.ENTRY)
    promised = '{{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}}'.format(
        entry["canonicalizedBody"],
        entry["integratedTime"],
        base64.b64decode(entry["logId"]["keyId"]).hex(),
        entry["logIndex"],
    )
    public = sigstore.rekor_v1.key.private.public_key()
    public.verify(decoded(bundle, damage.PROMISE), promised.encode(), SHA256)
    with pytest.raises(InvalidSignature):
        public.verify(decoded(damage.flipped(bundle, damage.PROMISE), damage.PROMISE), promised.encode(), SHA256)


def test_certificate_has_the_promise_of_its_log(sigstore):
    certificate = sigstore.certificate().certificate
    (sct,) = certificate.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    assert sct.log_id == sigstore.ct_log.key.fingerprint
    tbs, issuer = certificate.tbs_precertificate_bytes, sigstore.fulcio.issuer
    spki = issuer.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    millisecond = int(sigstore.now.timestamp() * 1000).to_bytes(8, "big")
    signed = b"\0\0" + millisecond + b"\0\1" + sha256(spki) + len(tbs).to_bytes(3, "big") + tbs + b"\0\0"
    sigstore.ct_log.key.private.public_key().verify(sct.signature, signed, SHA256)
    issuer.public_key().verify(
        certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(certificate.signature_hash_algorithm)
    )


def test_certificate_says_only_what_it_was_told(sigstore):
    identity = workflow().without(ISSUER).named(mail="somebody@example.org")
    certificate = sigstore.certificate(identity, stamps=[], usages=None, extra=[(pki.UNKNOWN, True)]).certificate
    found = {extension.oid.dotted_string: extension for extension in certificate.extensions}
    assert f"{ARC}{ISSUER}" not in found
    assert f"{ARC}1" in found
    assert not {"1.3.6.1.4.1.11129.2.4.2", "2.5.29.37"} & set(found)
    assert found[pki.UNKNOWN.oid.dotted_string].critical
    assert [type(name) for name in found["2.5.29.17"].value] == [x509.RFC822Name]


@pytest.mark.parametrize("kind", keys.KINDS)
def test_keys_of_every_kind_sign(sigstore, kind):
    holder = sigstore.key_holder(kind)
    bundle = sigstore.sign_image(DIGEST, holder)
    payload = decoded(bundle, damage.PAYLOAD)
    assert json.loads(payload)["subject"] == [{"digest": {"sha256": "5a" * 32}}]
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
    private, algorithm = holder.key.private, holder.key.algorithm
    more = [] if kind == "ed25519" else [ec.ECDSA(algorithm)] if kind[0] == "p" else [padding.PKCS1v15(), algorithm]
    private.public_key().verify(decoded(bundle, damage.SIGNATURE), signed, *more)
    assert bundle["verificationMaterial"]["publicKey"] == {"hint": base64.b64encode(sha256(holder.key.spki)).decode()}


@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
def test_openssl_believes_the_timestamp(sigstore, tmp_path, hash_name):
    tmp_path.joinpath("answer").write_bytes(
        sigstore.timestamps.answer(b"a signature", sigstore.now, hash_name=hash_name)
    )
    tmp_path.joinpath("ca").write_bytes(pki.pem(*sigstore.timestamps.chain[1:]))
    verdicts = []
    for content in (b"a signature", b"another one"):
        tmp_path.joinpath("data").write_bytes(content)
        command = ["openssl", "ts", "-verify", "-data", "data", "-in", "answer", "-CAfile", "ca"]
        command += ["-attime", str(int(sigstore.now.timestamp()))]
        verdicts.append(subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode)
    assert verdicts[0] == 0
    assert verdicts[1] != 0


def test_old_form_signs_its_layer(sigstore):
    holder = sigstore.certificate()
    signed = sigstore.sign_image_old(DIGEST, holder)
    assert json.loads(signed.layer)["critical"]["image"] == {"docker-manifest-digest": DIGEST}
    signature = base64.b64decode(signed.annotations[old_form.SIGNATURE])
    certificate = x509.load_pem_x509_certificate(signed.annotations[old_form.CERTIFICATE].encode())
    certificate.public_key().verify(signature, signed.layer, SHA256)
    bundle = json.loads(signed.annotations[old_form.BUNDLE])
    body = json.loads(base64.b64decode(bundle["Payload"]["body"]))
    assert body["spec"]["data"]["hash"]["value"] == sha256(signed.layer).hex()
    promised = json.dumps(bundle["Payload"], sort_keys=True, separators=(",", ":")).encode()
    sigstore.rekor_v1.key.private.public_key().verify(
        base64.b64decode(bundle["SignedEntryTimestamp"]), promised, SHA256
    )


def test_name_decides_about_the_keys(sigstore):
    again, other = Instance(), Instance("other.test")
    assert again.trusted_root() == sigstore.trusted_root()
    both = together(sigstore.trusted_root(), other.trusted_root())
    assert len({service["logId"]["keyId"] for service in both["tlogs"]}) == 4
    assert len(both["certificateAuthorities"]) == 2


def test_moment_moves_certificate_and_log_together(sigstore):
    earlier = sigstore.now - days(30)
    bundle = sigstore.sign_image(DIGEST, how=How(moment=earlier))
    certificate = x509.load_der_x509_certificate(decoded(bundle, damage.CERTIFICATE))
    assert certificate.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps)
    assert int(damage.at(bundle, damage.ENTRY)["integratedTime"]) == int(earlier.timestamp()) + 3


def test_registry_lists_referrers_if_it_shall(sigstore):
    subject = backend_image("piper")
    bundle = sigstore.sign_image(subject.digest)
    signed = attach.referrer(subject, bundle)
    with Registry(referrers=True) as server:
        server.put("r", "latest", subject)
        page = f"/v2/r/referrers/{subject.digest}"
        assert json.loads(get(server, page).body)["manifests"] == []
        attach.put_referrers(Pusher(Target(server.host, plain_http=True)).push, "r", [signed])
        answer = get(server, page)
        (row,) = json.loads(answer.body)["manifests"]
        assert answer.headers["Content-Type"] == OCI_INDEX
        assert (row["digest"], row["artifactType"]) == (signed.digest, attach.BUNDLE_TYPE)
        assert row["annotations"]["dev.sigstore.bundle.predicateType"] == "https://sigstore.dev/cosign/sign/v1"
        assert json.loads(get(server, page + "?artifactType=another").body)["manifests"] == []
        assert json.loads(server._blobs["r", json.loads(signed.manifest)["layers"][0]["digest"]]) == bundle
        server.referrers = False
        assert get(server, page).status == 404


def test_fallback_names_the_type_of_the_config(sigstore):
    old = attach.old_referrer(SUBJECT, [sigstore.sign_image_old(SUBJECT.digest)])
    new = attach.referrer(SUBJECT, sigstore.sign_image(SUBJECT.digest))
    with Registry() as server:
        attach.put_fallback(server.put, "r", SUBJECT, [old, new])
        tag = "sha256-" + SUBJECT.digest[len("sha256:") :]
        rows = json.loads(get(server, f"/v2/r/manifests/{tag}").body)["manifests"]
        assert [row["artifactType"] for row in rows] == [old_form.SIGNATURE_TYPE, attach.EMPTY_TYPE]
        assert [get(server, f"/v2/r/manifests/{row['digest']}").status for row in rows] == [200, 200]


def test_layout_has_signatures_beside_the_image(sigstore, tmp_path):
    write_oci_layout(tmp_path, {"latest": SUBJECT})
    attach.add_to_layout(tmp_path, [attach.referrer(SUBJECT, sigstore.sign_image(SUBJECT.digest))])
    rows = json.loads(tmp_path.joinpath("index.json").read_bytes())["manifests"]
    assert [row.get("artifactType") for row in rows] == [None, attach.BUNDLE_TYPE]
    manifest = json.loads(tmp_path.joinpath("blobs", *rows[1]["digest"].split(":")).read_bytes())
    assert manifest["subject"]["digest"] == SUBJECT.digest
    assert tmp_path.joinpath("blobs", *manifest["layers"][0]["digest"].split(":")).exists()


def test_program_signs_what_is_in_a_registry(tmp_path, monkeypatch, capsys):
    images = index([image([layer([])])])
    root = tmp_path / "root.json"
    with Registry() as server:
        reference = server.put("some/piper", "latest", images)
        command = ["sign", "--plain-http", "--form", "bundle", "old", "--trusted-root", str(root), reference]
        monkeypatch.setattr("sys.argv", command)
        sign.main()
        signed = capsys.readouterr().out.split()
        assert signed == [images.digest, images.images[0].digest]
        for name in signed:
            listed = json.loads(get(server, "/v2/some/piper/manifests/" + name.replace(":", "-")).body)["manifests"]
            manifests = [json.loads(get(server, f"/v2/some/piper/manifests/{row['digest']}").body) for row in listed]
            assert [manifest["subject"]["digest"] for manifest in manifests] == [name, name]
    assert json.loads(root.read_text(encoding="utf-8")) == Instance().trusted_root()

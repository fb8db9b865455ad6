# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures in whole runs: with `enforce`, a host runs only what a workflow built that its policy names."""

from __future__ import annotations

import datetime as dt
import json
from unittest import mock

import pytest

from ansible_collections.localai.core.tests.support.gallery_artifacts import artifact
from ansible_collections.localai.core.tests.support.layouts import write_oci_layout
from ansible_collections.localai.core.tests.support.proof import prove
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.signed_world import OTHER_WORKFLOW, POLICY, REPOSITORY, SignedWorld
from ansible_collections.localai.core.tests.support.sigstore import attach, damage
from ansible_collections.localai.core.tests.support.sigstore.identities import workflow
from ansible_collections.localai.core.tests.support.sigstore.instance import How, Instance
from ansible_collections.localai.core.tests.support.sigstore.moments import NOW

WORKFLOW = "https://github.com/mudler/LocalAI/.github/workflows/backend_merge.yml@refs/heads/master"
NOT_VERIFIED = "piper: its signature is not verified: "
LIBRARY = "ansible_collections.localai.core.plugins.module_utils._sigstore.library"


@pytest.fixture(params=[True, False], ids=["referrers", "fallback tag"])
def registry(request):
    with Registry(referrers=request.param) as server:
        yield server


@pytest.fixture
def signed(registry, tmp_path):
    return SignedWorld(registry, tmp_path)


def record_of(host, name="piper"):
    return json.loads((host.path / name / ".localai-core.json").read_text().partition("\n")[0].rstrip(",") + "}")


def test_a_signed_image_is_installed_and_its_signer_recorded(host, signed):
    signed.sign()
    result = prove(host, "piper", action="install", **signed.options)
    assert result["warnings"] == []
    assert result["diff"][0]["after"]["signed_by"] == WORKFLOW
    (row,) = host.info(**signed.options)["backends"]
    assert row["signer"] == record_of(host)["signer"]
    assert row["signer"]["identity"] == WORKFLOW
    assert row["signer"]["issuer"] == POLICY["issuer"]
    assert row["signer"]["log"].startswith("https://rekor.")
    assert row["signer"]["trusted_root"].startswith("trusted_root sha256:")


def test_a_verified_image_takes_three_more_small_requests(host, signed):
    signed.sign()
    host.install("piper", **{**signed.options, "signatures": "ignore"})
    plain = len(signed.registry.requests)
    host.install("piper", force=True, **{**signed.options, "signatures": "ignore"})
    forced = len(signed.registry.requests) - plain
    host.install("piper", force=True, **signed.options)
    verified = len(signed.registry.requests) - plain - forced
    # The list of what is about the image, a manifest, and the bundle; without that list there is a tag for it.
    assert verified - forced == (3 if signed.registry.referrers else 4)


def refused(host, signed, check=True, **options):
    """The message of a task that is refused in check mode as in a run; nothing is written."""
    messages = set()
    for mode in (True, False):
        result = host.backend("piper", check=mode, **{**signed.options, **options})
        assert (result["failed"], result["changed"], host.path.exists()) == (True, False, False)
        messages.add(result["msg"])
    (message,) = messages
    assert message.startswith(NOT_VERIFIED)
    return message


def test_an_unsigned_image_is_refused(host, signed):
    assert "has no signature of sha256:" in refused(host, signed)


def test_a_signature_by_another_workflow_is_refused(host, signed):
    holder = signed.sigstore.certificate(OTHER_WORKFLOW)
    signed.attach(signed.sigstore.sign_image(signed.image.digest, holder))
    assert "the identity of its signer is https://github.com/stranger/fork/" in refused(host, signed)


def test_a_signature_of_another_image_is_refused(host, signed):
    signed.attach(signed.bundle("sha256:" + "0" * 64))
    assert "the statement is about another artifact" in refused(host, signed)


def test_a_signature_of_another_sigstore_is_refused(host, signed):
    signed.attach(Instance("other.test").sign_image(signed.image.digest))
    assert "the trusted root has no transparency log" in refused(host, signed)


def test_a_log_that_lies_is_refused(host, signed):
    signed.attach(damage.flipped(signed.bundle(), damage.BODY))
    assert "the inclusion proof is not one for this log entry" in refused(host, signed)


def test_an_expired_certificate_is_refused(host, signed):
    holder = signed.sigstore.certificate(moment=NOW - dt.timedelta(days=1))
    signed.attach(signed.sigstore.sign_image(signed.image.digest, holder))
    assert "the time of the signature is" in refused(host, signed)


def test_a_broken_bundle_is_refused(host, signed):
    referrer = attach.referrer(signed.image, b"{")
    if signed.registry.referrers:
        attach.put_referrers(signed.registry.put, REPOSITORY, [referrer])
    else:
        attach.put_fallback(signed.registry.put, REPOSITORY, signed.image, [referrer])
    assert "the bundle is not valid JSON" in refused(host, signed)


def test_one_of_several_signatures_is_enough(host, signed):
    stranger = signed.sigstore.sign_image(signed.image.digest, signed.sigstore.certificate(OTHER_WORKFLOW))
    broken = damage.flipped(signed.bundle(), damage.SIGNATURE)
    signed.attach(broken, stranger, signed.bundle())
    assert host.install("piper", **signed.options)["changed"]


def test_a_signature_of_the_image_in_the_index_is_enough(host, signed):
    (child,) = signed.image.images
    bundle = signed.bundle(child.digest)
    referrers = [attach.referrer(child, bundle)]
    if signed.registry.referrers:
        attach.put_referrers(signed.registry.put, REPOSITORY, referrers)
    else:
        attach.put_fallback(signed.registry.put, REPOSITORY, child, referrers)
    prove(host, "piper", action="install", **signed.options)


def test_rekor_v2_needs_a_timestamp(host, signed):
    signed.sign(log="v2", stamped=False)
    assert "nothing proves when the signature was made" in refused(host, signed)
    signed.sign(log="v2")
    prove(host, "piper", action="install", **signed.options)


def test_the_older_form_of_cosign_counts_if_the_task_says_so(host, signed):
    old = signed.sigstore.sign_image_old(signed.image.digest)
    referrers = [attach.old_referrer(signed.image, [old])]
    if signed.registry.referrers:
        attach.put_referrers(signed.registry.put, REPOSITORY, referrers)
    else:
        attach.put_fallback(signed.registry.put, REPOSITORY, signed.image, referrers)
    assert "Set legacy_signatures to accept it" in refused(host, signed)
    prove(host, "piper", action="install", **signed.options, legacy_signatures=True)


def test_with_warn_the_problem_is_a_warning(host, signed):
    options = {**signed.options, "signatures": "warn"}
    result = host.install("piper", **options)
    (warning,) = result["warnings"]
    assert warning.startswith(NOT_VERIFIED)
    assert "signer" not in record_of(host)
    # The build stays, and the next run asks again.
    again = host.install("piper", **options)
    assert again["changed"] is False
    assert again["warnings"][0].startswith(warning)
    assert "state=latest or force installs the current build" in again["warnings"][0]
    signed.sign()
    recorded = host.install("piper", **options)
    assert (recorded["changed"], recorded["warnings"]) == (True, [])


def test_what_is_installed_gets_its_signer_without_a_download(host, signed):
    host.install("piper", **{**signed.options, "signatures": "ignore"})
    assert host.backend("piper", **signed.options)["failed"]
    signed.sign()
    tree = (host.path / "piper" / "backend").stat().st_ino
    predicted = host.backend("piper", check=True, **signed.options)
    result = host.install("piper", **signed.options)
    assert result["diff"] == predicted["diff"] != []
    assert result["restart_required"] is False
    assert result["unload"] == []
    assert (host.path / "piper" / "backend").stat().st_ino == tree
    assert record_of(host)["signer"]["identity"] == WORKFLOW
    assert record_of(host)["listed"] is True
    assert host.install("piper", verify=True, **signed.options)["changed"] is False


def test_a_changed_policy_is_checked_against_the_recorded_signer(host, signed):
    signed.sign()
    host.install("piper", **signed.options)
    signed.registry.requests.clear()
    signed.gallery["verification"] = {**POLICY, "identity_regex": r"/backend_merge\.yml@refs/(heads|tags)/"}
    assert host.install("piper", **signed.options)["changed"] is False
    assert signed.registry.requests == []
    signed.gallery["verification"] = {**POLICY, "source_repository": "https://github.com/other/fork"}
    result = host.backend("piper", **signed.options)
    assert result["failed"]
    assert "and the policy demands https://github.com/other/fork" in result["msg"]


def test_pins_of_a_verified_run_need_no_network_for_signatures(host, signed):
    signed.sign()
    pins = host.info("piper", pins=True, **signed.options)["pins"]
    (row,) = pins["backends"]
    assert (pins["format"], row["signer"]["identity"]) == (2, WORKFLOW)
    signed.registry.requests.clear()
    with mock.patch(f"{LIBRARY}.check_library", side_effect=AssertionError("it verifies")):
        prove(host, "piper", action="install", pins=pins, **signed.options)
    assert not [request for request in signed.registry.requests if "referrers" in request.path]
    assert record_of(host)["signer"] == row["signer"]


def test_pins_of_another_signer_are_refused(host, signed):
    signed.attach(signed.sigstore.sign_image(signed.image.digest, signed.sigstore.certificate(OTHER_WORKFLOW)))
    anybody = {"issuer": POLICY["issuer"], "identity_regex": "."}
    signed.gallery["verification"] = anybody
    pins = host.info("piper", pins=True, **signed.options)["pins"]
    signed.gallery["verification"] = POLICY
    assert "the identity of its signer is https://github.com/stranger/fork/" in refused(host, signed, pins=pins)


def test_pins_of_an_unsigned_image(host, signed):
    result = host.info("piper", pins=True, **signed.options)
    assert result["failed"]
    assert NOT_VERIFIED in result["msg"]
    warned = host.info("piper", pins=True, **{**signed.options, "signatures": "warn"})
    assert warned["pins"]["format"] == 1
    assert warned["warnings"]
    assert NOT_VERIFIED in warned["warnings"][0]


@pytest.mark.parametrize("version", [None, "37.0.4"])
def test_a_host_that_cannot_verify_says_what_to_do(host, signed, version):
    signed.sign()
    library = None if version is None else mock.Mock(__version__=version)
    with mock.patch.dict("sys.modules", {"cryptography": library}):
        message = refused(host, signed)
    assert "needs version 38 or newer. Install it (python3-cryptography" in message
    assert "create pins there with localai_backend_info" in message


def test_what_is_no_image_is_refused(host, signed, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "run.sh").write_text("#!/bin/sh\n")
    signed.index.write_text(f"- name: piper\n  uri: {source}\n")
    assert "it is not an image, and only images are signed" in refused(host, signed)


def test_an_image_without_a_policy_is_refused(host, signed):
    del signed.gallery["verification"]
    signed.sign()
    assert "there is no policy for its image. Add verification to a gallery of the task" in refused(host, signed)


def test_localais_own_images_have_a_policy(host, signed):
    """The registry is a mirror of the one that LocalAI publishes to."""
    tag = "latest-cpu-piper"
    signed.registry.put("go-skynet/local-ai-backends", tag, signed.image)
    holder = signed.sigstore.certificate(workflow("refs/tags/v4.11.0"))
    referrer = attach.referrer(signed.image, signed.sigstore.sign_image(signed.image.digest, holder))
    signed.index.write_text(f"- name: piper\n  uri: quay.io/go-skynet/local-ai-backends:{tag}\n")
    mirror = {"host": "quay.io", "mirrors": [{"url": f"http://{signed.registry.host}", "resolve": True}]}
    options = {"galleries": [{"name": "own", "url": str(signed.index)}], "endpoints": [mirror]}
    assert "has no signature" in refused(host, signed, **options)
    if signed.registry.referrers:
        attach.put_referrers(signed.registry.put, "go-skynet/local-ai-backends", [referrer])
    else:
        attach.put_fallback(signed.registry.put, "go-skynet/local-ai-backends", signed.image, [referrer])
    prove(host, "piper", action="install", **{**signed.options, **options})


@pytest.mark.parametrize("tagged", [True, False])
def test_a_layout_brings_its_signatures(host, signed, tmp_path, tagged):
    referrer = attach.referrer(signed.image, signed.bundle())
    images = {"latest": signed.image}
    if tagged:
        images[attach.fallback_tag(signed.image.digest)] = attach.fallback_index([referrer])
    layout = tmp_path / "layout"
    write_oci_layout(layout, images)
    if not tagged:
        attach.add_to_layout(layout, [referrer])
    signed.index.write_text(f"- name: piper\n  uri: ocilayout:{layout}:latest\n")
    prove(host, "piper", action="install", **signed.options)


def test_a_policy_that_is_not_applied_is_a_warning(host, signed):
    result = host.install("piper", **{**signed.options, "signatures": "ignore"})
    assert result["warnings"] == [
        "gallery own: its policy verification is not applied, because signatures is ignore. Set signatures to enforce."
    ]


def test_an_index_in_a_registry_needs_a_signature(host, signed):
    index = artifact({"index.yaml": signed.index.read_bytes()})
    signed.registry.put("local-ai/gallery", "latest", index)
    signed.sign()
    policy = {"issuer": POLICY["issuer"], "identity_regex": r"/gallery_publish\.yml@refs/heads/master$"}
    gallery = {**signed.gallery, "url": f"oci://{signed.registry.host}/local-ai/gallery:latest"}
    options = {**signed.options, "galleries": [{**gallery, "artifact_verification": policy}]}
    result = host.backend("piper", check=True, **options)
    assert result["failed"]
    assert "the signature of the index at oci://" in result["msg"]
    publisher = workflow(file="gallery_publish.yml")
    bundle = signed.sigstore.sign_image(index.digest, signed.sigstore.certificate(publisher), How())
    referrers = [attach.referrer(index, bundle)]
    if signed.registry.referrers:
        attach.put_referrers(signed.registry.put, "local-ai/gallery", referrers)
    else:
        attach.put_fallback(signed.registry.put, "local-ai/gallery", index, referrers)
    assert prove(host, "piper", action="install", **options)["warnings"] == []


@pytest.mark.parametrize(
    ("root", "says"),
    [
        ("/no/such/root.json", "trusted_root: /no/such/root.json: No such file or directory on this host."),
        ("{}", "trusted_root: its content: the trusted root has the media type"),
        ("{", "trusted_root: its content: the trusted root is not valid JSON"),
        (" ", "trusted_root must be an absolute path on the host, or the content"),
        (["/x"], "trusted_root must be an absolute path"),
        ("root.json", "trusted_root must be an absolute path"),
    ],
)
def test_a_trusted_root_that_cannot_be_used_is_an_error(host, signed, root, says):
    signed.sign()
    result = host.backend("piper", check=True, **{**signed.options, "trusted_root": root})
    assert result["failed"]
    assert says in result["msg"]


@pytest.mark.parametrize("kind", [str, json.loads])
def test_a_trusted_root_can_be_its_content(host, signed, kind):
    signed.sign()
    prove(host, "piper", action="install", **{**signed.options, "trusted_root": kind(signed.root.read_text())})

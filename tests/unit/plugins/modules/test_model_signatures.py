# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures of galleries of models: that of an index in a registry, which also stands for the base files beside it."""

from __future__ import annotations

import json

import pytest

from ansible_collections.localai.core.tests.support.gallery_artifacts import artifact
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.sigstore import attach
from ansible_collections.localai.core.tests.support.sigstore.identities import workflow
from ansible_collections.localai.core.tests.support.sigstore.instance import Instance

POLICY = {
    "issuer": "https://token.actions.githubusercontent.com",
    "identity": "https://github.com/mudler/LocalAI/.github/workflows/gallery_publish.yml@refs/heads/master",
}
REPOSITORY = "local-ai/models"


@pytest.fixture
def registry():
    with Registry(referrers=True) as server:
        yield server


@pytest.fixture
def gallery(registry, model_host):
    """A gallery in a registry that nobody has signed."""
    files = {
        "index.yaml": model_host.world.index.read_bytes() + b"- {name: based, url: base.yaml}\n",
        "base.yaml": b"config_file: |\n  backend: whisper\n  parameters:\n    model: org/repo\n",
    }
    index = artifact(files)
    registry.put(REPOSITORY, "latest", index)
    return index


@pytest.fixture
def options(registry, gallery, tmp_path):
    """A task that demands a signature."""
    root = tmp_path / "root.json"
    root.write_text(json.dumps(Instance().trusted_root()))
    url = f"oci://{registry.host}/{REPOSITORY}:latest"
    galleries = [{"name": "signed", "url": url, "artifact_verification": POLICY}]
    return {"galleries": galleries, "signatures": "enforce", "trusted_root": str(root)}


def sign(registry, gallery):
    """Sign the gallery as LocalAI's workflow does."""
    sigstore = Instance()
    bundle = sigstore.sign_image(gallery.digest, sigstore.certificate(workflow(file="gallery_publish.yml")))
    attach.put_referrers(registry.put, REPOSITORY, [attach.referrer(gallery, bundle)])


def test_a_signed_gallery_and_its_base_files_are_used(registry, gallery, model_host, options):
    assert "the signature of the index at oci://" in model_host.model("based", check=True, **options)["msg"]
    sign(registry, gallery)
    result = model_host.install("one", "based", **options)
    assert (result["changed"], result["warnings"]) == (True, [])
    assert "backend: whisper" in (model_host.path / "based.yaml").read_text()
    # The base file was read at the digest that is signed.
    read = [request.path for request in registry.requests if "/manifests/" in request.path]
    assert f"/v2/{REPOSITORY}/manifests/{gallery.digest}" in read
    assert model_host.install("one", "based", **options)["changed"] is False


def test_a_base_file_in_another_artifact_is_refused(registry, gallery, model_host, options):
    url = f"oci://{registry.host}/{REPOSITORY}:other#base.yaml"
    other = artifact({"index.yaml": f"- {{name: based, url: '{url}'}}\n".encode()})
    registry.put(REPOSITORY, "other", gallery)
    registry.put(REPOSITORY, "latest", other)
    sign(registry, other)
    message = model_host.model("based", check=True, **options)["msg"]
    assert "it is read by a tag, whose signature is not verified" in message
    assert not model_host.model("based", check=True, **{**options, "signatures": "warn"})["failed"]


@pytest.mark.parametrize("mode", ["ignore", "warn", "enforce"])
def test_a_policy_for_images_does_not_apply_to_models(registry, gallery, model_host, options, mode):
    sign(registry, gallery)
    (row,) = options["galleries"]
    row["verification"] = POLICY
    warnings = model_host.model("one", check=True, **{**options, "signatures": mode})["warnings"]
    assert any("because models have no signatures" in warning for warning in warnings)

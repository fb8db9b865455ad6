# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The weights of a model of Ollama are one file, which its registry or a mirror has."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, Mirror
from ansible_collections.localai.core.tests.support import images, registry
from ansible_collections.localai.core.tests.support.auth import Basic
from ansible_collections.localai.core.tests.support.delivery import NOISE, Anything, deliver_file, sources

MODEL = b"GGUF" + NOISE
SHA256 = hashlib.sha256(MODEL).hexdigest()
MODEL_TYPE = "application/vnd.ollama.image.model"


def put(server, repository: str, tag: str, weights: int = 1) -> None:
    """Store a model, as Ollama's registry has it, with so many layers of weights."""
    rows = [{"mediaType": "application/vnd.ollama.image.template", "size": 1, "digest": images.digest(b"t")}]
    rows += [{"mediaType": MODEL_TYPE, "size": len(MODEL), "digest": images.digest(MODEL)}] * weights
    config = {"mediaType": images.DOCKER_CONFIG, "size": 2, "digest": images.digest(b"{}")}
    manifest = images.document(
        {"schemaVersion": 2, "mediaType": images.DOCKER_MANIFEST, "config": config, "layers": rows}
    )
    server.put_blob(repository, MODEL)
    # The real one states only that it is text.
    server.put_manifest(repository, tag, manifest, images.DOCKER_MANIFEST)


def through(server, **settings: str) -> dict[str, tuple[Endpoint, ...]]:
    """The settings of a connection that uses a registry in place of Ollama's."""
    mirror = Mirror(Address(server.url), resolve=True)
    return {"endpoints": (Endpoint("registry.ollama.ai", mirrors=(mirror,)), Endpoint(server.host, **settings))}


@pytest.mark.parametrize(
    ("uri", "repository", "tag"),
    [
        ("ollama://gemma:2b", "library/gemma", "2b"),
        ("ollama://gemma", "library/gemma", "latest"),
        ("ollama://Me/gemma:2b", "Me/gemma", "2b"),
    ],
)
def test_the_weights_are_one_file_that_its_digest_proves(stage, server, uri, repository, tag):
    put(server, repository, tag)
    delivered, tree = deliver_file(stage, uri, **through(server))
    artifact = delivered.artifact
    assert (tree, artifact.size, artifact.digest) == ({"gemma": MODEL}, len(MODEL), f"sha256:{SHA256}")
    assert artifact.uri.text == uri
    assert delivered.served_by == f"{server.host}/{repository}@sha256:{SHA256}"


def test_the_registry_may_need_credentials(stage):
    with registry.Registry(Basic("me", "pw")) as server:
        put(server, "library/gemma", "2b")
        _delivered, tree = deliver_file(
            stage, "ollama://gemma:2b", name="m.gguf", **through(server, username="me", password="pw")
        )
    assert tree == {"m.gguf": MODEL}


@pytest.mark.parametrize(("count", "text"), [(0, "has no layers with weights"), (2, "has 2 layers with weights")])
def test_a_model_without_exactly_one_file_of_weights_is_refused(server, count, text):
    put(server, "library/gemma", "2b", weights=count)
    with pytest.raises(SourceError, match=text):
        sources(Anything(), **through(server)).find_file([Address("ollama://gemma:2b")])


def test_a_model_that_does_not_exist_is_missing(server):
    with pytest.raises(SourceError, match=r"ollama://gemma:2b: .*404") as caught:
        sources(Anything(), **through(server)).find_file([Address("ollama://gemma:2b")])
    assert caught.value.missing

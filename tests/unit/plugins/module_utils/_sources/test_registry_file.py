# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A layer of an artifact or image is a single file if it is clear which one."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import Descriptor, Manifest
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, Mirror
from ansible_collections.localai.core.plugins.module_utils._sources.registry_file import file_layer
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.delivery import NOISE, Anything, deliver_file, sources, starts
from ansible_collections.localai.core.tests.support.faults import Cut, Status

MODEL = b"GGUF" + NOISE
SHA256 = hashlib.sha256(MODEL).hexdigest()
GGUF = "application/vnd.docker.ai.gguf.v3"
TAR = "application/vnd.oci.image.layer.v1.tar"
LICENSE = "application/vnd.docker.ai.license"


def row(content: bytes, media_type: str, title: str = "", **annotations: str) -> dict[str, Any]:
    """Return what a manifest says of a layer."""
    titled = {"org.opencontainers.image.title": title} if title else {}
    digest = images.digest(content)
    return {"mediaType": media_type, "size": len(content), "digest": digest, "annotations": {**titled, **annotations}}


def put(server, *layers: tuple[bytes, dict[str, Any]], name: str = "x/y") -> str:
    """Store an artifact with these layers; return its URI."""
    config = {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": images.digest(b"{}")}
    manifest = images.document(
        {
            "schemaVersion": 2,
            "mediaType": images.OCI_MANIFEST,
            "config": config,
            "layers": [layer for _content, layer in layers],
        }
    )
    for content, _layer in layers:
        server.put_blob(name, content)
    for key in ("tag", images.digest(manifest)):
        server.put_manifest(name, key, manifest, images.OCI_MANIFEST)
    return f"oci://{server.host}/{name}:tag"


def descriptor(media_type: str, title: str = "", **annotations: str) -> Descriptor:
    titled = {"org.opencontainers.image.title": title} if title else {}
    return Descriptor("sha256:" + "0" * 64, 1, media_type, annotations={**titled, **annotations})


@pytest.mark.parametrize("sha256", [SHA256, ""])
def test_the_only_layer_is_the_file_and_its_digest_proves_it(stage, server, sha256):
    uri = put(server, (MODEL, row(MODEL, GGUF)))
    delivered, tree = deliver_file(stage, uri, sha256=sha256)
    artifact = delivered.artifact
    assert (tree, artifact.size, artifact.digest) == ({"y": MODEL}, len(MODEL), f"sha256:{SHA256}")
    assert delivered.served_by == f"{server.host}/x/y@sha256:{SHA256}"


def test_the_title_is_the_default_name(stage, server):
    uri = put(server, (MODEL, row(MODEL, TAR, "sub/m.gguf")))
    assert deliver_file(stage, uri)[1] == {"m.gguf": MODEL}
    assert deliver_file(stage, uri, name="other.gguf")[1] == {"other.gguf": MODEL}


def test_another_sha256_is_refused_before_anything_is_read(server):
    uri = put(server, (MODEL, row(MODEL, GGUF)))
    with pytest.raises(SourceError, match=rf"its sha256 is {SHA256}, not {'0' * 64}"):
        sources(Anything()).find_file([Address(uri)], "0" * 64)
    assert starts(server, "/blobs/") == []


def test_a_child_of_an_index_for_this_platform_is_used(stage, server):
    put(server, (MODEL, row(MODEL, GGUF)))
    manifest = server._manifests["x/y", "tag"][1]
    child = {"mediaType": images.OCI_MANIFEST, "size": len(manifest), "digest": images.digest(manifest)}
    index = images.document({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [child]})
    server.put_manifest("x/y", "all", index, images.OCI_INDEX)
    assert deliver_file(stage, f"oci://{server.host}/x/y:all")[1] == {"y": MODEL}


def test_a_mirror_of_the_registry_goes_on_where_another_one_stopped(stage, server):
    uri = put(server, (MODEL, row(MODEL, GGUF)))
    put(server, (MODEL, row(MODEL, GGUF)), name="m/x/y")
    server.faults = [
        Cut("/m/x/y/blobs/", times=1, after=400_000),
        Status("/m/x/y/blobs/", status=404),
    ]
    own = Endpoint(server.host, mirrors=(Mirror(Address(f"{server.url}/m")),))
    delivered, tree = deliver_file(stage, uri, endpoints=(own,))
    assert (tree, delivered.transferred) == ({"y": MODEL}, len(MODEL))
    assert starts(server, "/v2/x/y/blobs/")[0][1] == "400000"


def test_a_registry_replaces_a_web_server_if_a_digest_is_known(stage, server, files):
    files.pages["/m.gguf"] = MODEL
    files.faults = [Status("/m.gguf", status=404, skip=1)]
    uri = put(server, (MODEL, row(MODEL, GGUF)))
    delivered, tree = deliver_file(stage, files.url + "/m.gguf", uri, sha256=SHA256)
    assert (tree, delivered.served_by) == ({"m.gguf": MODEL}, f"{server.host}/x/y@sha256:{SHA256}")


WEIGHTS = descriptor(GGUF, "m.gguf")


@pytest.mark.parametrize(
    ("layers", "name", "position"),
    [
        ([descriptor(GGUF)], "", 0),
        ([descriptor(TAR, "m.bin")], "", 0),
        ([descriptor(LICENSE, "LICENSE"), WEIGHTS], "", 1),
        ([descriptor(GGUF, "a.gguf"), WEIGHTS], "models/m.gguf", 1),
        ([descriptor(GGUF, "a.gguf"), descriptor(LICENSE, "LICENSE")], "LICENSE", 1),
        ([descriptor(TAR), WEIGHTS], "other.gguf", 1),
    ],
)
def test_it_is_clear_which_layer_is_the_file(layers, name, position):
    assert file_layer(Manifest("", layers=tuple(layers)), name) is layers[position]


@pytest.mark.parametrize(
    ("layers", "named"),
    [
        ([], "Its layers: none."),
        ([descriptor(TAR + "+gzip")], f"Its layers: {TAR}+gzip."),
        ([descriptor(TAR + "+gzip", "m", **{"io.deis.oras.content.unpack": "true"})], "Its layers: m."),
        ([descriptor(GGUF, "a.gguf"), WEIGHTS], "Its layers: a.gguf, m.gguf."),
        ([descriptor(LICENSE), descriptor("")], f"Its layers: {LICENSE}, sha256:000"),
        ([descriptor(LICENSE)] * 12, ", and 2 more."),
    ],
)
def test_otherwise_the_error_names_the_layers(layers, named):
    with pytest.raises(SourceError) as caught:
        file_layer(Manifest("", layers=tuple(layers)), "x")
    assert named in str(caught.value)


def test_a_layer_with_another_kind_of_digest_is_refused(server):
    digest = "sha512:" + hashlib.sha512(MODEL).hexdigest()
    uri = put(server, (MODEL, {**row(MODEL, GGUF), "digest": digest}))
    with pytest.raises(SourceError, match="a digest of sha512"):
        sources(Anything()).find_file([Address(uri)])

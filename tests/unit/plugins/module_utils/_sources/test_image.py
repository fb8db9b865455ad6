# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An image, wherever it is, becomes the tree of its layers."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    SourceError,
)
from ansible_collections.localai.core.plugins.module_utils._oci.docker_archive import DockerArchive
from ansible_collections.localai.core.plugins.module_utils._oci.image import Image
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import Descriptor
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._sources.image import ImageContent, RegistrySource
from ansible_collections.localai.core.plugins.module_utils._sources.uri import ImageUri
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import (
    directory,
    file,
)
from ansible_collections.localai.core.tests.support.delivery import (
    AMD64,
    BIG,
    BIG_EXPECTED,
    BIG_LAYER,
    CUTS,
    EXPECTED,
    IMAGE,
    LAYER,
    deliver,
    sources,
    starts,
)
from ansible_collections.localai.core.tests.support.faults import (
    Cut,
    Headers,
    IgnoreRange,
    Raw,
    Status,
)
from ansible_collections.localai.core.tests.support.layouts import docker_archive, oci_archive, write_oci_layout

EXPECTED["venv/lib/python3.10/site-packages/grpcio.py"] = EXPECTED["venv/lib/python3.10/site-packages/grpc.py"]


EXPECTED.update(dict.fromkeys(["venv/lib", "venv/lib/python3.10"], b""))


@pytest.mark.parametrize(
    "uri", ["quay.io/x/y@sha256:short", "quay.io/x/y:tag@latest", "oci://quay.io/X", "./piper", "piper dir", ""]
)
def test_a_uri_that_is_no_valid_reference_is_refused(uri):
    with pytest.raises(SourceError, match="is not an image reference"):
        sources().find((Address(uri),))


@pytest.mark.parametrize("prefix", ["", "oci://"])
def test_an_image_is_unpacked(stage, server, prefix):
    uri = prefix + server.put("x/y", "tag", IMAGE)
    delivered, tree = deliver(stage, uri)
    assert tree == EXPECTED
    assert delivered.served_by == f"{server.host}/x/y@{IMAGE.digest}"
    assert (delivered.transferred, delivered.artifact.size) == (len(LAYER.blob), len(LAYER.blob))
    assert (delivered.artifact.uri.text, delivered.artifact.digest) == (uri, IMAGE.digest)
    assert delivered.artifact.platform_digest == IMAGE.images[0].digest


def test_layers_are_laid_over_each_other(stage, server):
    layers = [
        images.layer([file("run.sh", "old", 0o755), file("gone"), directory("d"), file("d/x")]),
        images.layer(
            [file(".wh.gone"), file("d/.wh..wh..opq"), file("d/y", "y"), file("run.sh", "new", 0o755)], "none"
        ),
    ]
    _delivered, tree = deliver(stage, server.put("x/y", "tag", images.image(layers, AMD64)))
    assert tree == {"run.sh": b"new", "d": b"", "d/y": b"y"}


def test_a_layer_that_this_host_cannot_decompress_is_an_error_before_the_pull(monkeypatch, stage, server):
    layer = images.layer([file("run.sh")], "zstd")
    for library in ("compression.zstd", "backports.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    image = images.image([layer], AMD64)
    with pytest.raises(SourceError, match="compressed with zstd, which this host cannot decompress"):
        deliver(stage, server.put("x/y", "tag", image))
    asked = [request.headers.get("range") for request in server.requests if layer.digest in request.path]
    assert (stage.used, asked) == (0, ["bytes=0-7"])


@pytest.mark.parametrize("media_type", ["application/vnd.example.unknown", None])
def test_a_layer_that_cannot_be_unpacked_is_an_error_before_the_pull(server, media_type):
    image = images.image([LAYER], AMD64)
    document = json.loads(image.manifest)
    document["layers"][0]["mediaType"] = media_type
    server.put("x/y", "other", image)
    server.put_manifest("x/y", "tag", images.document(document), images.OCI_MANIFEST)
    with pytest.raises(SourceError, match="cannot be unpacked"):
        sources().find((Address(f"{server.host}/x/y:tag"),))
    assert not [request for request in server.requests if "/blobs/" in request.path and LAYER.digest in request.path]


@pytest.mark.parametrize("at", [*CUTS, len(BIG_LAYER.blob) - 1])
def test_a_layer_goes_on_at_the_same_server_where_it_was_cut(stage, server, at):
    name = server.put("x/y", "tag", BIG)
    server.faults = [Cut(f"/blobs/{BIG_LAYER.digest}", after=at, times=1)]
    delivered, tree = deliver(stage, name)
    assert (tree, stage.used) == (BIG_EXPECTED, 1)
    path = f"/v2/x/y/blobs/{BIG_LAYER.digest}"
    assert starts(server, path) == [(path, "0"), (path, str(at))]
    assert delivered.transferred == len(LAYER.blob) + len(BIG_LAYER.blob)


@pytest.mark.parametrize("then", [Status(status=404), Status(status=503), Raw()], ids=["404", "503", "nothing"])
@pytest.mark.parametrize("at", [*CUTS, len(BIG_LAYER.blob) - 1])
def test_a_layer_goes_on_at_the_next_mirror_when_the_first_has_enough_of_it(stage, server, at, then):
    first, second = (server.put(f"x/{name}", "tag", BIG) for name in "ab")
    path = f"x/a/blobs/{BIG_LAYER.digest}"
    server.faults = [Cut(path, after=at, times=1), replace(then, path=path)]
    delivered, tree = deliver(stage, first, second)
    assert (tree, stage.used) == (BIG_EXPECTED, 1)
    assert starts(server, f"x/b/blobs/{BIG_LAYER.digest}") == [(f"/v2/x/b/blobs/{BIG_LAYER.digest}", str(at))]
    assert delivered.transferred == len(LAYER.blob) + len(BIG_LAYER.blob)
    assert delivered.served_by == f"{server.host}/x/a@{BIG.digest}, {server.host}/x/b@{BIG.digest}"


def test_a_connection_that_breaks_behind_the_last_byte_is_no_reason_to_ask_again(stage, server):
    name = server.put("x/y", "tag", BIG)
    path = f"/blobs/{BIG_LAYER.digest}"
    server.faults = [Headers(path, headers={"Content-Length": str(len(BIG_LAYER.blob) + 1)}, times=1)]
    assert deliver(stage, name)[1] == BIG_EXPECTED
    assert len(starts(server, path)) == 1


class Tail:
    """A repository of which only the start and the end of a blob are asked for; None: it cannot tell the end."""

    def __init__(self, stated, start=b"\x1f\x8b\x08"):
        self._stated = stated
        self._start = start

    def head(self, descriptor, length):
        return self._start[:length]

    def tail(self, descriptor, length):
        if self._stated is None:
            raise SourceError("gone")
        return (self._stated % 2**32).to_bytes(length, "little")


GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"


GIB = 1024**3


@pytest.mark.parametrize(
    ("packed", "unpacked", "expected"),
    [
        (100, 5000, 5000),
        (5000, 5000, 5000),
        (5000, 4990, 5000),
        (2 * GIB, 4 * GIB - 1, 4 * GIB - 1),
        # It is stated modulo 4 GiB, and for the last part of a file only: more than so much it may be, never less.
        (5 * GIB, 7 * GIB, 5 * GIB),
        (1 * GIB, 6 * GIB, 2 * GIB),
        (3 * GIB, 10, 3 * GIB),
        (100, None, 100),
    ],
)
def test_what_a_layer_unpacks_to_is_read_from_the_end_of_its_gzip(packed, unpacked, expected):
    layer = Descriptor(LAYER.digest, packed, GZIP)
    image = Image(IMAGE.digest, IMAGE.digest, (layer, layer), (Tail(unpacked),))
    assert ImageContent(image, None).unpacked_size() == 2 * expected


@pytest.mark.parametrize("start", [b"\x28\xb5\x2f\xfd", b"run.sh\0\0", b""])
def test_the_end_of_a_layer_that_is_no_gzip_tells_no_size(start):
    layer = Descriptor(LAYER.digest, 100, GZIP)
    image = Image(IMAGE.digest, IMAGE.digest, (layer,), (Tail(4 * GIB - 1, start),))
    assert ImageContent(image, None).unpacked_size() == 100


@pytest.mark.parametrize(
    ("faults", "size"),
    [
        ([], len(BIG_LAYER.content) + len(LAYER.content)),
        ([IgnoreRange()], len(BIG_LAYER.blob) + len(LAYER.blob)),
    ],
    ids=["ranges", "no ranges"],
)
def test_the_space_is_estimated_by_small_requests_only(server, faults, size):
    kinds = sources(retries=0)
    artifact = kinds.find([Address(server.put("x/y", "tag", images.image([BIG_LAYER, LAYER], AMD64)))])
    server.requests.clear()
    server.faults = faults
    assert kinds.unpacked_size(artifact) == size
    assert [request.headers["range"] for request in server.requests] == [
        part for layer in (BIG_LAYER, LAYER) for part in ("bytes=0-7", f"bytes={len(layer.blob) - 4}-")
    ]


def test_a_server_that_does_not_answer_tells_no_size(server):
    kinds = sources(retries=0)
    artifact = kinds.find([Address(server.put("x/y", "tag", images.image([BIG_LAYER, LAYER], AMD64)))])
    server.faults = [Status(status=500)]
    assert kinds.unpacked_size(artifact) == len(BIG_LAYER.blob) + len(LAYER.blob)


@pytest.mark.parametrize("name", ["", ":v1", "@"])
def test_an_image_in_a_layout_is_unpacked(stage, tmp_path, name):
    write_oci_layout(tmp_path / "layout", {"v1": IMAGE})
    uri = f"ocilayout:{tmp_path}/layout{name}{IMAGE.digest if name == '@' else ''}"
    delivered, tree = deliver(stage, uri)
    assert (tree, delivered.transferred) == (EXPECTED, 0)
    assert delivered.served_by == f"ocilayout:{tmp_path}/layout@{IMAGE.digest}"
    assert (delivered.artifact.digest, delivered.artifact.platform_digest) == (IMAGE.digest, IMAGE.images[0].digest)


@pytest.mark.parametrize(
    ("content", "digest", "size"),
    [
        (oci_archive({"v1": IMAGE}), IMAGE.digest, len(LAYER.blob)),
        (docker_archive({"x/y:v1": IMAGE.images[0]}), images.digest(IMAGE.images[0].config), len(LAYER.content)),
    ],
    ids=["oci", "docker"],
)
def test_an_image_in_a_file_is_unpacked(stage, tmp_path, content, digest, size):
    (tmp_path / "image.tar").write_bytes(content)
    uri = f"ocifile://{tmp_path}/image.tar"
    delivered, tree = deliver(stage, uri)
    assert (tree, delivered.transferred, delivered.artifact.size) == (EXPECTED, 0, size)
    assert (delivered.artifact.digest, sources().digest([Address(uri)])) == (digest, digest)
    assert sources().unpacked_size(delivered.artifact) == len(LAYER.content)


def test_each_layer_of_a_docker_archive_is_read_once_for_its_digest(monkeypatch, stage, tmp_path):
    other = images.image([BIG_LAYER], AMD64)
    (tmp_path / "image.tar").write_bytes(docker_archive({"x/y:v1": other, "x/y:v2": IMAGE.images[0]}))
    uri = f"ocifile://{tmp_path}/image.tar:x/y:v2"
    read, layer = [], DockerArchive._layer
    monkeypatch.setattr(DockerArchive, "_layer", lambda *args: read.append(args[-1]) or layer(*args))
    assert sources().digest([Address(uri)]) == images.digest(IMAGE.images[0].config)
    assert read == []
    assert deliver(stage, uri)[1] == EXPECTED
    assert read == [images.digest(LAYER.content)]


@pytest.mark.parametrize("kind", ["layout", "oci", "docker"])
def test_a_copy_replaces_an_image_whose_file_is_damaged(stage, tmp_path, kind):
    good, bad = tmp_path / "good", tmp_path / "bad"
    if kind == "layout":
        write_oci_layout(good, {"v1": IMAGE})
        write_oci_layout(bad, {"v1": IMAGE})
        (bad / "blobs" / LAYER.digest.replace(":", "/")).write_bytes(bytes(len(LAYER.blob)))
        uris = [f"ocilayout:{bad}", f"ocilayout:{good}"]
    else:
        content = oci_archive({"v1": IMAGE}) if kind == "oci" else docker_archive({"x/y:v1": IMAGE.images[0]})
        layer = LAYER.blob if kind == "oci" else LAYER.content
        good.write_bytes(content)
        bad.write_bytes(content.replace(layer, bytes(len(layer))))
        uris = [f"ocifile://{bad}", f"ocifile://{good}"]
    delivered, tree = deliver(stage, *uris)
    assert (tree, stage.used) == (EXPECTED, 2)
    assert delivered.served_by.startswith(uris[1])


@pytest.mark.parametrize(
    ("directory", "name", "uri"),
    [
        ("layout", "registry.example/foo/bar:1.0.0", "{}/layout:registry.example/foo/bar:1.0.0"),
        ("layout", "localhost:5000/bar:1", "{}/layout:localhost:5000/bar:1"),
        ("layout", "registry.example/foo/bar:1.0.0", "{}/layout:1.0.0"),
        ("layout", "registry.example/foo/bar:1.0.0", "{}/layout"),
        ("layout", "registry.example/foo/bar", "{}/layout:registry.example/foo/bar"),
        ("disk:1/layout", "v1", "{}/disk:1/layout:v1"),
        ("disk:1/layout", "v1", "{}/disk:1/layout"),
        ("disk:1/lay:out", "x/y:v1", "{}/disk:1/lay:out:x/y:v1"),
        ("lay:out", "v1", "{}/lay:out"),
    ],
)
@pytest.mark.parametrize("digest", [False, True], ids=["name", "digest"])
def test_an_image_in_a_layout_is_named_by_what_follows_the_path(tmp_path, directory, name, uri, digest):
    write_oci_layout(tmp_path / directory, {name: IMAGE})
    text = f"ocilayout:{uri.format(tmp_path)}{f'@{IMAGE.digest}' if digest else ''}"
    assert sources().find((Address(text),)).digest == IMAGE.digest


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("{}/none:v1", "{}/none/index.json: No such file"),
        ("{}/empty:registry.example/foo/bar:1", "{}/empty/index.json: No such file"),
        ("{}/none:registry.example/foo:1", "{}/none"),
    ],
)
def test_what_is_no_layout_is_named_in_the_error(tmp_path, uri, message):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError) as caught:
        sources().find((Address(f"ocilayout:{uri.format(tmp_path)}"),))
    assert message.format(tmp_path) in str(caught.value)


def refused_by_the_registry(uri: str) -> str:
    """The error for an image that no registry has."""

    def resolve(reference: Reference, _platform: object) -> Image:
        raise SourceError(f"{reference}: 404", missing=True)

    context = SimpleNamespace(images=SimpleNamespace(resolve=resolve), platform=AMD64)
    with pytest.raises(SourceError) as caught:
        RegistrySource(ImageUri(Address(uri)), context).find("")
    return str(caught.value)


@pytest.mark.parametrize("uri", ["files/x.tar.gz", "x.tgz", "a/b/x.tar", "./piper", "../x.tar.gz", "backends/x.ZIP"])
def test_what_may_be_a_relative_path_is_told_to_be_read_as_an_image(uri):
    text = refused_by_the_registry(uri)
    assert text.endswith(". It was read as an image of Docker Hub; the path of a file must be absolute.")


@pytest.mark.parametrize("uri", ["files/x", "files/x:1.tar", "quay.io/x/y:tag", "oci://files/x.tar"])
def test_an_image_is_not_told_to_be_a_path(uri):
    assert refused_by_the_registry(uri).endswith("404")

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The builders make well-formed archives, images and layouts, the same ones every time; the test gallery is whole."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support.archives import (
    directory,
    file,
    hardlink,
    opaque,
    read_tree,
    symlink,
    tar,
    tar_archive,
    whiteout,
    write_tree,
    zip_archive,
)
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY, Gallery, gallery
from ansible_collections.localai.core.tests.support.images import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Image,
    Index,
    Platform,
    digest,
    image,
    index,
    layer,
)
from ansible_collections.localai.core.tests.support.layouts import docker_archive, layout_files, oci_archive

ENTRIES = [
    directory("d"),
    file("d/file", "text", 0o750),
    symlink("d/link", "file"),
    hardlink("d/same", "d/file"),
]


def test_layers_are_what_their_digests_say() -> None:
    for compression, suffix in (("gzip", "+gzip"), ("none", "")):
        built = layer(ENTRIES, compression)
        assert built == layer(ENTRIES, compression)
        assert built.digest == digest(built.blob)
        content = zlib.decompress(built.blob, 31) if compression == "gzip" else built.blob
        assert built.diff_id == "sha256:" + hashlib.sha256(content).hexdigest()
        described = json.loads(image([built]).manifest)["layers"][0]
        assert described == {
            "mediaType": "application/vnd.oci.image.layer.v1.tar" + suffix,
            "size": len(built.blob),
            "digest": built.digest,
        }


@pytest.mark.parametrize(
    ("docker", "types"), [(False, (OCI_INDEX, OCI_MANIFEST)), (True, (DOCKER_INDEX, DOCKER_MANIFEST))]
)
def test_media_types_and_platforms(docker: bool, types: tuple[str, str]) -> None:
    built = index([image([], Platform("arm64", "linux", "v8"), docker), image([], docker=docker)], docker)
    parsed = json.loads(built.manifest)
    assert (parsed["mediaType"], parsed["manifests"][0]["mediaType"]) == types
    assert [child["platform"] for child in parsed["manifests"]] == [
        {"architecture": "arm64", "os": "linux", "variant": "v8"},
        {"architecture": "amd64", "os": "linux"},
    ]
    assert [child["digest"] for child in parsed["manifests"]] == [child.digest for child in built.images]


def test_names_of_whiteouts() -> None:
    names = [entry.name for entry in (whiteout("a"), whiteout("a/b/c"), opaque("a/b"))]
    assert names == [".wh.a", "a/b/.wh.c", "a/b/.wh..wh..opq"]


@pytest.mark.parametrize("compression", ["none", "gzip", "xz", "bzip2"])
def test_tar_archives(compression: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(tar_archive(ENTRIES, compression))) as archive:
        assert [(info.name, info.type, info.linkname) for info in archive] == [
            ("d", tarfile.DIRTYPE, ""),
            ("d/file", tarfile.REGTYPE, ""),
            ("d/link", tarfile.SYMTYPE, "file"),
            ("d/same", tarfile.LNKTYPE, "d/file"),
        ]
        member = archive.extractfile("d/file")
        assert member is not None
        assert member.read() == b"text"


def test_zip_archives() -> None:
    with zipfile.ZipFile(io.BytesIO(zip_archive(ENTRIES[:3]))) as archive:
        infos = archive.infolist()
        assert [info.filename for info in infos] == ["d/", "d/file", "d/link"]
        assert [oct(info.external_attr >> 16) for info in infos] == ["0o40755", "0o100750", "0o120777"]
        assert archive.read("d/link") == b"file"


def test_trees(tmp_path: Path) -> None:
    write_tree(tmp_path, ENTRIES)
    assert (tmp_path / "d/same").samefile(tmp_path / "d/file")
    assert [entry.name for entry in read_tree(tmp_path)] == ["d", "d/file", "d/link", "d/same"]
    assert read_tree(tmp_path)[1:3] == ENTRIES[1:3]


def test_layouts_hold_everything_that_is_pointed_to() -> None:
    backend = backend_image()
    files = layout_files({"latest": backend, "single": backend.images[0]})
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    pointers = json.loads(files["index.json"])["manifests"]
    assert [pointer["annotations"]["org.opencontainers.image.ref.name"] for pointer in pointers] == ["latest", "single"]
    blobs = {name[len("blobs/sha256/") :]: content for name, content in files.items() if name.startswith("blobs/")}
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in blobs.items())
    wanted = {backend.digest, backend.images[0].digest, *backend.images[0].blobs}
    assert {"sha256:" + name for name in blobs} == wanted
    with tarfile.open(fileobj=io.BytesIO(oci_archive({"latest": backend}))) as archive:
        assert "index.json" in archive.getnames()


def test_docker_archives() -> None:
    backend = backend_image(docker=True).images[0]
    with tarfile.open(fileobj=io.BytesIO(docker_archive({"piper:latest": backend}))) as archive:

        def read(name: str) -> bytes:
            member = archive.extractfile(name)
            assert member is not None
            return member.read()

        (listed,) = json.loads(read("manifest.json"))
        assert listed["RepoTags"] == ["piper:latest"]
        assert read(listed["Config"]) == backend.config
        assert digest(read(listed["Layers"][0])) == backend.layers[0].diff_id


def parsed(content: Gallery) -> list[dict[str, Any]]:
    text = content.index("127.0.0.1:5000", "http://127.0.0.1:8000", Path("/srv"))
    entries = yaml.safe_load(text)
    assert isinstance(entries, list)
    return entries


def test_the_gallery_points_to_what_there_is() -> None:
    content = gallery()
    entries = parsed(content)
    by_name = {entry["name"]: entry for entry in reversed(entries)}
    images = {f"127.0.0.1:5000/{REPOSITORY}:{tag}" for tag in content.images}
    used = {uri[len("oci://") :] if uri.startswith("oci://") else uri for uri in (e.get("uri", "") for e in entries)}
    assert images <= used, "an image that no entry names"
    assert {uri for uri in used - images if REPOSITORY in uri} == {f"127.0.0.1:5000/{REPOSITORY}:latest-image-missing"}
    concrete = by_name["cuda12-llama-cpp"]
    assert concrete["alias"] == "llama-cpp"
    assert concrete["capabilities"]["nvidia"] == "cuda12-llama-cpp"
    assert set(by_name["llama-cpp"]["capabilities"].values()) <= set(by_name)
    assert by_name["archived"]["sha256"] == hashlib.sha256(content.archives["archived.tar.gz"]).hexdigest()


def test_another_version_has_other_digests_under_the_same_names() -> None:
    old, new = gallery("1"), gallery("2")
    assert old == gallery("1")
    assert set(old.images) == set(new.images)
    assert not {item.digest for item in old.images.values()} & {item.digest for item in new.images.values()}


def test_the_gallery_is_for_one_platform() -> None:
    content = gallery(platform=Platform("arm64"))
    piper, docker = content.images["latest-piper"], content.images["latest-docker-types"]
    assert isinstance(piper, Index)
    assert isinstance(docker, Image)
    assert [child.platform for child in piper.images] == [docker.platform] == [Platform("arm64")]


def test_tar_formats() -> None:
    long = file("n" * 300)
    assert b"LongLink" in tar([long], tarfile.GNU_FORMAT)
    assert b"PaxHeader" in tar([long])

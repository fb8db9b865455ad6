# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OCI and Docker images as pure values: layers, images, indexes. The same input gives the same bytes and digests."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass, replace
from platform import uname
from typing import Any, Iterable, Mapping, Sequence, Union

from .archives import Entry, compress, tar

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"

_OCI_SUFFIX = {"none": "", "gzip": "+gzip", "zstd": "+zstd"}
_DOCKER_SUFFIX = {"none": "", "gzip": ".gzip", "zstd": ".zstd"}


def digest(content: bytes) -> str:
    """The digest under which a registry knows these bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def document(value: Mapping[str, Any]) -> bytes:
    """A JSON document as it stands in a registry."""
    return json.dumps(value, indent=2).encode()


@dataclass(frozen=True)
class Platform:
    """What an image runs on, in the words of the image specification."""

    architecture: str = "amd64"
    os: str = "linux"
    variant: str = ""

    @property
    def json(self) -> dict[str, str]:
        """As it stands in an index and in an image's config."""
        parts = {"architecture": self.architecture, "os": self.os, "variant": self.variant}
        return {name: value for name, value in parts.items() if value}


@dataclass(frozen=True)
class Layer:
    """A layer: a tar file, and the bytes as which a registry serves it."""

    content: bytes
    blob: bytes
    compression: str
    digest: str
    diff_id: str


@dataclass(frozen=True)
class Image:
    """A manifest with all it points to."""

    manifest: bytes
    media_type: str
    digest: str
    config: bytes
    layers: tuple[Layer, ...]
    platform: Platform

    @property
    def blobs(self) -> dict[str, bytes]:
        """Config and layers by digest."""
        return {digest(self.config): self.config, **{layer.digest: layer.blob for layer in self.layers}}


@dataclass(frozen=True)
class Index:
    """A manifest that points to one image per platform."""

    manifest: bytes
    media_type: str
    digest: str
    images: tuple[Image, ...]


Artifact = Union[Image, Index]


def layer(entries: Iterable[Entry], compression: str = "gzip") -> Layer:
    """A layer with these entries; compression is `gzip`, `none` or `zstd`."""
    return layer_of(tar(entries), compression)


def layer_of(content: bytes, compression: str = "gzip") -> Layer:
    """A layer from the bytes of a tar file, or from what pretends to be one."""
    blob = compress(content, compression)
    return Layer(content, blob, compression, digest(blob), digest(content))


def image(layers: Iterable[Layer], platform: Platform = Platform(), docker: bool = False) -> Image:
    """An image of these layers, with OCI's media types or with Docker's."""
    layers = tuple(layers)
    pointers = [_descriptor(_layer_type(item, docker), item.blob, item.digest) for item in layers]
    return replace(image_around([item.diff_id for item in layers], pointers, platform, docker), layers=layers)


def image_around(
    diff_ids: Sequence[str], pointers: Sequence[Mapping[str, Any]], platform: Platform, docker: bool = False
) -> Image:
    """An image whose layers are kept elsewhere: `pointers` describe their blobs, `diff_ids` their tar files."""
    config = document(
        {
            "created": "2025-01-01T00:00:00Z",
            **platform.json,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created": "2025-01-01T00:00:00Z", "created_by": "COPY / /"} for _layer in diff_ids],
        }
    )
    media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
    manifest = document(
        {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": _descriptor(DOCKER_CONFIG if docker else OCI_CONFIG, config),
            "layers": pointers,
        }
    )
    return Image(manifest, media_type, digest(manifest), config, (), platform)


def index(images: Iterable[Image], docker: bool = False) -> Index:
    """An index of these images, each under its own platform."""
    images = tuple(images)
    media_type = DOCKER_INDEX if docker else OCI_INDEX
    children = [{**descriptor(item), "platform": item.platform.json} for item in images]
    manifest = document({"schemaVersion": 2, "mediaType": media_type, "manifests": children})
    return Index(manifest, media_type, digest(manifest), images)


def descriptor(artifact: Artifact) -> dict[str, Any]:
    """What points to an image or index."""
    return _descriptor(artifact.media_type, artifact.manifest)


def _descriptor(media_type: str, content: bytes, name: str = "") -> dict[str, Any]:
    return {"mediaType": media_type, "size": len(content), "digest": name or digest(content)}


def host_platform() -> Platform:
    """The platform of this machine, or of the virtual machine of `make machines`."""
    machine = uname().machine
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return Platform(os.environ.get("LOCALAI_TEST_ARCHITECTURE", architecture), sys.platform)


def _layer_type(item: Layer, docker: bool) -> str:
    if docker:
        return DOCKER_LAYER + _DOCKER_SUFFIX[item.compression]
    return OCI_LAYER + _OCI_SUFFIX[item.compression]

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests: what an index or an image states, read from bytes that need not be trusted."""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass, field

from .._errors import IntegrityError, SourceError
from .platform import Platform
from .reference import is_digest

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEXES = (OCI_INDEX, DOCKER_LIST)
MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST)
ACCEPTED = ", ".join((*INDEXES, *MANIFESTS))
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
MOST_DOCUMENT = 4 * 1024**2

_LAYERS = {
    "application/vnd.oci.image.layer.v1.tar": "none",
    "application/vnd.oci.image.layer.v1.tar+gzip": "gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd": "zstd",
    DOCKER_LAYER: "none",
    f"{DOCKER_LAYER}.gzip": "gzip",
    f"{DOCKER_LAYER}.zstd": "zstd",
}
# A Go client takes an image without a platform in an index for this one.
_UNSTATED = Platform("linux", "amd64")


@dataclass(frozen=True)
class Descriptor:
    """What a manifest says of another document: its digest, its size in bytes and its media type."""

    digest: str
    size: int
    media_type: str
    platform: Platform | None = None
    annotations: t.Mapping[str, str] = field(default_factory=dict)
    artifact_type: str = ""

    @property
    def target(self) -> Platform | None:
        """The platform of a child of an index; None for one that is no image, as a signature."""
        if self.platform is not None:
            return self.platform
        return None if self.artifact_type or self.media_type not in ("", *INDEXES, *MANIFESTS) else _UNSTATED

    @property
    def compression(self) -> str:
        """How a layer is compressed; raises SourceError for a media type that is no layer of an image."""
        try:
            return _LAYERS[self.media_type]
        except KeyError:
            raise SourceError(f"a layer has the media type {self.media_type!r}, which cannot be unpacked.") from None


@dataclass(frozen=True)
class Manifest:
    """An index (with C(children)) or an image (with a C(config) and C(layers)), and the digest it was checked by."""

    digest: str
    children: tuple[Descriptor, ...] = ()
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()

    @property
    def is_index(self) -> bool:
        """Whether this lists images instead of being one."""
        return self.config is None


def parse_manifest(body: bytes, media_type: str, digest: str = "") -> Manifest:
    """Return the manifest in C(body), which must have C(digest) if one is given; raises SourceError.

    C(media_type) is what the server said; the document's own C(mediaType) goes first.
    """
    actual = digest_of(body, digest.partition(":")[0] or "sha256")
    if digest and actual != digest:
        raise IntegrityError(f"the manifest has the digest {actual}, not {digest}.")
    document = json_object(body, "the manifest")
    if document.get("schemaVersion") == 1:
        raise SourceError("the image has a manifest of the withdrawn schema 1; push it anew with a current tool.")
    kind = document.get("mediaType") or media_type.partition(";")[0].strip()
    if kind in INDEXES or (kind not in MANIFESTS and "manifests" in document):
        return Manifest(actual, children=_descriptors(document, "manifests"))
    if kind in MANIFESTS or "layers" in document:
        config = document.get("config")
        if not isinstance(config, dict):
            raise SourceError("the manifest has no config.")
        return Manifest(actual, config=_descriptor(config), layers=_descriptors(document, "layers"))
    raise SourceError(f"{kind!r} is no kind of manifest that this collection knows.")


def choose(index: Manifest, platform: Platform) -> Descriptor:
    """Return the child of an index for C(platform); raises SourceError that says what there is."""
    offers = [(child.target, child) for child in index.children if child.target is not None]
    fitting = [(target, child) for target, child in offers if platform.runs(target)]
    if not fitting:
        offered = ", ".join(str(target) for target, _child in offers) or "nothing"
        raise SourceError(f"the image is not built for {platform}; it is for {offered}.")
    # One for another variant, as linux/amd64/v3, may want more than this host has.
    return min(fitting, key=lambda offer: offer[0] != platform)[1]


def check_platform(config: bytes, platform: Platform) -> None:
    """Raise SourceError when an image's configuration states another platform than C(platform)."""
    stated = Platform.of(json_object(config, "the image's configuration"))
    if stated.os and stated.architecture and not platform.runs(stated):
        raise SourceError(f"the image is not built for {platform}; it is for {stated}.")


def json_object(data: bytes, what: str) -> dict[str, t.Any]:
    """Return the JSON object in C(data); raises SourceError that says C(what) is none."""
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise SourceError(f"{what} is not JSON; is this a registry?") from None
    if not isinstance(document, dict):
        raise SourceError(f"{what} is not a JSON object.")
    return document


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """Return the digest of C(data) as OCI writes it."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def verified(chunks: t.Iterator[bytes], descriptor: Descriptor) -> t.Iterator[bytes]:
    """Pass C(chunks) on; raises IntegrityError at their end unless they are what the descriptor promises."""
    algorithm, _colon, expected = descriptor.digest.partition(":")
    hasher, size = hashlib.new(algorithm), 0
    for chunk in chunks:
        size += len(chunk)
        if size > descriptor.size:
            raise IntegrityError(f"{descriptor.digest} is longer than the {descriptor.size} bytes that it should have.")
        hasher.update(chunk)
        yield chunk
    if size != descriptor.size or hasher.hexdigest() != expected:
        raise IntegrityError(
            f"{descriptor.digest} arrived with {size} of {descriptor.size} bytes and the digest "
            f"{algorithm}:{hasher.hexdigest()}."
        )


def _descriptors(document: t.Mapping[str, t.Any], key: str) -> tuple[Descriptor, ...]:
    rows = document.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(f"the manifest's {key} are not a list of descriptors.")
    return tuple(_descriptor(row) for row in rows)


def _descriptor(row: t.Mapping[str, t.Any]) -> Descriptor:
    digest, size, media_type = row.get("digest"), row.get("size"), row.get("mediaType")
    if not is_digest(digest):
        raise SourceError(f"the manifest holds {str(digest)[:100]!r} where a digest should be.")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 2**63:
        raise SourceError(f"the manifest does not state the size of {digest}.")
    platform, annotations, artifact_type = row.get("platform"), row.get("annotations"), row.get("artifactType")
    return Descriptor(
        digest=str(digest),
        size=size,
        media_type=media_type if isinstance(media_type, str) else "",
        platform=Platform.of(platform) if isinstance(platform, dict) else None,
        annotations={key: value for key, value in annotations.items() if isinstance(value, str)}
        if isinstance(annotations, dict)
        else {},
        artifact_type=artifact_type if isinstance(artifact_type, str) else "",
    )

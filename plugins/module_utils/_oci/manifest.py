# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests and indexes of images, read from untrusted bytes. OCI image specification, "Image Manifest" and "Index"."""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass, field

from .._errors import IntegrityError, SourceError
from .._unpack.compression import COMPRESSIONS, Compression
from .platform import Platform
from .reference import is_digest

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEXES = (OCI_INDEX, DOCKER_LIST)
MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST)
ACCEPTED = ", ".join((*INDEXES, *MANIFESTS))
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
MOST_DOCUMENT = 4 * 1024**2

# Layers that a registry may not distribute are unpacked like all others.
OCI_NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar"
DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar"

_LAYERS: dict[str, Compression | None] = {}
for _tar, _separator in (
    (OCI_LAYER, "+"),
    (OCI_NONDISTRIBUTABLE, "+"),
    (DOCKER_LAYER, "."),
    (DOCKER_FOREIGN, "."),
):
    _LAYERS[_tar] = None
    _LAYERS.update(
        (f"{_tar}{_separator}{compression.suffix}", compression) for compression in COMPRESSIONS if compression.suffix
    )
# Go clients assume this platform for an image in an index that states none.
_DEFAULT_PLATFORM = Platform("linux", "amd64")


@dataclass(frozen=True)
class Descriptor:
    """A reference in a manifest to another document: its digest, its size in bytes and its media type.

    `urls` are other addresses of it.
    """

    digest: str
    size: int
    media_type: str
    platform: Platform | None = None
    annotations: t.Mapping[str, str] = field(default_factory=dict)
    artifact_type: str = ""
    urls: tuple[str, ...] = ()

    @property
    def image_platform(self) -> Platform | None:
        """The platform of a child of an index; None for one that is no image, such as a signature."""
        if self.platform is not None:
            return self.platform
        return None if self.artifact_type or self.media_type not in ("", *MANIFESTS) else _DEFAULT_PLATFORM

    @property
    def compression(self) -> Compression | None:
        """The compression that the media type of a layer states, None for no compression.

        Its bytes may have another one. Raises SourceError for a media type that is no layer.
        """
        try:
            return _LAYERS[self.media_type]
        except KeyError:
            raise SourceError(f"a layer has the media type {self.media_type!r}, which cannot be unpacked.") from None


@dataclass(frozen=True)
class Manifest:
    """An index with `children`, or an image with a `config` and `layers`; `digest` is that of the document.

    `artifact_type` is what it is, if it is not an index: by default the media type of its configuration. `subject` is
    the digest of the manifest that it is about, if there is one. `document` is what was read, byte for byte, and
    `media_type` its kind.
    """

    digest: str
    children: tuple[Descriptor, ...] = ()
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    artifact_type: str = ""
    subject: str = ""
    document: bytes = field(default=b"", repr=False, compare=False)
    media_type: str = field(default="", compare=False)

    @property
    def is_index(self) -> bool:
        """Whether it lists images instead of being one."""
        return self.config is None


class Repository(t.Protocol):
    """The manifests and blobs of images. Its `str` names it without secrets; `local` means on this host."""

    local: bool = True

    def manifest(self, name: str) -> Manifest:
        """Return the manifest of a tag, or of a digest that it is verified by; raises SourceError, TransportError."""

    def digest(self, name: str) -> str:
        """Return the digest that a tag has now; raises SourceError, TransportError."""
        return self.manifest(name).digest

    def referrers(self, _digest: str) -> tuple[Descriptor, ...]:
        """Return the manifests that are about the one with a digest, for example signatures of it.

        They may be about another one. Raises SourceError, TransportError.
        """
        return ()

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield a blob from `offset` on, as it is stored and not verified; raises SourceError, TransportError."""

    def head(self, descriptor: Descriptor, length: int) -> bytes:
        """Return the first bytes of a blob, by one small request; raises SourceError, TransportError."""
        return next(self.blob(descriptor), b"")[:length]

    def tail(self, descriptor: Descriptor, length: int) -> bytes:
        """Return the last bytes of a blob, or fewer if that would need more than one small request."""
        return b"".join(self.blob(descriptor, max(descriptor.size - length, 0)))


def parse_manifest(body: bytes, media_type: str, digest: str = "") -> Manifest:
    """Return the manifest in `body`, which must have `digest` if one is given; raises SourceError.

    `media_type` is the one of the response; the document's own `mediaType` precedes it.
    """
    actual = digest_of(body, digest.partition(":")[0] or "sha256")
    if digest and actual != digest:
        raise IntegrityError(f"the manifest has the digest {actual}, not {digest}.")
    document = json_object(body, "the manifest", "; is this a registry?")
    if document.get("schemaVersion") == 1:
        raise SourceError("the image has a manifest of the withdrawn schema 1; push it again with a current tool.")
    kind = document.get("mediaType") or media_type.partition(";")[0].strip()
    if kind in INDEXES or (kind not in MANIFESTS and "manifests" in document):
        children = _descriptors(document, "manifests")
        return Manifest(actual, children, document=body, media_type=kind if kind in INDEXES else OCI_INDEX)
    if kind in MANIFESTS or "layers" in document:
        config = document.get("config")
        if not isinstance(config, dict):
            raise SourceError("the manifest has no config.")
        described, artifact_type = _descriptor(config), document.get("artifactType")
        subject = document.get("subject")
        return Manifest(
            actual,
            config=described,
            layers=_descriptors(document, "layers"),
            artifact_type=artifact_type if artifact_type and isinstance(artifact_type, str) else described.media_type,
            subject=_descriptor(subject).digest if isinstance(subject, dict) else "",
            document=body,
            media_type=kind if kind in MANIFESTS else OCI_MANIFEST,
        )
    raise SourceError(f"{kind!r} is not a supported kind of manifest.")


def choose(index: Manifest, platform: Platform) -> Descriptor:
    """Return the child of an index for a platform; raises SourceError that names the platforms of the index.

    The child can be an index too, without a platform if no image is for this one.
    """
    images = [(child.image_platform, child) for child in index.children if child.image_platform is not None]
    fitting = [(built_for, child) for built_for, child in images if platform.runs(built_for)]
    nested = [child for child in index.children if child.media_type in INDEXES and child.platform is None]
    if not fitting and nested:
        return nested[0]
    if not fitting:
        others = ", ".join(str(built_for) or "a platform that it does not state" for built_for, _child in images)
        raise SourceError(f"the image is not built for {platform}; it is for {others or 'nothing'}.")
    return max(fitting, key=lambda image: platform.preference(image[0]))[1]


def check_platform(config: bytes, platform: Platform) -> None:
    """Raise SourceError if an image's configuration states another platform."""
    otherwise = ", so it is probably not an image but an artifact of another kind."
    stated = Platform.of(json_object(config, "the image's configuration", otherwise))
    if stated.os and stated.architecture and not platform.runs(stated):
        raise SourceError(f"the image is not built for {platform}; it is for {stated}.")


def json_object(data: bytes, what: str, otherwise: str = ".") -> dict[str, t.Any]:
    """Return the JSON object in `data`; raises SourceError with `what`, the name of the document.

    `otherwise` ends the sentence about a document that is not JSON.
    """
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise SourceError(f"{what} is not JSON{otherwise}") from None
    if not isinstance(document, dict):
        raise SourceError(f"{what} is not a JSON object.")
    return document


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """Return the digest of `data` in OCI notation."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def verified(chunks: t.Iterator[bytes], descriptor: Descriptor) -> t.Iterator[bytes]:
    """Yield `chunks`; raises IntegrityError, at their end at the latest, unless they have the descriptor's digest."""
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
        raise SourceError(f"the manifest has {str(digest)[:100]!r} instead of a digest.")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 2**63:
        raise SourceError(f"the manifest does not state the size of {digest}.")
    platform, annotations, artifact_type = row.get("platform"), row.get("annotations"), row.get("artifactType")
    urls = row.get("urls")
    return Descriptor(
        digest=str(digest),
        size=size,
        media_type=media_type if isinstance(media_type, str) else "",
        platform=Platform.of(platform) if isinstance(platform, dict) else None,
        annotations={key: value for key, value in annotations.items() if isinstance(value, str)}
        if isinstance(annotations, dict)
        else {},
        artifact_type=artifact_type if isinstance(artifact_type, str) else "",
        urls=tuple(url for url in urls if isinstance(url, str)) if isinstance(urls, list) else (),
    )

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An image, in a registry or on this host -> a tree."""

from __future__ import annotations

import contextlib
import functools
import posixpath
import re
import typing as t
from abc import abstractmethod
from dataclasses import dataclass

from .._address import redacted_url
from .._errors import SourceError
from .._fs.tree import Tree
from .._fs.utf8 import os
from .._http.client import Http
from .._http.failover import ORIGIN_ERRORS
from .._http.url import is_http_url
from .._oci.image import Image, image_in_file, resolve
from .._oci.layout import Layout, is_layout
from .._oci.manifest import Descriptor, Repository, verified
from .._oci.reference import Reference
from .._unpack.compression import GZIP, Compression, compression_of
from .._unpack.unpack import unpack
from .artifact import Artifact, Content, Context, Source
from .failover import Origin
from .file import FileContent
from .registry_file import blob_origins, find_layer, layer_artifact, layer_name
from .resume import Blob, Reader
from .uri import ImageUri, LayoutUri, Uri

# Enough bytes to tell a compression.
_HEAD = 8
# What is probably a file: an image has no such endings, and no dots in front.
_RELATIVE_PATH = re.compile(r"\.{1,2}/.*|(?!oci://)[^:@]*\.(?:tar|tgz|txz|tzst|zip|tar\.[a-z0-9]+)", re.IGNORECASE)


@dataclass(frozen=True)
class ImageContent(Content):
    """The layers of an image for one platform.

    `http` reads those that the registry does not have, from the URLs in the manifest.
    """

    image: Image
    http: Http
    is_image: t.ClassVar[bool] = True

    @property
    def is_proved(self) -> bool:
        """Whether their digests are known: always."""
        return True

    @property
    def blobs(self) -> t.Sequence[Blob]:
        """Its layers."""
        return tuple(map(_blob, self.image.layers))

    def unpacked_size(self) -> int:
        """Return the number of bytes that it needs on disk at least, by small requests only."""
        return sum(_unpacked_size(layer, self.image.repositories[0]) for layer in self.image.layers)

    def fill(self, tree: Tree, reader: Reader, origins: t.Sequence[Origin]) -> None:
        """Unpack its layers into a tree, one over the other; raises SourceError, TransportError, HostError."""
        for layer in self.image.layers:
            # No registry has to be asked for an empty layer.
            blob = reader.read(_blob(layer), (*origins, *self._other_origins(layer)), layer) if layer.size else iter(())
            with _named(layer):
                unpack(verified(blob, layer), tree, is_layer=True, proved=True)

    def _other_origins(self, layer: Descriptor) -> t.Iterator[Origin]:
        """Yield the origins of a layer besides registries: LocalAI, too, tries them last.

        They get no credentials. Nor are they shown a client certificate, if it is not for them in `endpoints`.
        """
        for url in layer.urls:
            if is_http_url(url):
                yield Origin(redacted_url(url), functools.partial(self._download, url))

    def _download(self, url: str, layer: Descriptor, offset: int) -> t.Iterator[bytes]:
        return self.http.download(url, headers=dict, size=layer.size, offset=offset)


def _blob(layer: Descriptor) -> Blob:
    return Blob(layer.digest, layer.size)


@contextlib.contextmanager
def _named(layer: Descriptor) -> t.Iterator[None]:
    """Let errors name the layer that they are about."""
    try:
        yield
    except SourceError as e:
        text = str(e) if layer.digest in str(e) else f"layer {layer.digest}: {e}"
        raise type(e)(text, e.missing) from e


class _ImageSource(Source):
    is_image: t.ClassVar[bool] = True

    def __init__(self, uri: Uri, context: Context) -> None:
        self._uri = uri
        self._context = context

    def find(self, _sha256: str) -> Artifact:
        """Return the artifact of the image for this platform; raises SourceError, TransportError."""
        image = self._resolve()
        for layer in image.layers:
            _check(layer, image.repositories[0])
        if not image.size:
            raise SourceError("the image is empty: it has no layer with any bytes.")
        return Artifact(
            self._uri.address,
            ImageContent(image, self._context.http.anonymous()),
            digest=image.digest,
            size=image.size,
            platform_digest=image.platform_digest,
        )

    def find_file(self, _sha256: str, _name: str) -> Artifact:
        """Raise SourceError: only in a registry, an image can be a single file."""
        raise SourceError("it is an image, not a single file.")

    def origins(self, digest: str) -> t.Sequence[Origin]:
        """Return the origins of its blobs."""
        repositories = self.repositories(digest)
        return [Origin(str(repository), repository.blob, repository.local) for repository in repositories]

    @abstractmethod
    def _resolve(self) -> Image: ...

    @abstractmethod
    def repositories(self, digest: str) -> t.Sequence[Repository]:
        """Return where the image with a digest is, the preferred place first."""


class RegistrySource(_ImageSource):
    """An image in a registry, or in a mirror of one."""

    def find(self, sha256: str) -> Artifact:
        """Return the artifact of the image for this platform; raises SourceError, TransportError."""
        try:
            return super().find(sha256)
        except ORIGIN_ERRORS as e:
            if _RELATIVE_PATH.fullmatch(self._uri.address.text):
                hint = "It was read as an image of Docker Hub; the path of a file must be absolute."
                e.args = (f"{str(e).rstrip('.')}. {hint}",)
            raise

    def find_file(self, sha256: str, name: str) -> Artifact:
        """Return the artifact of the layer that is the file; raises SourceError, TransportError."""
        layer = self._layer(name)
        default = layer_name(layer) or posixpath.basename(self._reference.repository)
        return layer_artifact(self._uri, layer, sha256, name or default)

    def size(self) -> int:
        """Return the size of a single file in bytes; raises SourceError, TransportError."""
        return self._layer("").size

    def file_origins(self, content: FileContent) -> t.Sequence[Origin]:
        """Return the origins of the bytes of a single file."""
        return blob_origins(self._reference, content, self._context)

    def digest(self) -> str | None:
        """Return the digest that the tag has now; raises SourceError, TransportError."""
        return self._context.images.digest(self._reference)

    def _layer(self, name: str) -> Descriptor:
        """Return the layer that is the requested file; raises SourceError, TransportError."""
        return find_layer(self._reference, self._context, name)

    @property
    def _reference(self) -> Reference:
        return t.cast(ImageUri, self._uri).reference

    def _resolve(self) -> Image:
        return self._context.images.resolve(self._reference, self._context.platform)

    def repositories(self, digest: str) -> t.Sequence[Repository]:
        """Return the mirrors and the registry."""
        return self._context.images.pull_hosts(self._reference.at(digest))


class LayoutSource(_ImageSource):
    """An image in an OCI layout on this host."""

    def _resolve(self) -> Image:
        repositories = self.repositories("")
        return resolve(self._path_and_name[1], repositories, repositories, self._context.platform)

    def repositories(self, _digest: str) -> t.Sequence[Repository]:
        """Return the layout."""
        return (Layout(self._path_and_name[0]),)

    @property
    def _path_and_name(self) -> tuple[str, str]:
        """The first of the possible pairs whose path is a layout."""
        uri = t.cast(LayoutUri, self._uri)
        pairs = ((uri.path, uri.name), *uri.others)
        layouts = (pair for pair in pairs if is_layout(pair[0]))
        # Without a layout, the error is about a directory that exists.
        return next(layouts, next((pair for pair in pairs if os.path.isdir(pair[0])), pairs[0]))


class ImageFileSource(LayoutSource):
    """An image in a tar file on this host."""

    def digest(self) -> str | None:
        """Return the digest that the image has now; raises SourceError."""
        path, name = self._path_and_name
        return image_in_file(path).digest(name)

    def repositories(self, _digest: str) -> t.Sequence[Repository]:
        """Return the file; it is kept, because an archive of docker decompresses layers to know their digests."""
        path, files = self._path_and_name[0], self._context.files
        if path not in files:
            files[path] = image_in_file(path)
        return (files[path],)


def _check(layer: Descriptor, repository: Repository) -> None:
    """Raise SourceError now, not in the middle of the pull, for a layer that this host cannot unpack."""
    stated = layer.compression
    if stated is None or stated.on_this_host() is not None or not layer.size:
        return
    actual: Compression | None = stated
    with contextlib.suppress(*ORIGIN_ERRORS):
        # The media type may be wrong.
        actual = compression_of(repository.head(layer, _HEAD))
    if actual is not None:
        actual.check()


def _unpacked_size(layer: Descriptor, repository: Repository) -> int:
    try:
        if not layer.size or compression_of(repository.head(layer, _HEAD)) is not GZIP:
            return layer.size
        # ISIZE, the last field of gzip: modulo 4 GiB, and only that of the last member.
        return max(layer.size, int.from_bytes(repository.tail(layer, 4), "little"))
    except ORIGIN_ERRORS:
        # An error of the pull belongs to the pull.
        return layer.size

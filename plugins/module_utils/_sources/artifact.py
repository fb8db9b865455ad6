# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of a source, and the interfaces of its parts: a new kind of source implements `Source` and `Content`."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._address import Address
from .._fs.tree import Tree
from .._http.client import Http
from .._oci.image import Images
from .._oci.manifest import Repository
from .._oci.platform import Platform
from .failover import Origin
from .hub_endpoint import DEFAULT_ENDPOINT
from .resume import Blob, Reader
from .uri import Uri

if t.TYPE_CHECKING:
    from .file import FileContent


class Accept(t.Protocol):
    """The decision of the caller whether something can be installed."""

    def directory(self, path: str) -> None:
        """Raise SourceError unless a directory on this host can be installed."""

    def tree(self, tree: Tree) -> None:
        """Raise SourceError unless a complete staged tree can be installed."""


class Content(t.Protocol):
    """The content of an artifact.

    `is_image` tells whether it is read blob by blob. `is_proved` tells whether its bytes, read to their end, prove that
    they are the right ones.
    """

    is_image: t.ClassVar[bool] = False

    @property
    def is_proved(self) -> bool:
        return False

    @property
    def blobs(self) -> t.Sequence[Blob]:
        """The contents that are transferred for it."""
        return ()

    def unpacked_size(self) -> int:
        """Return the number of bytes that it needs on disk at least; 0 for one that is not known without reading it."""
        return 0

    def fill(self, tree: Tree, reader: Reader, origins: t.Sequence[Origin]) -> None:
        """Write it into an empty tree; raises SourceError, TransportError, HostError."""


@dataclass(frozen=True)
class Artifact:
    """An image, an archive, a directory or a single file, as it is at its source.

    `uri` is the one that was requested, `mirrors` are those after it. `digest` identifies the content; it is None for a
    directory, and without sha256. `size` is the number of bytes to transfer, 0 if it is unknown. `platform_digest` is
    the digest of the image for this platform, empty for other content. `location` is where a single file is, which can
    be a mirror of the host in `uri`; None for other content.
    """

    uri: Address
    content: Content
    digest: str | None = None
    size: int = 0
    sha256: str = ""
    platform_digest: str = ""
    mirrors: tuple[Address, ...] = ()
    location: Uri | None = None

    @property
    def identity(self) -> str:
        """A text that distinguishes its content from other content, also without a digest; empty if there is none."""
        first = next((blob.identity for blob in self.content.blobs), "")
        return self.platform_digest or self.digest or first


@dataclass(frozen=True)
class Context:
    """The data that sources need besides their URI. `hub` is the server of Hugging Face.

    `files` keeps the images in files on this host, by path.
    """

    http: Http
    images: Images
    platform: Platform
    accept: Accept
    hub: Address = DEFAULT_ENDPOINT
    files: dict[str, Repository] = field(default_factory=dict)


class Source(t.Protocol):
    """One kind of source, at one URI. `is_image` is that of its content."""

    is_image: t.ClassVar[bool] = False

    def __init__(self, uri: Uri, context: Context) -> None: ...

    def find(self, sha256: str) -> Artifact:
        """Return the artifact to unpack or copy; raises SourceError, TransportError."""

    def find_file(self, sha256: str, name: str) -> Artifact:
        """Return the artifact of a single file, with its path in the tree; raises SourceError, TransportError."""

    def digest(self) -> str | None:
        """Return the digest that it has now, if anything identifies it; raises SourceError, TransportError."""
        return self.find("").digest

    def origins(self, digest: str) -> t.Sequence[Origin]:
        """Return the origins of the content with a digest, which is empty for content without one."""

    def repositories(self, _digest: str) -> t.Sequence[Repository]:
        """Return the repositories of an image with a digest; none for other content."""
        return ()

    def file_origins(self, _content: FileContent) -> t.Sequence[Origin]:
        """Return the origins of the bytes of a single file."""
        return ()

    def size(self) -> int:
        """Return the size of a single file in bytes, 0 if it is unknown; raises SourceError, TransportError."""
        return 0

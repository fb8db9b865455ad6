# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An archive at a URL or on this host -> a tree."""

from __future__ import annotations

import posixpath
import re
import typing as t
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from .._address import Address
from .._errors import TransportError
from .._fs.tree import Tree
from .._unpack.formats import Format, format_of
from .._unpack.unpack import unpack
from .artifact import Artifact, Context, Source
from .failover import Origin
from .file import Bytes, FileContent, LocalFile, RemoteFile, file_artifact
from .resume import Reader
from .uri import Uri

# What an image would be with the scheme of a web server before it: something with a tag or a digest.
_IMAGE = re.compile(r"https?://[^/]+/[^?#]*(?::[\w.-]+|@sha256:[0-9a-f]+)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class ArchiveContent(Bytes):
    """An archive, of the format that its first bytes told."""

    format: Format

    def unpacked_size(self) -> int:
        """Return the number of bytes that it needs on disk at least."""
        return self.size * 2 if self.format.container.is_copied else self.size

    def fill(self, tree: Tree, reader: Reader, origins: t.Sequence[Origin]) -> None:
        """Unpack it into a tree; raises SourceError, TransportError, HostError."""
        chunks = self.verified(reader.read(self.blob, origins))
        unpack(chunks, tree, is_layer=False, proved=self.is_proved)


class FileSource(Source):
    """One file, which has no digest: an archive, or a single file, by default with the last part of `path` as its name.

    It is at `file`, for which `address` was requested.
    """

    def __init__(self, address: Address, file: RemoteFile | LocalFile, path: str) -> None:
        self._address = address
        self._file = file
        self._name = posixpath.basename(path)

    def find(self, sha256: str) -> Artifact:
        """Return the artifact of the archive; raises SourceError, TransportError."""
        head = self._file.head()
        archive_format = format_of(head.start, self._file.public)
        content = ArchiveContent(sha256 or self._file.known_sha256, head.size, head.version, archive_format)
        return content.artifact(self._address)

    def find_file(self, sha256: str, name: str) -> Artifact:
        """Return the artifact of the file; raises SourceError, TransportError."""
        return file_artifact(self._address, self._file, sha256, name or self._name)

    def origins(self, _digest: str) -> t.Sequence[Origin]:
        """Return the origin of the file."""
        return [self._file.origin()]

    def file_origins(self, _content: FileContent) -> t.Sequence[Origin]:
        """Return the origin of the file."""
        return self.origins("")

    def size(self) -> int:
        """Return the size of the file in bytes; raises SourceError, TransportError."""
        return self._file.size()


class HttpSource(FileSource):
    """A file on a web server."""

    def __init__(self, uri: Uri, context: Context) -> None:
        address = uri.address
        super().__init__(address, RemoteFile(address, context.http), unquote(urlsplit(address.text).path))

    def find(self, sha256: str) -> Artifact:
        """Return the artifact of the archive; raises TransportError."""
        try:
            return super().find(sha256)
        except TransportError as e:
            if e.missing and _IMAGE.fullmatch(self._address.text):
                e.args = (f"{str(e).rstrip('.')}. An image is written without the scheme http or https.",)
            raise

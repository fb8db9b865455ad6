# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An archive at a URL or on this host -> a tree."""

from __future__ import annotations

import posixpath
import typing as t
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from .._address import Address
from .._fs.tree import Tree
from .._unpack.formats import Format, format_of
from .._unpack.unpack import unpack
from .artifact import Artifact, Context, Source
from .failover import FailoverReader, Origin
from .file import Bytes, LocalFile, RemoteFile, file_artifact
from .uri import Uri


@dataclass(frozen=True)
class ArchiveContent(Bytes):
    """An archive."""

    format: Format

    def unpacked_size(self) -> int:
        """Return the number of bytes that it needs on disk at least."""
        return self.size * 2 if self.format.container.is_copied else self.size

    def fill(self, tree: Tree, reader: FailoverReader, origins: t.Sequence[Origin]) -> None:
        """Unpack it into a tree; raises SourceError, TransportError, HostError."""
        chunks = self.verified(reader.read(origins))
        unpack(chunks, self.format, tree, whiteouts=False, proved=self.is_proved)


class HttpSource(Source):
    """A file on a web server, which states no digest: an archive, or a single file."""

    def __init__(self, uri: Uri, context: Context) -> None:
        self._address = uri.address
        self._file = RemoteFile(uri.address, context.http)

    def find(self, sha256: str) -> Artifact:
        """Return the artifact of the archive; raises SourceError, TransportError."""
        return archive_artifact(self._address, self._file, sha256)

    def find_file(self, sha256: str, name: str) -> Artifact:
        """Return the artifact of the file; raises SourceError, TransportError."""
        name = name or posixpath.basename(unquote(urlsplit(self._address.text).path))
        return file_artifact(self._address, self._file, sha256, name)

    def origins(self, _digest: str) -> t.Sequence[Origin]:
        """Return the origin of the file."""
        return [self._file.origin()]


def archive_artifact(address: Address, file: RemoteFile | LocalFile, sha256: str) -> Artifact:
    """Return the artifact of an archive; raises SourceError, TransportError."""
    head, size = file.head()
    return ArchiveContent(sha256, size, format_of(head, file.public)).artifact(address)

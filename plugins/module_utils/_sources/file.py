# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A single file at a URL or on this host -> one file in a tree, with its sha256 verified."""

from __future__ import annotations

import functools
import hashlib
import typing as t
from dataclasses import dataclass

from .._address import Address
from .._errors import IntegrityError, SourceError
from .._fs.paths import inner_path
from .._fs.read import chunks_of, open_file
from .._fs.tree import Tree
from .._fs.utf8 import os
from .._http.client import Http
from .._http.download import whole_number
from .artifact import Artifact, Content
from .failover import FailoverReader, Origin

_HEAD = 512


class RemoteFile:
    """A file on a web server. Its bytes are `public` unless credentials are needed: some servers echo these."""

    def __init__(self, address: Address, http: Http) -> None:
        self.public = not http.authorization(address.text)
        self._address = address
        self._http = http

    def head(self) -> tuple[bytes, int]:
        """Return the first bytes and the size, 0 if it is unknown; raises TransportError."""
        url = self._address.text
        answer = self._http.fetch(url, headers=self._http.authorization(url), first=_HEAD)
        return answer.body, whole_number(answer.headers.get("Content-Length", "")) or 0

    def origin(self) -> Origin:
        """Return the origin of its bytes."""
        return Origin(str(self._address), self._read)

    def _read(self, offset: int) -> t.Iterator[bytes]:
        url = self._address.text
        return self._http.download(url, headers=functools.partial(self._http.authorization, url), offset=offset)


class LocalFile:
    """A file on this host, whose bytes are not `public`: the user may not be allowed to read it."""

    public = False

    def __init__(self, address: Address, path: str) -> None:
        self._address = address
        self._path = path

    def head(self) -> tuple[bytes, int]:
        """Return the first bytes and the size; raises SourceError."""
        return next(self._read(0), b"")[:_HEAD], os.path.getsize(self._path)

    def origin(self) -> Origin:
        """Return the origin of its bytes."""
        return Origin(str(self._address), self._read, local=True)

    def _read(self, offset: int) -> t.Iterator[bytes]:
        try:
            yield from chunks_of(open_file(self._path), offset)
        except OSError as e:
            raise SourceError(f"{self._path}: {e.strerror}.") from e


@dataclass(frozen=True)
class Bytes(Content):
    """The bytes of one file, with the sha256 that they must have, and their length; empty and 0 if it is unknown."""

    sha256: str
    size: int

    @property
    def is_proved(self) -> bool:
        """Whether its sha256 and its length are known."""
        return bool(self.sha256 and self.size)

    def unpacked_size(self) -> int:
        """Return the number of bytes that it needs on disk at least."""
        return self.size

    def verified(self, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
        """Yield `chunks`; raises IntegrityError unless they have the sha256."""
        hasher, length = hashlib.sha256(), 0
        for chunk in chunks:
            length += len(chunk)
            if self.is_proved and length > self.size:
                raise IntegrityError(f"it is longer than the {self.size} bytes that its server stated.")
            hasher.update(chunk)
            yield chunk
        if self.sha256 and hasher.hexdigest() != self.sha256:
            raise IntegrityError(f"its sha256 is {hasher.hexdigest()}, not {self.sha256}.")

    def artifact(self, address: Address) -> Artifact:
        """Return the artifact of this content."""
        digest = f"sha256:{self.sha256}" if self.sha256 else None
        return Artifact(address, self, digest=digest, size=self.size, sha256=self.sha256)


@dataclass(frozen=True)
class FileContent(Bytes):
    """A single file, which becomes the file `path` of the tree as it is."""

    path: str

    def fill(self, tree: Tree, reader: FailoverReader, origins: t.Sequence[Origin]) -> None:
        """Write it into a tree; raises IntegrityError, TransportError, HostError."""
        tree.begin_layer()
        tree.file(self.path, 0o644, self.verified(reader.read(origins)))


def file_artifact(address: Address, file: RemoteFile | LocalFile, sha256: str, name: str) -> Artifact:
    """Return the artifact of a single file, with the path `name` in the tree; raises SourceError, TransportError."""
    path = inner_path(name)
    if not path:
        raise SourceError("it does not end with the name of a file, and no other name is given.")
    return FileContent(sha256, file.head()[1], path).artifact(address)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A single file at a URL or on this host -> one file in a tree, with its sha256 verified."""

from __future__ import annotations

import functools
import hashlib
import re
import typing as t
from dataclasses import dataclass

from .._address import Address
from .._errors import IntegrityError, SourceError
from .._fs.inner_paths import inner_path
from .._fs.read import chunks_of, open_file
from .._fs.tree import Tree
from .._fs.utf8 import os
from .._http.client import Http
from .._http.download import validator_of, whole_number
from .._unpack.read_ahead import read_ahead
from .artifact import Artifact, Content
from .failover import Origin
from .resume import Blob, Reader

_HEAD = 512
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+)?html\b", re.IGNORECASE)
# Some servers refuse HEAD, and a signed URL is for one method only.
_NO_HEAD = (403, 405, 501)


class Head(t.NamedTuple):
    """The first bytes of a file, its size, 0 if it is unknown, and what tells this version of it; nothing if none."""

    start: bytes
    size: int
    version: str = ""


class RemoteFile:
    """A file on a web server. Its bytes are `public` unless credentials are needed: some servers echo these."""

    def __init__(self, address: Address, http: Http) -> None:
        self.public = not http.authorization(address.text)
        self._address = address
        self._http = http
        self._version = ""

    def head(self) -> Head:
        """Return its beginning; raises TransportError."""
        url = self._address.text
        answer = self._http.fetch(url, headers=self._http.authorization(url), first=_HEAD)
        length = whole_number(answer.headers.get("Content-Length", ""))
        self._note_version(validator_of(answer.headers), length)
        return Head(answer.body, length or 0, self._version)

    def size(self) -> int:
        """Return its size in bytes, 0 if the server does not state it; raises TransportError."""
        url = self._address.text
        headers = self._http.authorization(url)
        answer = self._http.fetch(url, headers=headers, method="HEAD", accept=(200, *_NO_HEAD))
        if answer.status == 200:
            return whole_number(answer.headers.get("Content-Length", "")) or 0
        answer = self._http.fetch(url, headers={**headers, "Range": "bytes=0-0"}, accept=(200, 206), first=1)
        stated = answer.headers.get("Content-Length", "")
        if answer.status == 206:
            stated = answer.headers.get("Content-Range", "").rpartition("/")[2]
        return whole_number(stated) or 0

    @property
    def known_sha256(self) -> str:
        """The sha256 that it is known to have, empty if it is unknown; raises TransportError."""
        return self._http.known_sha256(self._address.text)

    def origin(self) -> Origin:
        """Return the origin of its bytes."""
        return Origin(str(self._address), self._read, self._http.local, version=lambda: self._version)

    def _read(self, offset: int) -> t.Iterator[bytes]:
        url = self._address.text
        return self._http.download(
            url,
            headers=functools.partial(self._http.authorization, url),
            offset=offset,
            begun=self._note_version,
        )

    def _note_version(self, validator: str, length: int | None) -> None:
        """Note what the server states of the version that it sends now."""
        stated = f"{self._address.text}\n{validator}\n{length}"
        # Hashed, because an address may have secrets in it.
        self._version = hashlib.sha256(stated.encode()).hexdigest() if validator and length else ""


class LocalFile:
    """A file on this host, whose bytes are not `public`: the user may not be allowed to read it."""

    public = False
    known_sha256 = ""

    def __init__(self, address: Address, path: str) -> None:
        self._address = address
        self._path = path

    def head(self) -> Head:
        """Return its beginning; raises SourceError."""
        return Head(next(self._read(0), b"")[:_HEAD], os.path.getsize(self._path))

    def size(self) -> int:
        """Return its size in bytes; raises SourceError."""
        return self.head().size

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
    """The bytes of one file, with the sha256 that they must have, and their length; empty and 0 if it is unknown.

    Without a sha256, `version` tells these bytes from others that their server may have at another time.
    """

    sha256: str
    size: int
    version: str

    @property
    def blob(self) -> Blob:
        """The file as it is transferred."""
        return Blob(f"sha256:{self.sha256}", self.size) if self.sha256 else Blob(self.version, self.size, True)

    @property
    def blobs(self) -> t.Sequence[Blob]:
        """It alone."""
        return (self.blob,)

    @property
    def is_proved(self) -> bool:
        """Whether its sha256 and its length are known."""
        return bool(self.sha256 and self.size)

    def unpacked_size(self) -> int:
        """Return the number of bytes that it needs on disk at least."""
        return self.size

    def verified(self, chunks: t.Iterator[bytes], note: t.Callable[[str], object] | None = None) -> t.Iterator[bytes]:
        """Yield `chunks`, and give their sha256 to `note`; raises IntegrityError unless they have the right one."""
        hasher, length = hashlib.sha256(), 0
        for chunk in chunks:
            length += len(chunk)
            if self.is_proved and length > self.size:
                raise IntegrityError(f"it is longer than the {self.size} bytes that its server stated.")
            hasher.update(chunk)
            yield chunk
        if self.sha256 and hasher.hexdigest() != self.sha256:
            raise IntegrityError(f"its sha256 is {hasher.hexdigest()}, not {self.sha256}.")
        if note is not None:
            note(hasher.hexdigest())

    def artifact(self, address: Address) -> Artifact:
        """Return the artifact of this content."""
        digest = f"sha256:{self.sha256}" if self.sha256 else None
        return Artifact(address, self, digest=digest, size=self.size, sha256=self.sha256)


@dataclass(frozen=True)
class FileContent(Bytes):
    """A single file, which becomes the file `path` of the tree as it is."""

    path: str

    def fill(self, tree: Tree, reader: Reader, origins: t.Sequence[Origin]) -> None:
        """Write it into a tree; raises IntegrityError, TransportError, HostError."""
        tree.begin_layer()
        note = functools.partial(tree.digests.__setitem__, self.path)
        partial = reader.file(self.blob)
        if partial is None:
            tree.file(self.path, 0o644, self.verified(reader.read(self.blob, origins), note))
            return
        with read_ahead(reader.read_into(partial, self.blob, origins)) as chunks:
            for _chunk in self.verified(chunks, note):
                pass
        partial.move_to(tree, self.path, 0o644)


def file_artifact(address: Address, file: RemoteFile | LocalFile, sha256: str, name: str) -> Artifact:
    """Return the artifact of a single file, with the path `name` in the tree; raises SourceError, TransportError."""
    path = inner_path(name)
    if not path:
        raise SourceError("it does not end with the name of a file, and no other name is given.")
    head = file.head()
    if not sha256 and _HTML.match(head.start) and not path.lower().endswith((".html", ".htm")):
        is_page_of_hub = "/blob/" in address.text
        raise SourceError(
            f"it is an HTML page, not the file {path}. "
            + (
                "Write resolve instead of blob in the URL."
                if is_page_of_hub
                else "Open the URL in a browser to see it."
            )
        )
    return FileContent(sha256 or file.known_sha256, head.size, head.version, path).artifact(address)

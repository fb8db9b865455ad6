# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory whose files are read by name: on this host, or below a URL of any web server."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from .._address import redacted_url
from .._errors import SourceError
from .._fs.read import chunks_of, open_file
from .._fs.utf8 import os
from .url import is_http_url

if t.TYPE_CHECKING:
    from .client import Http


class Directory(t.Protocol):
    """The files of a directory. Its `str` names it without secrets; `local` means on this host."""

    local: bool

    def chunks(self, name: str, offset: int = 0, size: int | None = None) -> t.Iterator[bytes]:
        """Yield the content of a file from `offset` on, not verified; raises SourceError, TransportError.

        `size` is its length in bytes, if its content is known by a digest.
        """

    def part(self, name: str, start: int, length: int) -> bytes:
        """Return a part of a file, by one small request; empty if the server does not send parts."""
        content = b""
        for chunk in self.chunks(name, start):
            content += chunk
            if len(content) >= length:
                break
        return content[:length]


def directory_at(location: str, http: Http) -> Directory:
    """Return the directory at a path, or at a URL that `http` reads from."""
    return WebDirectory(http, location) if is_http_url(location) else LocalDirectory(location)


class LocalDirectory(Directory):
    """A directory on this host.

    An error is `missing` only if a file is, and not the directory: then there is the file `marker`, which an empty
    mount point does not have.
    """

    local = True

    def __init__(self, path: str, marker: str = "index.json") -> None:
        self._path = path
        self._marker = marker

    def __str__(self) -> str:
        return self._path

    def chunks(self, name: str, offset: int = 0, _size: int | None = None) -> t.Iterator[bytes]:
        """Yield the content of a file from `offset` on; raises SourceError."""
        path = os.path.join(self._path, name)
        try:
            yield from chunks_of(open_file(path), offset)
        except OSError as e:
            is_there = os.path.exists(os.path.join(self._path, self._marker))
            raise SourceError(f"{path}: {e.strerror}.", is_there and isinstance(e, FileNotFoundError)) from e


class WebDirectory(Directory):
    """A directory below a URL, whose files any web server serves."""

    local = False

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self._url = url.rstrip("/")

    def __str__(self) -> str:
        return redacted_url(self._url)

    def chunks(self, name: str, offset: int = 0, size: int | None = None) -> t.Iterator[bytes]:
        """Yield the content of a file from `offset` on; raises TransportError."""
        url = self._url_of(name)
        return self._http.download(url, headers=lambda: self._http.authorization(url), size=size, offset=offset)

    def part(self, name: str, start: int, length: int) -> bytes:
        """Return a part of a file, by one small request; empty if the server does not send parts."""
        url = self._url_of(name)
        headers = {**self._http.authorization(url), "Range": f"bytes={start}-{start + length - 1}"}
        answer = self._http.fetch(url, headers=headers, accept=(200, 206), first=length)
        return b"" if start and answer.status == 200 else answer.body

    def _url_of(self, name: str) -> str:
        return f"{self._url}/{quote(name)}"


def content_of(directory: Directory, name: str, limit: int) -> bytes:
    """Return the content of a small file; raises SourceError for one of more than `limit` bytes, TransportError."""
    content = b""
    for chunk in directory.chunks(name):
        content += chunk
        if len(content) > limit:
            raise SourceError(f"{name} has more than {limit} bytes, which is not plausible.")
    return content

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bundle that is read in the place of the network: at a path on this host, or below a URL."""

from __future__ import annotations

import functools
import hashlib
import typing as t

from .._address import redacted, redacted_url
from .._errors import GalleryError, IntegrityError, SourceError, TransportError
from .._http.directory import LocalDirectory, WebDirectory, content_of, directory_at
from .._http.url import is_http_url
from .contents import CONTENTS, IMAGES, MOST_BYTES, SUMS, Contents, Kind, Stored, StoredFile, key_of, parse_contents

if t.TYPE_CHECKING:
    from .._http.client import Http
    from .._http.directory import Directory

_Row = t.TypeVar("_Row")
_ADVICE_LOCATION = f"Set bundle to the directory with {CONTENTS}, or to its URL."
ADVICE = "Write the bundle again for what this host needs, with localai_bundle outside."


class Held(t.NamedTuple):
    """A gallery of a bundle: its content, the URL to record for it, and the location that it was read from."""

    content: bytes
    url: str
    location: str


class Bundle:
    """The files of a bundle, verified by the checksums in its list. `http` reads them if it is at a URL."""

    def __init__(self, location: str, http: Http) -> None:
        self._location = location.rstrip("/") or location
        self._directory: Directory = (
            WebDirectory(http, self._location)
            if is_http_url(self._location)
            else LocalDirectory(self._location, CONTENTS)
        )
        self._http = http

    def __str__(self) -> str:
        return f"the bundle {self._directory}"

    @property
    def local(self) -> bool:
        """Whether it is on this host."""
        return self._directory.local

    @functools.cached_property
    def images(self) -> Directory:
        """The OCI image layout, whose index is verified; raises SourceError, TransportError."""
        # Its errors say what is wrong with the bundle as a whole.
        _ = self.contents
        index = f"{IMAGES}/index.json"
        self._verified(index, content_of(self._directory, index, MOST_BYTES))
        return directory_at(f"{self._location}/{IMAGES}", self._http)

    @functools.cached_property
    def contents(self) -> Contents:
        """The list of its content; raises SourceError, TransportError."""
        try:
            content = content_of(self._directory, CONTENTS, MOST_BYTES)
            contents = parse_contents(content)
            self._verified(CONTENTS, content)
        except IntegrityError:
            raise
        except SourceError as e:
            raise SourceError(f"{self} cannot be used: {e} {_ADVICE_LOCATION}") from e
        except TransportError as e:
            raise TransportError(f"{self} cannot be used: {e} {_ADVICE_LOCATION}", e.status) from e
        return contents

    def gallery(self, kind: Kind, name: str, *, is_only: bool) -> list[Held]:
        """Return the excerpts of a gallery, the newest first; raises GalleryError if the bundle has none.

        The only gallery of a bundle is that of a task that has only one.
        """
        rows = [row for row in self._listed(lambda contents: contents.galleries) if row.kind == kind]
        names = {row.name.lower(): row.name for row in rows}
        wanted = next(iter(names)) if is_only and len(names) == 1 else name.lower()
        if wanted not in names:
            listed = ", ".join(sorted(names.values())) or "none"
            raise GalleryError(f"gallery {name} is not in {self}. Its galleries of {kind}: {listed}. {ADVICE}")
        return [Held(self._read(row.file), row.url, row.location) for row in rows if row.name.lower() == wanted]

    def base(self, gallery: str, url: str) -> bytes:
        """Return a base file of a gallery, or without a gallery a configuration; raises GalleryError.

        A task may give the gallery another name.
        """
        rows = [row for row in self._listed(lambda contents: contents.documents) if row.url == key_of(url)]
        named = [row for row in rows if row.gallery.lower() == gallery.lower()] or rows
        if len({row.file.sha256 for row in named}) != 1:
            raise GalleryError(f"{redacted(url)} is not in {self}. {ADVICE}")
        return self._read(named[0].file)

    def file(self, url: str) -> StoredFile:
        """Return the file of a web server; raises TransportError if the bundle does not have it."""
        row = self._files.get(key_of(url))
        if row is None:
            raise TransportError(f"{redacted_url(url)} is not in {self}. {ADVICE}", 404)
        return row

    def chunks(self, file: Stored, offset: int = 0) -> t.Iterator[bytes]:
        """Yield the content of a file from `offset` on, not verified; raises SourceError, TransportError."""
        return self._directory.chunks(file.path, offset, file.size)

    def part(self, file: Stored, length: int) -> bytes:
        """Return the first bytes of a file, not verified; raises SourceError, TransportError."""
        return self._directory.part(file.path, 0, length)

    @functools.cached_property
    def _files(self) -> dict[str, StoredFile]:
        return {row.url: row for row in self.contents.files}

    def _read(self, file: Stored) -> bytes:
        """Return the content of a small file, verified; raises GalleryError."""
        try:
            return self.content(file)
        except (SourceError, TransportError) as e:
            raise GalleryError(str(e)) from e

    def content(self, file: Stored) -> bytes:
        """Return the content of a small file, verified; raises SourceError, TransportError."""
        content = content_of(self._directory, file.path, MOST_BYTES)
        self._check(file.path, content, file.sha256)
        return content

    @functools.cached_property
    def _sums(self) -> dict[str, str]:
        """The checksums of the files that list others, by path."""
        lines = content_of(self._directory, SUMS, MOST_BYTES).decode("utf-8", "replace").splitlines()
        return {path: sha256 for sha256, _space, path in (line.partition("  ") for line in lines)}

    def _verified(self, path: str, content: bytes) -> None:
        """Check a file that lists others, in which a wrong letter may look right; raises SourceError."""
        self._check(path, content, self._sums.get(path, ""))

    def _check(self, path: str, content: bytes, sha256: str) -> None:
        if hashlib.sha256(content).hexdigest() != sha256:
            raise IntegrityError(f"{self}: {path} does not have the sha256 that is listed. Copy the bundle again.")

    def _listed(self, rows: t.Callable[[Contents], tuple[_Row, ...]]) -> tuple[_Row, ...]:
        """Return rows of the list; raises GalleryError."""
        try:
            return rows(self.contents)
        except (SourceError, TransportError) as e:
            raise GalleryError(str(e)) from e

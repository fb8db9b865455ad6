# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images in a tar file: the files in it, without unpacking it."""

from __future__ import annotations

import contextlib
import tarfile
import typing as t

from .._errors import SourceError
from .._fs.bounded import Bounded
from .._fs.read import chunks_of, open_file
from .._fs.utf8 import os
from .._http.directory import Directory, content_of
from .manifest import MOST_DOCUMENT

_MOST_MEMBERS = 100000
# At once: what describes one member, and the blocks of its content.
_MOST_READ = 4 * 1024**2


class TarFile(Directory):
    """The files in a plain tar file, which are read in place. Raises SourceError."""

    local = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._members: dict[str, tarfile.TarInfo] | None = None

    def __str__(self) -> str:
        return self._path

    def has(self, name: str) -> bool:
        """Return whether there is a file `name`."""
        with self._opened() as (_archive, members):
            return name in members

    def size(self, name: str) -> int:
        """Return the size of a file in bytes."""
        with self._member(name) as (archive, member):
            # Older versions of docker write links for layers that several images share.
            stream = archive.extractfile(member)
            return stream.seek(0, os.SEEK_END) if stream is not None else 0

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""
        return content_of(self, name, MOST_DOCUMENT)

    def chunks(self, name: str, offset: int = 0, _size: int | None = None) -> t.Iterator[bytes]:
        """Yield the content of a file from `offset` on."""
        with self._member(name) as (archive, member):
            stream = archive.extractfile(member)
            if stream is None:
                raise SourceError(f"{self._path}: {name} in it is not a file.")
            yield from chunks_of(stream, offset)

    @contextlib.contextmanager
    def _member(self, name: str) -> t.Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        with self._opened() as (archive, members):
            if name not in members:
                raise SourceError(f"{self._path} has no file {name[:200]!r} in it.", missing=True)
            yield archive, members[name]

    @contextlib.contextmanager
    def _opened(self) -> t.Iterator[tuple[tarfile.TarFile, dict[str, tarfile.TarInfo]]]:
        try:
            with contextlib.ExitStack() as stack:
                stream = t.cast("t.IO[bytes]", Bounded(stack.enter_context(open_file(self._path)), _MOST_READ))
                archive = stack.enter_context(tarfile.open(fileobj=stream, mode="r:", encoding="utf-8"))
                if self._members is None:
                    self._members = self._listed(archive)
                yield archive, self._members
        except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError, LookupError) as e:
            raise SourceError(
                f"{self._path} is not a plain tar file ({e}). If it is compressed, decompress it first, for example "
                "with gunzip."
            ) from e
        except OSError as e:
            raise SourceError(f"{self._path}: {e.strerror}.") from e

    def _listed(self, archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
        members: dict[str, tarfile.TarInfo] = {}
        for count, member in enumerate(archive):
            if count >= _MOST_MEMBERS:
                raise SourceError(f"{self._path} has too many files to be an image.")
            members[os.path.normpath(member.name)] = member
        return members

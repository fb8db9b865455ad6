# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that is a zip archive -> its entries."""

from __future__ import annotations

import calendar
import lzma
import stat
import typing as t
import zipfile
import zlib

from .._errors import SourceError
from .._fs.read import Bounded
from .compression import BLOCK, damage
from .entry import Entry, EntryKind

_MOST_DIRECTORY = 64 * 1024**2
_MOST_TARGET = 4096
_UNIX = 3
_KINDS: dict[int, EntryKind] = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", 0: "file"}
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, OverflowError, LookupError)


class ZipStream:
    """The entries of a zip archive in their order. Raises SourceError for a damaged one."""

    def __init__(self, stream: t.IO[bytes]) -> None:
        with damage(*_DAMAGE, NotImplementedError):
            self._archive = zipfile.ZipFile(t.cast("t.IO[bytes]", Bounded(stream, _MOST_DIRECTORY)))
        self._member: zipfile.ZipInfo | None = None

    def __iter__(self) -> t.Iterator[Entry]:
        for member in self._archive.infolist():
            self._member = member
            yield self._entry(member)

    def data(self, entry: Entry) -> t.Iterator[bytes]:
        """Yield the content of the entry that was yielded last."""
        try:
            with self._archive.open(t.cast("zipfile.ZipInfo", self._member)) as stream:
                yield from iter(lambda: stream.read(BLOCK), b"")
        except (*_DAMAGE, RuntimeError, OSError) as e:
            # It is encrypted (RuntimeError), its compression is unknown (NotImplementedError, a RuntimeError), or bz2
            # reports damaged data (OSError without a number).
            if isinstance(e, OSError) and e.errno is not None:
                raise
            raise SourceError(f"the archive is damaged or unsupported: {entry.name[:100]!r}: {e}.") from e

    def _entry(self, member: zipfile.ZipInfo) -> Entry:
        attributes = member.external_attr >> 16 if member.create_system == _UNIX else 0
        is_directory = member.filename.endswith("/")
        kind: EntryKind = "directory" if is_directory else _KINDS.get(stat.S_IFMT(attributes), "other")
        mode = stat.S_IMODE(attributes) or (0o755 if is_directory else 0o644)
        try:
            mtime = float(calendar.timegm((*member.date_time, 0, 0, 0)))
        except ValueError:
            mtime = None
        entry = Entry(member.filename, kind, mode, mtime, member.file_size)
        return self._symlink(entry) if kind == "symlink" else entry

    def _symlink(self, entry: Entry) -> Entry:
        if entry.size > _MOST_TARGET:
            raise SourceError(f"the symlink {entry.name[:100]!r} has no valid target.")
        link = b"".join(self.data(entry)).decode("utf-8", "surrogateescape")
        return Entry(entry.name, entry.kind, entry.mode, entry.mtime, link=link)

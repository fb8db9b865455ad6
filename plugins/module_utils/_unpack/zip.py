# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that is a zip archive -> its entries."""

from __future__ import annotations

import calendar
import lzma
import re
import stat
import struct
import typing as t
import zipfile
import zlib

from .._errors import SourceError
from .._fs.bounded import Bounded
from .compression import damage
from .decompressors import BLOCK
from .entry import Entry, EntryKind

_MOST_DIRECTORY = 64 * 1024**2
_MOST_TARGET = 4096
# Systems that made an archive, by APPNOTE.TXT 4.4.2.2 and Info-ZIP: Unix and macOS write Unix attributes; the others
# (FAT, HPFS, two numbers for NTFS, VFAT) have backslashes between names.
_UNIX = (3, 19)
_DOS = (0, 6, 10, 11, 14)
_DOS_DIRECTORY = 0x10
_PROGRAM = stat.S_IRUSR | stat.S_IXUSR
_DRIVE = re.compile("[A-Za-z]:(?=/)")
_UTF8_NAME = 0x800
_UNICODE_PATH = 0x7075
_KINDS: dict[int, EntryKind] = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", 0: "file"}
_OTHERS = {
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}
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
        with damage(ValueError):
            name = _name_of(member)
        attributes = _unix_attributes(member)
        is_directory = name.endswith("/") or _is_dos_directory(member)
        kind: EntryKind = "directory" if is_directory else _KINDS.get(stat.S_IFMT(attributes), "other")
        mode = stat.S_IMODE(attributes) or (0o755 if is_directory else 0o644)
        try:
            mtime = float(calendar.timegm((*member.date_time, 0, 0, 0)))
        except ValueError:
            mtime = None
        what = _OTHERS.get(stat.S_IFMT(attributes), "an entry of an unknown type")
        entry = Entry(name, kind, mode, mtime, member.file_size, what=what)
        return self._symlink(entry) if kind == "symlink" else entry

    def _symlink(self, entry: Entry) -> Entry:
        if entry.size > _MOST_TARGET:
            raise SourceError(f"the symlink {entry.name[:100]!r} has no valid target.")
        link = b"".join(self.data(entry)).decode("utf-8", "surrogateescape")
        return Entry(entry.name, entry.kind, entry.mode, entry.mtime, link=link)


def _unix_attributes(member: zipfile.ZipInfo) -> int:
    """Return type and mode of an entry as Unix has them; 0 if the archive does not state them.

    Some libraries (adm-zip, ZipArchive) write them, and state that another system made the archive. Other systems have
    attributes of their own there, so the value must have a type that Unix writes, or be the mode of a program.
    """
    attributes = member.external_attr >> 16
    kind = stat.S_IFMT(attributes)
    is_plausible = attributes & _PROGRAM == _PROGRAM if kind == 0 else kind in _KINDS
    return attributes if member.create_system in _UNIX or is_plausible else 0


def _is_dos_directory(member: zipfile.ZipInfo) -> bool:
    return member.create_system in _DOS and bool(member.external_attr & _DOS_DIRECTORY) and not member.file_size


def _name_of(member: zipfile.ZipInfo) -> str:
    """Return the name of an entry with slashes; raises ValueError for a damaged one.

    A name of a DOS system without any slash has backslashes instead, as for Info-ZIP and libarchive; on Unix, a
    backslash is part of the name.
    """
    name = _decoded_name(member).partition("\0")[0]
    if member.create_system not in _DOS:
        return name
    name = name if "/" in name else name.replace("\\", "/")
    return _DRIVE.sub("", name, count=1) if _DRIVE.match(name) else name


def _decoded_name(member: zipfile.ZipInfo) -> str:
    """Return the name in UTF-8 where the archive has one, flagged or not, else in code page 437 (APPNOTE.TXT D.1)."""
    if member.flag_bits & _UTF8_NAME:
        return member.orig_filename
    raw = member.orig_filename.encode("cp437")
    unicode_path = _unicode_path(member.extra, raw)
    if unicode_path is not None:
        return unicode_path.decode("utf-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return member.orig_filename


def _unicode_path(extra: bytes, raw_name: bytes) -> bytes | None:
    """Return the name in the Unicode Path Extra Field (APPNOTE.TXT 4.6.9), or None.

    It counts only for the name that it was written for, because tools that do not know it rename entries.
    """
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[:5] == struct.pack("<BL", 1, zlib.crc32(raw_name)):
            return field[5:]
    return None

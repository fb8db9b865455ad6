# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stream of bytes that is a tar archive -> its entries, one after the other, with bounded memory.

Common headers, long names as Go writes them included, are read here, because `tarfile` needs several times as long for
a header as the kernel for its file. All others (GNU, sparse files, damaged ones) are left to `tarfile`.
"""

from __future__ import annotations

import re
import tarfile
import typing as t
from dataclasses import replace

from .._errors import SourceError
from .compression import damage
from .entry import Entry, EntryKind

_RECORD = 512
# The bytes that describe one entry, and the number of headers that hold for all entries: tarfile keeps both in memory.
_MOST_DESCRIPTION = 2 * 1024**2
_MOST_GLOBAL = 100
_MOST_NAMES = 64 * 1024
_MOST_DIGITS = 100
_DIGITS = re.compile(rb"[0-9]+")
# Records of extended headers: those that are names, and those that are ignored.
_NAMES = {"path": "name", "linkpath": "link"}
_IGNORED = ("atime", "ctime", "uid", "gid", "uname", "gname", "SCHILY.", "LIBARCHIVE.")
_KINDS: dict[bytes, EntryKind] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.LNKTYPE: "hardlink",
    tarfile.SYMTYPE: "symlink",
    tarfile.DIRTYPE: "directory",
}
# GNU tar: a directory with the list of its files, in incremental archives.
_DUMPED_DIRECTORY = b"D"
# What other entries are; those without a description are skipped: the label of an archive (GNU tar), and an access
# control list for the next entry (Solaris).
_OTHERS = {
    b"V": "",
    b"A": "",
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a named pipe",
    b"M": "the rest of a file that begins in another volume of the archive (type 'M' of GNU tar)",
    b"N": "a list of long names (the obsolete type 'N' of GNU tar)",
}


class TarStream:
    """The entries of a tar archive in their order; `blocks` are its bytes. Raises SourceError for a damaged one."""

    def __init__(self, blocks: t.Iterator[bytes]) -> None:
        self._blocks = blocks
        self._block = memoryview(b"")
        self._data_left = 0
        self._padding = 0
        self._name = ""
        self._by_tarfile = _ByTarfile(self._take)

    def __iter__(self) -> t.Iterator[Entry]:
        header = self._take(_RECORD)
        while header.strip(b"\0"):
            entry = self._entry(header)
            self._name = entry.name
            if entry.kind != "other" or entry.what:
                yield entry
            left = self._data_left + self._padding
            if left >= _RECORD:
                self._skip(left - _RECORD + 1)
                left = _RECORD - 1
            # What is left now is padding. Some writers do not fill up the last record, so it may be missing.
            header = self._take(left + _RECORD)[left:]
        # Bytes after the end of the archive are read too, so that their digest can be verified.
        for _block in self._blocks:
            pass

    def data(self, entry: Entry) -> t.Iterator[bytes | memoryview]:
        """Yield the content of the entry that was yielded last, with zeros for the holes of a sparse file."""
        if entry.holes is None:
            yield from self._data(self._data_left)
            return
        position = 0
        for offset, length in (*entry.holes, (entry.size, 0)):
            if offset < position or not 0 <= length <= self._data_left:
                raise SourceError(f"the archive is damaged: the holes of {entry.name[:100]!r} overlap.")
            yield from _zeros(offset - position)
            yield from self._data(length)
            position = offset + length

    def _entry(self, header: bytes) -> Entry:
        raw, names = header, t.cast("dict[str, str] | None", {})
        if header[156:157] == tarfile.XHDTYPE:
            raw, names = self._with_names(header)
            header = raw[-_RECORD:]
        entry = None if names is None or self._by_tarfile.pax_headers else _plain_entry(header)
        if entry is not None:
            self._data_left = entry.size if entry.kind == "file" else 0
            self._padding = -self._data_left % _RECORD
            return replace(entry, **t.cast("dict[str, t.Any]", names)) if names else entry
        entry, packed = self._by_tarfile.entry(raw)
        is_plain_file = entry.kind == "file" and entry.holes is None
        self._data_left = entry.size if is_plain_file else packed
        self._padding = packed - self._data_left
        return entry

    def _with_names(self, header: bytes) -> tuple[bytes, dict[str, str] | None]:
        """Return an extended header with all bytes up to the entry's own header, and the long names in it.

        The names are None if only the header was read, or if it has more than names.
        """
        size = _size_of(header)
        if size is None or size > _MOST_NAMES:
            return header, None
        records = self._take(size + -size % _RECORD)
        return header + records + self._take(_RECORD), _long_names(records[:size])

    def _data(self, length: int) -> t.Iterator[memoryview]:
        while length:
            piece = self._piece(length)
            length -= len(piece)
            self._data_left -= len(piece)
            yield piece

    def _skip(self, length: int) -> None:
        while length:
            length -= len(self._piece(length))

    def _piece(self, length: int) -> memoryview:
        """Return the next bytes of the current block, at most `length`."""
        if not self._block and not self._next_block():
            raise SourceError(f"the archive is damaged: it ends in the middle of the file {self._name[:100]!r}.")
        piece = self._block[:length]
        self._block = self._block[length:]
        return piece

    def _take(self, length: int) -> bytes:
        """Return `length` bytes, or fewer at the end of the archive."""
        raw = b""
        while len(raw) < length and (self._block or self._next_block()):
            more = length - len(raw)
            raw += self._block[:more]
            self._block = self._block[more:]
        return raw

    def _next_block(self) -> bool:
        self._block = memoryview(next(self._blocks, b""))
        return bool(self._block)


def is_header(header: bytes) -> bool:
    """Return whether 512 bytes are the header of an entry, whose checksum some old writers made of signed bytes."""
    summed = header[:148] + b" " * 8 + header[156:_RECORD]
    unsigned = sum(summed)
    try:
        return len(header) >= _RECORD and _number(header[148:156]) in (unsigned, unsigned - 256 * _negative(summed))
    except ValueError:
        return False


def _negative(signed: bytes) -> int:
    return sum(byte > 127 for byte in signed)


def _without_times(header: bytes) -> bytes:
    """Return a header without the times that GNU tar writes where POSIX has the first part of a long name.

    They are in incremental archives; `tarfile` takes them for such a part.
    """
    try:
        if header[257:263] != b"ustar " or not header[345] or not is_header(header):
            return header
        _number(header[345:357])
    except ValueError:
        return header
    changed = header[:345] + bytes(24) + header[369:]
    checksum = sum(changed) - sum(changed[148:156]) + 8 * 32
    return changed[:148] + b"%06o\0 " % checksum + changed[156:]


def _plain_entry(header: bytes) -> Entry | None:
    """Return the entry of a common header, or None for any other, which may be a damaged one."""
    kind = _KINDS.get(header[156:157])
    if kind is None or len(header) < _RECORD or header[257:262] != b"ustar":
        return None
    if header[262:263] == b" " and header[345]:
        return None
    size = _size_of(header)
    if size is None:
        return None
    try:
        mode, mtime = _number(header[100:108]), _number(header[136:148])
        name, link, prefix = _text(header[:100]), _text(header[157:257]), _text(header[345:500])
    except ValueError:
        return None
    if kind == "file" and name.endswith("/"):
        return None
    return Entry(f"{prefix}/{name}" if prefix else name, kind, mode, mtime, size, link)


def _size_of(header: bytes) -> int | None:
    """Return the size that a header states, or None if its checksum is wrong or the size is not octal."""
    try:
        if _number(header[148:155]) != sum(header) - sum(header[148:156]) + 8 * 32:
            return None
        return _number(header[124:136])
    except ValueError:
        return None


def _long_names(records: bytes) -> dict[str, str] | None:
    """Return the names in an extended header, or None if it has other records that matter."""
    names = {}
    try:
        while records:
            length = records.partition(b" ")[0]
            record, records = records[: int(length)], records[int(length) :]
            key, equals, value = record[len(length) + 1 : -1].decode("utf-8").partition("=")
            if not equals or record[-1:] != b"\n" or not (key in _NAMES or key.startswith(_IGNORED)):
                return None
            if key in _NAMES:
                names[_NAMES[key]] = value
    except ValueError:
        return None
    return names


def _number(field: bytes) -> int:
    number = int(field.rstrip(b"\0 "), 8)
    if number < 0:
        raise ValueError("a number in a header is negative")
    return number


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("ascii")


def _zeros(length: int) -> t.Iterator[bytes]:
    block = bytes(min(length, 1024**2))
    while length > 0:
        yield block[:length]
        length -= len(block)


def _kind_of(info: tarfile.TarInfo) -> EntryKind:
    if info.isreg():
        return "file"
    return "directory" if info.type == _DUMPED_DIRECTORY else _KINDS.get(info.type, "other")


class _ByTarfile:
    """Reads entries with `tarfile.TarInfo.fromtarfile`, which uses this much of a `TarFile`."""

    encoding = "utf-8"
    errors = "surrogateescape"

    def __init__(self, take: t.Callable[[int], bytes]) -> None:
        self.fileobj = self
        self.pax_headers: dict[str, str] = {}
        self.offset = 0
        self._take = take
        self._given = b""
        self._position = 0

    def entry(self, raw: bytes) -> tuple[Entry, int]:
        """Return the entry whose header begins with `raw`, and how many bytes are left until the next header."""
        self._given, self._position = raw, 0
        with damage(tarfile.TarError, ValueError, LookupError, OverflowError, RecursionError):
            info = tarfile.TarInfo.fromtarfile(t.cast("tarfile.TarFile", self))
            # Empty areas fill up the header.
            areas = t.cast("list[tuple[int, int]] | None", info.sparse)
            holes = None if areas is None else tuple((at, length) for at, length in areas if length)
        packed = self.offset - self._position
        kind = _kind_of(info)
        if info.size < 0 or packed < (info.size if kind == "file" and holes is None else 0):
            raise SourceError(f"the archive is damaged: {info.name[:100]!r} has no valid size.")
        if len(self.pax_headers) > _MOST_GLOBAL:
            raise SourceError(f"the archive is damaged: it has more than {_MOST_GLOBAL} headers for all entries.")
        mtime = info.mtime if 0 <= info.mtime < 2**33 else None
        what = _OTHERS.get(info.type, f"an entry of the unknown type {info.type.decode('latin-1')!r}")
        return Entry(info.name, kind, info.mode, mtime, info.size, info.linkname, holes, what), packed

    def read(self, length: int) -> bytes:
        """Return the next bytes of the archive; the description of one entry is bounded."""
        if self._position + length > _MOST_DESCRIPTION:
            raise SourceError("the archive is damaged: the header of an entry is too long.")
        block, self._given = self._given[:length], self._given[length:]
        if len(block) < length:
            block += self._take(length - len(block))
        self._position += len(block)
        if length == _RECORD == len(block):
            block = _without_times(block)
        # In older Pythons, a regular expression of tarfile needs quadratic time for it.
        if length > _RECORD and max(map(len, _DIGITS.findall(block)), default=0) > _MOST_DIGITS:
            raise SourceError("the archive is damaged: a number in the header of an entry is too long.")
        return block

    def tell(self) -> int:
        """Return how many bytes of the entry have been read."""
        return self._position

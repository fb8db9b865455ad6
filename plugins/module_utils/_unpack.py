# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An archive's bytes -> files in one directory, in one pass and with bounded memory.

Layers of images and plain archives go the same way; only layers have whiteouts. What an archive may hold is bounded by
C(Limits), where it may write by C(_tree).
"""

from __future__ import annotations

import bz2
import lzma
import tarfile
import typing as t
import zlib
from dataclasses import dataclass

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._tree import Tree, inner_path

BLOCK = 1024 * 1024
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
_XZ_MEMORY = 256 * 1024**2

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
)
_DESCRIBING = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
_SUPPORTED = ("none", "gzip", "bzip2", "xz")


@dataclass(frozen=True)
class Limits:
    """What one backend may be: entries, bytes unpacked, and how many times larger than its archive beyond 256 MiB."""

    entries: int = 2000000
    size: int = 512 * 1024**3
    ratio: int = 200


def compression_of(head: bytes) -> str:
    """Return how an archive that starts with C(head) (262 bytes or more) is compressed; C(none) means a plain tar.

    Raises SourceError for what is no archive, or one of a kind that is not supported.
    """
    for magic, compression in _MAGIC:
        if head.startswith(magic):
            return supported(compression)
    if head[257:262] == b"ustar":
        return "none"
    start = " ".join(head[:80].decode("utf-8", "replace").split())
    raise SourceError(f"it is not a tar archive; it starts with {start!r}.")


def supported(compression: str) -> str:
    """Return C(compression) when this host can undo it; raises SourceError."""
    if compression not in _SUPPORTED:
        raise SourceError(f"{compression} is not supported. Use one of: tar, tar.gz, tar.bz2, tar.xz.")
    return compression


def unpack(
    chunks: t.Iterator[bytes],
    compression: str,
    tree: Tree,
    whiteouts: bool,
    limits: Limits | None = None,
) -> None:
    """Unpack a tar archive into C(tree), reading C(chunks) to their end, so that whoever counts or hashes them is done.

    Raises SourceError for a damaged or dangerous archive, HostError where the disk is in the way.
    """
    limits = limits or Limits()
    tree.begin_layer()
    meter = _Meter(limits, chunks)
    blocks = _Blocks(meter.bounded(_decompressed(meter.packed(), compression)))
    try:
        with tarfile.open(
            fileobj=t.cast(t.Any, blocks), mode="r|", tarinfo=_StrictHeader, encoding="utf-8", errors="surrogateescape"
        ) as archive:
            for header in archive:
                # Without this, tarfile remembers every entry.
                t.cast(t.Any, archive).members = []
                if tree.entries >= limits.entries:
                    raise SourceError(f"the archive has more than {limits.entries} entries.")
                _unpack_entry(archive, header, tree, whiteouts, meter)
        blocks.drain()
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError, OverflowError, RecursionError) as e:
        raise SourceError(f"the archive is damaged: {e}.") from e


def _unpack_entry(
    archive: tarfile.TarFile, header: tarfile.TarInfo, tree: Tree, whiteouts: bool, meter: _Meter
) -> None:
    path = inner_path(header.name)
    parent, _slash, base = path.rpartition("/")
    if whiteouts and base.startswith(WHITEOUT):
        _apply_whiteout(tree, parent, base)
    elif header.isdir():
        if path:
            tree.directory(path, header.mode, _mtime(header))
    elif not path:
        raise SourceError("the archive's top entry is not a directory.")
    elif header.isreg():
        meter.check_size(tree.size + header.size)
        tree.file(path, header.mode, meter.bounded(_content(archive, header)), _mtime(header))
    elif header.issym():
        tree.symlink(path, header.linkname)
    elif header.islnk():
        tree.hardlink(path, inner_path(header.linkname))
    else:
        raise SourceError(f"{path!r} is a device or a pipe, which no backend needs.")


def _apply_whiteout(tree: Tree, parent: str, base: str) -> None:
    if base == OPAQUE:
        tree.clear_stale(parent)
    elif not base.startswith(WHITEOUT * 2):
        # Names with the prefix twice are notes that AUFS made for itself.
        hidden = inner_path(base[len(WHITEOUT) :])
        if hidden:
            tree.remove_stale(f"{parent}/{hidden}" if parent else hidden)


def _content(archive: tarfile.TarFile, header: tarfile.TarInfo) -> t.Iterator[bytes]:
    stream = archive.extractfile(header)
    if stream is None:
        return
    left = header.size
    while left:
        chunk = stream.read(min(BLOCK, left))
        if not chunk:
            raise SourceError(f"the archive ends in the middle of {header.name!r}.")
        left -= len(chunk)
        yield chunk


class _StrictHeader(tarfile.TarInfo):
    """A header of which a damaged one is an error, where tarfile would take it for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _StrictHeader:
        header = super().frombuf(buf, encoding, errors)
        # tarfile holds what describes the next entry in memory, whatever its size.
        if header.type in _DESCRIBING and header.size > BLOCK:
            raise SourceError("the archive is damaged: an entry has a header without end.")
        return header

    @classmethod
    def fromtarfile(cls, tarfile: t.Any) -> _StrictHeader:
        try:
            return super().fromtarfile(tarfile)
        except (_InvalidHeader, _TruncatedHeader) as e:
            raise SourceError(f"the archive is damaged: {e}.") from e


# Names of tarfile that its type stubs leave out.
_InvalidHeader: type[Exception] = tarfile.InvalidHeaderError  # type: ignore[attr-defined]
_TruncatedHeader: type[Exception] = tarfile.TruncatedHeaderError  # type: ignore[attr-defined]


class _Blocks:
    """An iterator of bytes as the readable file that tarfile wants."""

    def __init__(self, blocks: t.Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return at most C(size) bytes; handed more, tarfile would copy the rest for every header."""
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        piece = bytes(self._rest[:size])
        self._rest = self._rest[size:]
        return piece

    def drain(self) -> None:
        """Read what follows the end of the archive."""
        for _block in self._blocks:
            pass


def _mtime(header: tarfile.TarInfo) -> float | None:
    """Return an entry's time where it is one that a file can have."""
    return header.mtime if 0 <= header.mtime < 2**33 else None


class _Meter:
    """Counts packed against unpacked bytes, so that a bomb is an error before it fills the disk."""

    def __init__(self, limits: Limits, chunks: t.Iterator[bytes]) -> None:
        self._limits = limits
        self._chunks = chunks
        self._packed = 0

    def packed(self) -> t.Iterator[bytes]:
        """Yield the archive's own bytes."""
        for chunk in self._chunks:
            self._packed += len(chunk)
            yield chunk

    def check_size(self, size: int) -> None:
        """Raise SourceError when C(size) bytes are too much for a backend."""
        if size > self._limits.size:
            raise SourceError(f"the archive unpacks to more than {self._limits.size} bytes.")

    def bounded(self, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
        """Yield what the bytes so far unpack to: the archive, or one file, of which a sparse one expands once more."""
        size = 0
        for chunk in chunks:
            size += len(chunk)
            self.check_size(size)
            if size > 256 * BLOCK and size > self._limits.ratio * self._packed:
                raise SourceError(f"the archive unpacks to more than {self._limits.ratio} times its size.")
            yield chunk


def _decompressed(chunks: t.Iterator[bytes], compression: str) -> t.Iterator[bytes]:
    """Yield the unpacked bytes in blocks of at most BLOCK bytes."""
    if compression == "gzip":
        return _gunzip(chunks)
    if compression == "bzip2":
        return _undo(chunks, bz2.BZ2Decompressor)
    if compression == "xz":
        return _undo(chunks, lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY))
    return chunks


def _gunzip(chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    """Undo gzip; a file may consist of several members, and zeros may follow the last one."""
    member: t.Any = None
    for chunk in chunks:
        data, more = chunk, False
        while data or more:
            if member is None or member.eof:
                if member is not None and not data.strip(b"\0"):
                    break
                member = zlib.decompressobj(31)
            block = member.decompress(data, BLOCK)
            data = member.unused_data if member.eof else member.unconsumed_tail
            more = not member.eof and len(block) == BLOCK
            if block:
                yield block
    if member is None or not member.eof:
        raise SourceError("the archive is damaged: it ends in the middle of its gzip stream.")


def _undo(chunks: t.Iterator[bytes], new: t.Callable[[], t.Any]) -> t.Iterator[bytes]:
    """Undo bzip2 or xz, of which a file may hold several streams one after the other."""
    stream: t.Any = None
    for chunk in chunks:
        data = chunk
        while data or (stream is not None and not stream.eof and not stream.needs_input):
            if stream is None or stream.eof:
                if stream is not None and not data.strip(b"\0"):
                    break
                stream = new()
            try:
                block = stream.decompress(data, BLOCK)
            except OSError as e:
                # So bzip2 says that data is damaged; it is no error of this host.
                raise SourceError(f"the archive is damaged: {e}.") from e
            data = stream.unused_data if stream.eof else b""
            if block:
                yield block
    if stream is None or not stream.eof:
        raise SourceError("the archive is damaged: it ends in the middle of its compressed stream.")

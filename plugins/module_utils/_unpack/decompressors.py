# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The libraries and programs that decompress: one row for each, the fastest of a compression first.

They give the same bytes and the same errors, whichever of them a host has.
"""

from __future__ import annotations

import importlib
import shutil
import typing as t
import zlib
from dataclasses import dataclass

from .._errors import SourceError
from .._fs import process

# Smaller blocks are handed over between threads more often, larger ones do not fit into the cache of a processor.
BLOCK = 512 * 1024
_XZ_MEMORY = 256 * 1024**2
# The window, as a power of two, that any zstd decompressor allows by default.
_ZSTD_WINDOW_LOG = 27
# The plain bytes of a piece come at once. A hostile piece of this length has 32 MiB.
_ZSTD_PIECE = 1024
# RFC 1952: magic number and method, and the flags of a header. A header has no greatest length there.
_GZIP_START = b"\x1f\x8b\x08"
_HEADER_CHECKSUM, _EXTRA_FIELD, _NAME, _COMMENT, _UNDEFINED = 0x02, 0x04, 0x08, 0x10, 0xE0
_LONGEST_GZIP_HEADER = 128 * 1024
_PLAIN_GZIP_HEADER = _GZIP_START + bytes(6) + b"\xff"

Decompress = t.Callable[[t.Iterator[bytes]], t.Iterator[bytes]]


@dataclass(frozen=True)
class Decompressor:
    """A way to decompress a compression.

    `load` returns the library or the program of that name and raises if there is none. `decompress` yields the plain
    bytes of chunks, in blocks of about `BLOCK` bytes, and raises SourceError for damaged ones.
    """

    compression: str
    name: str
    load: t.Callable[[str], t.Any]
    decompress: t.Callable[[t.Any, t.Iterator[bytes]], t.Iterator[bytes]]


def _gunzip(library: t.Any, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    """Decompress gzip with a library that has the interface of zlib.

    A file may have several members, and zeros after each of them, as for Python's gzip. The library gets a header
    without optional fields: ISA-L misreads several fields that do not arrive at once, and accepts undefined flags.
    """
    member: t.Any = None
    head = b""
    for chunk in chunks:
        data, head, more = head + chunk, b"", False
        while data or more:
            if member is None or member.eof:
                if member is not None:
                    data = data.lstrip(b"\0")
                length = _gzip_header_length(data)
                if length is None:
                    head = data
                    break
                member = library.decompressobj(31)
                member.decompress(_PLAIN_GZIP_HEADER, BLOCK)
                data = data[length:]
            try:
                block = member.decompress(data, BLOCK)
            except library.error as e:
                raise _damaged("gzip") from e
            data = member.unused_data if member.eof else member.unconsumed_tail
            more = not member.eof and len(block) == BLOCK
            if block:
                yield block
    if head or member is None or not member.eof:
        raise _damaged("gzip")


def _gzip_header_length(data: bytes) -> int | None:
    """Return the length of the header at the start of `data`, or None if it does not end there.

    Raises SourceError for anything but a header. This follows RFC 1952, section 2.3.
    """
    flags = data[3] if len(data) > 3 else 0
    if not _GZIP_START.startswith(data[:3]) or flags & _UNDEFINED:
        raise _damaged("gzip")
    end = 10
    if flags & _EXTRA_FIELD:
        end = 12 + int.from_bytes(data[10:12], "little")
    for field in (_NAME, _COMMENT):
        if flags & field and end <= len(data):
            # It ends with a zero; without one, it goes on after `data`.
            end = data.find(b"\0", end) + 1 or len(data) + 1
    if flags & _HEADER_CHECKSUM:
        end += 2
    if end > len(data):
        if len(data) > _LONGEST_GZIP_HEADER:
            raise _damaged("gzip")
        return None
    if flags & _HEADER_CHECKSUM and zlib.crc32(data[: end - 2]) & 0xFFFF != int.from_bytes(
        data[end - 2 : end], "little"
    ):
        raise _damaged("gzip")
    return end


def _bunzip2(library: t.Any, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    # It reports damaged data with OSError.
    return _streams("bzip2", library.BZ2Decompressor, (OSError,), chunks)


def _unxz(library: t.Any, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    return _streams("xz", lambda: library.LZMADecompressor(library.FORMAT_XZ, _XZ_MEMORY), (library.LZMAError,), chunks)


def _unzstd(library: t.Any, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    options = {library.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
    return _streams("zstd", lambda: library.ZstdDecompressor(options=options), (library.ZstdError,), chunks)


def _streams(
    name: str, new: t.Callable[[], t.Any], errors: tuple[type[Exception], ...], chunks: t.Iterator[bytes]
) -> t.Iterator[bytes]:
    """Decompress one or more streams, one after the other, with the interface that bz2, lzma and zstd share.

    Zeros after a stream are padding, which zstd does not have.
    """
    stream: t.Any = None
    for chunk in chunks:
        data = chunk
        while data or (stream is not None and not stream.eof and not stream.needs_input):
            if stream is None or stream.eof:
                if stream is not None and name != "zstd":
                    data = data.lstrip(b"\0")
                    if not data:
                        break
                stream = new()
            try:
                block = stream.decompress(data, BLOCK)
            except errors as e:
                raise _damaged(name) from e
            data = stream.unused_data if stream.eof else b""
            if block:
                yield block
    if stream is None or not stream.eof:
        raise _damaged(name)


def _unzstd_by_zstandard(library: t.Any, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    """Decompress zstd with a library that cannot limit its output, and so gets little input at once."""
    decompressor = library.ZstdDecompressor(max_window_size=1 << _ZSTD_WINDOW_LOG)
    frame: t.Any = None
    plain: list[bytes] = []
    length = 0
    for piece in _pieces(chunks):
        data = piece
        while data:
            if frame is None or frame.eof:
                frame = decompressor.decompressobj()
            try:
                block = frame.decompress(data)
            except library.ZstdError as e:
                raise _damaged("zstd") from e
            data = frame.unused_data
            plain.append(block)
            length += len(block)
        if length >= BLOCK // 4:
            yield b"".join(plain)
            plain.clear()
            length = 0
    if length:
        yield b"".join(plain)
    if frame is None or not frame.eof:
        raise _damaged("zstd")


def _pieces(chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _ZSTD_PIECE):
            yield chunk[start : start + _ZSTD_PIECE]


def _unzstd_by_program(program: str, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    try:
        yield from process.piped((program, "-q", "-d", "-c"), chunks, BLOCK)
    except ChildProcessError as e:
        raise _damaged("zstd") from e


_MEMORY = {"xz": _XZ_MEMORY, "zstd": 1 << _ZSTD_WINDOW_LOG}


def _damaged(name: str) -> SourceError:
    """Return one error for all that can be wrong, because the libraries disagree on what it is."""
    memory = f", or needs more than {_MEMORY[name] // 1024**2} MiB of memory" if name in _MEMORY else ""
    return SourceError(f"the archive is damaged: its {name} stream is incomplete or invalid{memory}.")


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(name)
    return path


_library = importlib.import_module

# Measured with shared libraries and scripts: isal takes 0.47 of the time of zlib, and 0.87 of that of zlib-ng.
# For zstd, all take about the same time; zstandard needs more memory for hostile bytes, the program more CPU time.
DECOMPRESSORS = (
    Decompressor("gzip", "isal.isal_zlib", _library, _gunzip),
    Decompressor("gzip", "zlib_ng.zlib_ng", _library, _gunzip),
    Decompressor("gzip", "zlib", _library, _gunzip),
    Decompressor("bzip2", "bz2", _library, _bunzip2),
    Decompressor("xz", "lzma", _library, _unxz),
    # In Python from 3.14 on, and the same for older ones.
    Decompressor("zstd", "compression.zstd", _library, _unzstd),
    Decompressor("zstd", "backports.zstd", _library, _unzstd),
    Decompressor("zstd", "zstandard", _library, _unzstd_by_zstandard),
    Decompressor("zstd", "zstd", _program, _unzstd_by_program),
)

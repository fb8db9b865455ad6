# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compressed bytes -> plain bytes, in one pass, in blocks of bounded size, with the libraries that this host has.

Python's standard library decompresses gzip, bzip2 and xz, and from 3.14 on zstd. `isal` decompresses gzip twice as fast
where it is installed; `zstandard` or the program `zstd` decompress zstd for older Pythons.
"""

from __future__ import annotations

import bz2
import contextlib
import functools
import importlib
import lzma
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
_ZSTD_PIECE = 4096
# RFC 8878: a frame, or one of the skippable frames that pzstd and others write before, between and after frames.
_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = tuple(bytes((first,)) + b"\x2a\x4d\x18" for first in range(0x50, 0x60))

Decompress = t.Callable[[t.Iterator[bytes]], t.Iterator[bytes]]


@contextlib.contextmanager
def damage(*errors: type[BaseException]) -> t.Iterator[None]:
    """Turn the errors of a library for damaged archives into SourceError."""
    try:
        yield
    except errors as e:
        raise SourceError(f"the archive is damaged: {e}.") from e


@dataclass(frozen=True)
class Compression:
    """One way to compress a stream.

    `magic` are the ways in which compressed bytes can begin, `extension` is that of a tar file, `suffix` that of the
    media type of a layer, empty if layers are not compressed so. `on_this_host` returns what decompresses it here, or
    None; `advice` says what to install then.
    """

    name: str
    extension: str
    suffix: str
    magic: tuple[bytes, ...]
    on_this_host: t.Callable[[], Decompress | None]
    advice: str = ""

    def check(self) -> Decompress:
        """Return what decompresses it on this host; raises SourceError if there is nothing."""
        decompress = self.on_this_host()
        if decompress is None:
            raise SourceError(f"it is compressed with {self.name}, which this host cannot decompress. {self.advice}")
        return decompress

    def decompress(self, chunks: t.Iterator[bytes]) -> t.Generator[bytes, None, None]:
        """Yield the plain bytes in blocks of about `BLOCK` bytes; raises SourceError for damaged ones."""
        with damage(EOFError, zlib.error, lzma.LZMAError):
            yield from self.check()(chunks)


def _gunzip(chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    """Decompress gzip; a file may have several members, and zeros after the last one."""
    library = _library("isal.isal_zlib") or zlib
    member: t.Any = None
    with damage(library.error):
        for chunk in chunks:
            data, more = chunk, False
            while data or more:
                if member is None or member.eof:
                    if member is not None and not data.strip(b"\0"):
                        break
                    member = library.decompressobj(31)
                block = member.decompress(data, BLOCK)
                data = member.unused_data if member.eof else member.unconsumed_tail
                more = not member.eof and len(block) == BLOCK
                if block:
                    yield block
    if member is None or not member.eof:
        raise SourceError("the archive is damaged: it ends in the middle of its gzip stream.")


def _streams(chunks: t.Iterator[bytes], new: t.Callable[[], t.Any]) -> t.Iterator[bytes]:
    """Decompress one or more streams, one after the other, with the interface that bz2, lzma and zstd share."""
    stream: t.Any = None
    for chunk in chunks:
        data = chunk
        while data or (stream is not None and not stream.eof and not stream.needs_input):
            if stream is None or stream.eof:
                if stream is not None and not data.strip(b"\0"):
                    break
                stream = new()
            # bz2 reports damaged data with OSError; it is no error of this host.
            with damage(OSError):
                block = stream.decompress(data, BLOCK)
            data = stream.unused_data if stream.eof else b""
            if block:
                yield block
    if stream is None or not stream.eof:
        raise SourceError("the archive is damaged: it ends in the middle of its compressed stream.")


_xz_decompressor = functools.partial(lzma.LZMADecompressor, memlimit=_XZ_MEMORY)


def _zstd() -> Decompress | None:
    standard = _library("compression.zstd")
    if standard is not None:
        return lambda chunks: _zstd_by_python(chunks, standard)
    zstandard = _library("zstandard")
    if zstandard is not None and hasattr(zstandard.ZstdDecompressor().decompressobj(), "eof"):
        return lambda chunks: _zstd_by_zstandard(chunks, zstandard)
    program = shutil.which("zstd")
    return (lambda chunks: _zstd_by_program(chunks, program)) if program is not None else None


def _zstd_by_python(chunks: t.Iterator[bytes], library: t.Any) -> t.Iterator[bytes]:
    options = {library.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
    with damage(library.ZstdError):
        yield from _streams(chunks, lambda: library.ZstdDecompressor(options=options))


def _zstd_by_zstandard(chunks: t.Iterator[bytes], library: t.Any) -> t.Iterator[bytes]:
    decompressor = library.ZstdDecompressor(max_window_size=1 << _ZSTD_WINDOW_LOG)
    frame: t.Any = None
    plain: list[bytes] = []
    length = 0
    with damage(library.ZstdError):
        for piece in _pieces(chunks):
            data = piece
            while data and (frame is None or not frame.eof or data.strip(b"\0")):
                if frame is None or frame.eof:
                    frame = decompressor.decompressobj()
                block = frame.decompress(data)
                data = frame.unused_data
                if block:
                    plain.append(block)
                    length += len(block)
            if length >= BLOCK // 4:
                yield b"".join(plain)
                plain.clear()
                length = 0
    yield b"".join(plain)
    if frame is None or not frame.eof:
        raise SourceError("the archive is damaged: it ends in the middle of its compressed stream.")


def _pieces(chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    """Cut chunks into pieces so small that the output for a hostile one, which comes at once, fits into memory."""
    for chunk in chunks:
        for start in range(0, len(chunk), _ZSTD_PIECE):
            yield chunk[start : start + _ZSTD_PIECE]


def _zstd_by_program(chunks: t.Iterator[bytes], program: str) -> t.Iterator[bytes]:
    try:
        yield from process.piped((program, "-q", "-d", "-c"), chunks, BLOCK)
    except ChildProcessError as e:
        raise SourceError("the archive is damaged: the program zstd cannot decompress it.") from e


def _library(name: str) -> t.Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


GZIP = Compression("gzip", "gz", "gzip", (b"\x1f\x8b",), lambda: _gunzip)
COMPRESSIONS = (
    GZIP,
    Compression("bzip2", "bz2", "", (b"BZh",), lambda: functools.partial(_streams, new=bz2.BZ2Decompressor)),
    Compression("xz", "xz", "", (b"\xfd7zXZ\x00",), lambda: functools.partial(_streams, new=_xz_decompressor)),
    Compression(
        "zstd",
        "zst",
        "zstd",
        (_ZSTD_FRAME, *_ZSTD_SKIPPABLE),
        _zstd,
        "Install the Python library zstandard or the program zstd there; Python 3.14 and newer need neither.",
    ),
)


def compression_of(head: bytes) -> Compression | None:
    """Return how a stream that begins with `head` is compressed; None if it is not."""
    return next((compression for compression in COMPRESSIONS if head.startswith(compression.magic)), None)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compressed bytes -> plain bytes, in one pass, in blocks of bounded size, with what this host has for it.

Python's standard library undoes gzip, bzip2 and xz, and from 3.14 on zstd. C(isal) makes gzip twice as fast where it is
installed; C(zstandard) or the program C(zstd) stand in where Python itself cannot undo zstd.
"""

from __future__ import annotations

import asyncio
import bz2
import contextlib
import importlib
import lzma
import shutil
import typing as t
import zlib

from .._errors import SourceError

# Smaller blocks mean more handing over between threads, larger ones no longer fit into the cache of a processor.
BLOCK = 512 * 1024
_XZ_MEMORY = 256 * 1024**2
# The window, as a power of two, that any zstd decompressor grants unless told otherwise.
_ZSTD_WINDOW_LOG = 27
_ZSTD_PIECE = 4096

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
_KINDS = ("none", "gzip", "bzip2", "xz", "zstd", "zip")
_FORMATS = "tar, tar.gz, tar.bz2, tar.xz, tar.zst, zip"


def compression_of(head: bytes, public: bool = True) -> str:
    """Return how an archive that starts with C(head) (262 bytes or more) is compressed; C(none) means a plain tar.

    Raises SourceError for what is no archive, and for one that this host cannot undo. It shows what is there instead,
    unless C(head) is not C(public).
    """
    for magic, compression in _MAGIC:
        if head.startswith(magic):
            return supported(compression)
    if head[257:262] == b"ustar":
        return "none"
    start = " ".join(head[:80].decode("utf-8", "replace").split())
    raise SourceError(f"it is not an archive ({_FORMATS})" + (f"; it starts with {start!r}." if public else "."))


def supported(compression: str) -> str:
    """Return C(compression) when this host can undo it; raises SourceError."""
    if compression not in _KINDS:
        raise SourceError(f"{compression} is not supported. Use one of: {_FORMATS}.")
    if compression == "zstd" and _zstd() is None:
        raise SourceError(
            "it is compressed with zstd, which this host cannot undo. Install the Python library zstandard or the "
            "program zstd there; Python 3.14 and newer need neither."
        )
    return compression


def decompressed(chunks: t.Iterator[bytes], compression: str) -> t.Generator[bytes, None, None]:
    """Yield the plain bytes in blocks of at most BLOCK bytes; raises SourceError for damaged ones."""
    try:
        if compression == "none":
            yield from chunks
        elif compression == "gzip":
            yield from _gunzip(chunks)
        elif compression == "zstd":
            undo = _zstd()
            if undo is not None:
                yield from undo(chunks)
        elif compression == "bzip2":
            yield from _undo(chunks, bz2.BZ2Decompressor)
        else:
            yield from _undo(chunks, lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY))
    except (EOFError, zlib.error, lzma.LZMAError) as e:
        raise SourceError(f"the archive is damaged: {e}.") from e


def _gunzip(chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    """Undo gzip; a file may consist of several members, and zeros may follow the last one."""
    isal = _library("isal.isal_zlib")
    library = zlib if isal is None else isal
    member: t.Any = None
    try:
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
    except library.error as e:
        raise SourceError(f"the archive is damaged: {e}.") from e
    if member is None or not member.eof:
        raise SourceError("the archive is damaged: it ends in the middle of its gzip stream.")


def _undo(chunks: t.Iterator[bytes], new: t.Callable[[], t.Any]) -> t.Iterator[bytes]:
    """Undo bzip2, xz or zstd, of which a file may hold several streams one after the other."""
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


def _zstd() -> t.Callable[[t.Iterator[bytes]], t.Iterator[bytes]] | None:
    """Return what undoes zstd on this host, or None."""
    standard = _library("compression.zstd")
    if standard is not None:
        return lambda chunks: _unzstd_by_python(chunks, standard)
    zstandard = _library("zstandard")
    if zstandard is not None and hasattr(zstandard.ZstdDecompressor().decompressobj(), "eof"):
        return lambda chunks: _unzstd_by_zstandard(chunks, zstandard)
    program = shutil.which("zstd")
    if program is not None:
        return lambda chunks: _unzstd_by_program(chunks, program)
    return None


def _unzstd_by_python(chunks: t.Iterator[bytes], library: t.Any) -> t.Iterator[bytes]:
    options = {library.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
    try:
        yield from _undo(chunks, lambda: library.ZstdDecompressor(options=options))
    except library.ZstdError as e:
        raise SourceError(f"the archive is damaged: {e}.") from e


def _unzstd_by_zstandard(chunks: t.Iterator[bytes], library: t.Any) -> t.Iterator[bytes]:
    decompressor = library.ZstdDecompressor(max_window_size=1 << _ZSTD_WINDOW_LOG)
    frame: t.Any = None
    plain: list[bytes] = []
    try:
        for piece in _pieces(chunks):
            data = piece
            while data and (frame is None or not frame.eof or data.strip(b"\0")):
                if frame is None or frame.eof:
                    frame = decompressor.decompressobj()
                plain.append(frame.decompress(data))
                data = frame.unused_data
            if sum(map(len, plain)) >= BLOCK // 4:
                yield b"".join(plain)
                plain.clear()
    except library.ZstdError as e:
        raise SourceError(f"the archive is damaged: {e}.") from e
    yield b"".join(plain)
    if frame is None or not frame.eof:
        raise SourceError("the archive is damaged: it ends in the middle of its compressed stream.")


def _pieces(chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
    """Cut chunks so small that what a hostile piece becomes, at once, fits into memory."""
    for chunk in chunks:
        for start in range(0, len(chunk), _ZSTD_PIECE):
            yield chunk[start : start + _ZSTD_PIECE]


def _unzstd_by_program(chunks: t.Iterator[bytes], program: str) -> t.Iterator[bytes]:
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        pipe = asyncio.subprocess.PIPE
        process = loop.run_until_complete(
            asyncio.create_subprocess_exec(
                *(program, "-q", "-d", "-c"), stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, limit=BLOCK
            )
        )
        stdin, stdout = t.cast(asyncio.StreamWriter, process.stdin), t.cast(asyncio.StreamReader, process.stdout)
        feeding = loop.create_task(_feed(stdin, chunks))
        try:
            yield from iter(lambda: loop.run_until_complete(stdout.read(BLOCK)), b"")
            loop.run_until_complete(feeding)
        except BaseException:
            # Nobody reads on, so whoever feeds it must not wait for that.
            feeding.cancel()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        finally:
            loop.run_until_complete(asyncio.wait([feeding]))
            code = loop.run_until_complete(process.wait())
    if code:
        raise SourceError("the archive is damaged: zstd cannot undo it.")


async def _feed(stdin: asyncio.StreamWriter, chunks: t.Iterator[bytes]) -> None:
    """Write all to a program that may end before it has read everything."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError), contextlib.closing(stdin):
        for chunk in chunks:
            stdin.write(chunk)
            await stdin.drain()


def _library(name: str) -> t.Any:
    """Return a module that this host may have, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None

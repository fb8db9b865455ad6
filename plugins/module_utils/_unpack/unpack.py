# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An archive's bytes -> files in one directory, in one pass and with bounded memory.

Layers of images and plain archives go the same way; only layers have whiteouts. What an archive may hold is bounded by
C(Limits), where it may write by C(_tree). Fetching, undoing compression and writing go on at the same time.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass

from .._errors import IntegrityError, SourceError, TransportError
from .._fs.members import inner_path
from .._fs.tree import Tree
from .compression import decompressed
from .read_ahead import ahead
from .tar import Entry, TarStream
from .zip import ZipStream

# What a few bytes may unpack to, in whatever ratio.
WITHOUT_RATIO = 256 * 1024**2
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"

_Bytes = t.TypeVar("_Bytes", bound=t.Sized)


@dataclass(frozen=True)
class Limits:
    """What one backend may be: entries, bytes unpacked, and how many times larger than its archive beyond 256 MiB."""

    entries: int = 2000000
    size: int = 512 * 1024**3
    ratio: int = 200


def unpack(
    chunks: t.Iterator[bytes],
    compression: str,
    tree: Tree,
    whiteouts: bool,
    limits: Limits | None = None,
    *,
    proved: bool = False,
) -> None:
    """Unpack an archive into C(tree), reading C(chunks) to their end, so that whoever counts or hashes them is done.

    With C(proved), they end, and with an IntegrityError unless they are what was promised; so they are read to their
    end also where they cannot be unpacked. Raises SourceError for a damaged or dangerous archive, IntegrityError where
    other bytes came than promised, HostError where the disk is in the way.
    """
    meter = _Meter(limits or Limits(), chunks)
    tree.begin_layer()
    try:
        with ahead(meter.packed()) as packed:
            _unpack(packed, compression, tree, whiteouts, meter)
    except SourceError as e:
        if proved:
            meter.read_to_the_end(e)
        raise


def _unpack(packed: t.Iterator[bytes], compression: str, tree: Tree, whiteouts: bool, meter: _Meter) -> None:
    with contextlib.ExitStack() as stack:
        stream: TarStream | ZipStream
        if compression == "zip":
            # Its directory stands at its end, so this one kind needs its own size besides.
            scratch = stack.enter_context(tree.scratch())
            scratch.writelines(packed)
            stream = ZipStream(scratch)
        else:
            stream = TarStream(stack.enter_context(ahead(meter.plain(decompressed(packed, compression)))))
        for entry in stream:
            meter.check_entries(tree.entries)
            _unpack_entry(stream, entry, tree, whiteouts, meter)


def _unpack_entry(stream: TarStream | ZipStream, entry: Entry, tree: Tree, whiteouts: bool, meter: _Meter) -> None:
    path = inner_path(entry.name)
    parent, _slash, base = path.rpartition("/")
    if whiteouts and base.startswith(WHITEOUT):
        _apply_whiteout(tree, parent, base)
    elif entry.kind == "directory":
        if path:
            tree.directory(path, entry.mode, entry.mtime)
    elif not path:
        raise SourceError("the archive's top entry is not a directory.")
    elif entry.kind == "file":
        meter.check_size(tree.size + entry.size)
        tree.file(path, entry.mode, meter.written(stream.data(entry)), entry.mtime)
    elif entry.kind == "symlink":
        tree.symlink(path, entry.target)
    elif entry.kind == "hardlink":
        tree.hardlink(path, inner_path(entry.target))
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


class _Meter:
    """Counts packed against unpacked bytes, so that a bomb is an error before it fills the disk."""

    def __init__(self, limits: Limits, chunks: t.Iterator[bytes]) -> None:
        self._limits = limits
        self._chunks = chunks
        self._packed = 0
        self._written = 0
        self._failed = False

    def packed(self) -> t.Generator[bytes, None, None]:
        """Yield the archive's own bytes."""
        try:
            for chunk in self._chunks:
                self._packed += len(chunk)
                self.check_size(self._packed)
                yield chunk
        except (SourceError, TransportError):
            self._failed = True
            raise

    def read_to_the_end(self, error: SourceError) -> None:
        """Read the rest of what cannot be unpacked; raises IntegrityError when it is not what was promised."""
        try:
            for _chunk in () if self._failed else self.packed():
                pass
        except TransportError:
            pass
        if self._failed:
            raise error if isinstance(error, IntegrityError) else IntegrityError(str(error)) from error

    def check_entries(self, count: int) -> None:
        """Raise SourceError when one more than C(count) entries are too many for a backend."""
        if count >= self._limits.entries:
            raise SourceError(f"the archive has more than {self._limits.entries} entries.")

    def check_size(self, size: int) -> None:
        """Raise SourceError when C(size) bytes are too much for a backend."""
        if size > self._limits.size:
            raise SourceError(f"the archive unpacks to more than {self._limits.size} bytes.")

    def plain(self, blocks: t.Iterator[bytes]) -> t.Generator[bytes, None, None]:
        """Yield the archive's bytes without their compression."""
        size = 0
        for block in blocks:
            size += len(block)
            self._check(size)
            yield block

    def written(self, content: t.Iterator[_Bytes]) -> t.Iterator[_Bytes]:
        """Yield what a file holds: a sparse one, or one of a zip archive, is more than what was read for it."""
        for piece in content:
            self._written += len(piece)
            self._check(self._written)
            yield piece

    def _check(self, size: int) -> None:
        self.check_size(size)
        if size > WITHOUT_RATIO and size > self._limits.ratio * self._packed:
            raise SourceError(f"the archive unpacks to more than {self._limits.ratio} times its size.")

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of what an archive may unpack to, so that a bomb is an error before it fills the disk."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import IntegrityError, SourceError, TransportError

# In bytes: so much may be unpacked from a few bytes, whatever the ratio.
WITHOUT_RATIO = 256 * 1024**2

_Bytes = t.TypeVar("_Bytes", bound=t.Sized)


@dataclass(frozen=True)
class Limits:
    """How large a tree may be: entries, bytes, and how many times larger than its archive beyond 256 MiB."""

    entries: int = 2000000
    size: int = 512 * 1024**3
    ratio: int = 200


class Meter:
    """Compares the bytes of an archive, `chunks`, with what is unpacked from them."""

    def __init__(self, limits: Limits, chunks: t.Iterator[bytes]) -> None:
        self._limits = limits
        self._chunks = chunks
        self._packed = 0
        self._written = 0
        self._failure: SourceError | TransportError | None = None

    def packed(self) -> t.Generator[bytes, None, None]:
        """Yield the bytes of the archive as they are."""
        try:
            for chunk in self._chunks:
                self._packed += len(chunk)
                self.check_size(self._packed)
                yield chunk
        except (SourceError, TransportError) as e:
            self._failure = e
            raise

    def read_to_the_end(self, error: SourceError) -> None:
        """Read the rest of an archive that cannot be unpacked; raises IntegrityError on a digest mismatch."""
        try:
            for _chunk in () if self._failure else self.packed():
                pass
        except TransportError:
            pass
        if isinstance(self._failure, IntegrityError):
            # The digest mismatch was found before the bad archive, which it explains.
            raise self._failure
        if self._failure:
            raise IntegrityError(str(error)) from error

    def check_entries(self, count: int) -> None:
        """Raise SourceError if a tree with `count` entries must not get another one."""
        if count >= self._limits.entries:
            raise SourceError(f"the archive has more than {self._limits.entries} entries.")

    def check_size(self, size: int) -> None:
        """Raise SourceError if `size` bytes are too many for a tree."""
        if size > self._limits.size:
            raise SourceError(f"the archive unpacks to more than {self._limits.size} bytes.")

    def plain(self, blocks: t.Iterator[bytes]) -> t.Generator[bytes, None, None]:
        """Yield the decompressed bytes of the archive."""
        size = 0
        for block in blocks:
            size += len(block)
            self._check(size)
            yield block

    def written(self, content: t.Iterator[_Bytes]) -> t.Iterator[_Bytes]:
        """Yield the content of a file: a sparse one, or one of a zip archive, is more than was read for it."""
        for piece in content:
            self._written += len(piece)
            self._check(self._written)
            yield piece

    def _check(self, size: int) -> None:
        self.check_size(size)
        if size > WITHOUT_RATIO and size > self._limits.ratio * self._packed:
            raise SourceError(f"the archive unpacks to more than {self._limits.ratio} times its size.")

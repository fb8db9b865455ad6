# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file for libraries that trust the lengths and positions that an archive states."""

from __future__ import annotations

import typing as t

from .utf8 import os


class Bounded:
    """A file that refuses to seek before its start or to read more than `limit` bytes at once: raises ValueError."""

    def __init__(self, stream: t.IO[bytes], limit: int) -> None:
        self.tell, self.seekable = stream.tell, stream.seekable
        self._stream = stream
        self._limit = limit

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position in the file."""
        if whence == os.SEEK_SET and offset < 0:
            raise ValueError("it points to a position before the start of the file")
        return self._stream.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        if size > self._limit:
            raise ValueError("it states a length that is not plausible")
        return self._stream.read(size if size >= 0 else self._limit)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of one body: fetched by several connections in any order, taken in order. Pure: no thread, no clock."""

from __future__ import annotations

import mmap
from collections import deque

MIB = 1024**2
# So many bytes are fetched or kept ahead of those that are taken. More costs memory and gains nothing.
AHEAD = 14 * MIB
# All connections together fetch so many bytes at a time. The fewer they are, the larger are their parts, so that the
# latency of each request counts less.
_FETCHED = 12 * MIB
_SMALLEST, _LARGEST = MIB // 4, 6 * MIB
# So many bytes are taken at a time.
_CHUNK = 256 * 1024
# A part is late when it takes so many times as long as the average of its bytes, and at least so many seconds.
_LATE = 3.0
_LATE_SECONDS = 0.5


class Part:
    """The bytes from `position` to before `end` that are still to come; `owner` is the connection that fetches them."""

    def __init__(self, position: int, end: int) -> None:
        self.size = end - position
        self.position = position
        self.end = end
        self.owner: object = None
        self.since = 0.0
        self.is_awaited = True

    @property
    def is_complete(self) -> bool:
        """Whether nothing is to come."""
        return self.position == self.end


class Parts:
    """The parts of a body from byte `offset` to byte `size`, in a ring buffer, so that memory is bounded."""

    def __init__(self, offset: int, size: int) -> None:
        # How many seconds went by lately until the first bytes of a part came.
        self.latency = 0.0
        self._seconds_per_byte = 0.0
        self._taken = self._planned = offset
        self._size = size
        self._length = 0
        self._parts: deque[Part] = deque()
        # Not from the heap, where it would leave a hole for the rest of the run.
        self._ring = mmap.mmap(-1, min(AHEAD, size - offset))

    @property
    def is_full(self) -> bool:
        """Whether another part needs more room, which there is when bytes have been taken."""
        return self._planned + self._length > self._taken + len(self._ring)

    @property
    def is_all_arrived(self) -> bool:
        """Whether no byte is to come."""
        return self._planned == self._size and all(part.is_complete for part in self._parts)

    @property
    def are_left(self) -> bool:
        """Whether there are bytes that nobody has begun to fetch."""
        return self._planned < self._size or any(self._is_free(part) for part in self._parts)

    def claim(self, owner: object, now: float, connections: int) -> Part | None:
        """Give `owner` a part to fetch: one that was given back, else a new one, else the first one if it is late.

        `connections` is how many fetch parts; if it is one, no new part is begun. Returns None if there is nothing to
        do at the moment.
        """
        part = next((part for part in self._parts if self._is_free(part)), None)
        if part is None and connections > 1 and self._planned < self._size:
            length = max(_SMALLEST, min(_FETCHED // connections, _LARGEST, len(self._ring)))
            self._length = min(length, self._size - self._planned)
            part = None if self.is_full else self._new_part()
        if part is None and self._parts and self._is_late(self._parts[0], owner, now):
            part = self._parts[0]
        if part is not None:
            part.owner, part.since, part.is_awaited = owner, now, True
        return part

    def add(self, part: Part, owner: object, chunk: bytes, now: float) -> bool:
        """Add the next bytes of a part; returns whether they belong to it, and it to `owner`."""
        if part.owner is not owner or part.position + len(chunk) > part.end:
            return False
        if part.is_awaited:
            part.is_awaited, self.latency = False, now - part.since
        start = part.position % len(self._ring)
        fitting = min(len(chunk), len(self._ring) - start)
        self._ring[start : start + fitting] = chunk[:fitting]
        self._ring[: len(chunk) - fitting] = chunk[fitting:]
        part.position += len(chunk)
        if part.is_complete:
            self._seconds_per_byte = (self._seconds_per_byte + (now - part.since) / part.size) / 2
        return True

    def give_back(self, part: Part, owner: object) -> None:
        """Let somebody else fetch the rest of a part."""
        if part.owner is owner:
            part.owner = None

    def take(self) -> bytes | None:
        """Return the next bytes in order, None if they have not arrived."""
        if not self._parts or self._parts[0].position == self._taken:
            return None
        start = self._taken % len(self._ring)
        chunk = self._ring[start : start + min(self._parts[0].position - self._taken, _CHUNK)]
        self._taken += len(chunk)
        if self._taken == self._parts[0].end:
            self._parts.popleft()
        return chunk

    def _new_part(self) -> Part:
        part = Part(self._planned, self._planned + self._length)
        self._planned = part.end
        self._parts.append(part)
        return part

    def _is_free(self, part: Part) -> bool:
        return part.owner is None and not part.is_complete

    def _is_late(self, part: Part, owner: object, now: float) -> bool:
        if part.is_complete or part.owner is owner or not self._seconds_per_byte:
            return False
        return now - part.since > max(_LATE_SECONDS, _LATE * self._seconds_per_byte * part.size)

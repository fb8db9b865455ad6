# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contents that go on where an interrupted run stopped.

A single file arrives in a file that outlives the run. Archives and layers are unpacked as they arrive. Only where that
takes long, losing them costs more than the space for a copy, so they are kept as well until their tree is installed.
"""

from __future__ import annotations

import contextlib
import itertools
import time
import typing as t
from dataclasses import dataclass

from .._errors import HostError, IntegrityError, TransportError
from .._fs.tree import Tree
from .._unpack.read_ahead import read_ahead
from .failover import FailoverReader, Origin

# A copy is kept of what takes more seconds than this. That is known after so many bytes, or seconds of waiting.
_LONG = 10.0
_KNOWN_BYTES = 4 * 1024**2
_KNOWN_SECONDS = 2.0
# How many times the size of all archives or layers must be free: most backends unpack to two or three times their size.
_GROWTH = 4
# In bytes: so much stays free, and so often that is checked.
_RESERVE = 256 * 1024**2
_CHECK_EVERY = 16 * 1024**2


@dataclass(frozen=True)
class Blob:
    """Bytes that are transferred as a whole. `size` is 0 if it is unknown.

    `identity` is their digest, or else tells their version at one address: `is_version`. It is empty if nothing does.
    """

    identity: str
    size: int
    is_version: bool = False


class Partial(t.Protocol):
    """The received part of one blob: `size` bytes of it; see `_store.partial`. Raises HostError."""

    size: int

    def chunks(self) -> t.Iterator[bytes]:
        """Yield what it had at first."""

    def reserve(self, size: int) -> None:
        """Reserve the space for so many bytes."""

    def write(self, chunk: bytes) -> None:
        """Append bytes."""

    def move_to(self, tree: Tree, path: str, mode: int) -> None:
        """Make it a file of a tree."""

    def disown(self) -> None:
        """Let no other run continue it."""

    def remove(self) -> None:
        """Remove it."""

    def close(self) -> None:
        """Close it."""


class Partials(t.Protocol):
    """The received parts of all blobs. Raises HostError."""

    def find(self, identity: str) -> Partial | None:
        """Return what an earlier run left of a blob."""

    def create(self, identity: str) -> Partial:
        """Return an empty one."""

    def free(self) -> int:
        """Return the free space on the disk in bytes."""


class Reader:
    """Reads the blobs of one attempt to deliver an artifact of `size` bytes; a context.

    Without `partials`, nothing is kept and nothing continued.
    """

    def __init__(self, reader: FailoverReader, partials: Partials | None, size: int) -> None:
        self._reader = reader
        self._partials = partials
        self._size = size
        self._opened: list[Partial] = []
        self._has_continued = False
        self._unchecked = 0

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_exception: t.Any) -> None:
        for partial in self._opened:
            partial.close()

    def file(self, blob: Blob) -> Partial | None:
        """Return the file in which a blob is to arrive that becomes a single file; None if there is no place for it.

        Raises HostError if there is no space.
        """
        if self._partials is None:
            return None
        earlier = self._partials.find(blob.identity) if blob.identity else None
        partial = earlier or self._partials.create(blob.identity)
        self._opened.append(partial)
        try:
            partial.reserve(blob.size)
        except HostError:
            if earlier is None:
                partial.remove()
            raise
        return partial

    def read_into(self, partial: Partial, blob: Blob, origins: t.Sequence[Origin]) -> t.Generator[bytes, None, None]:
        """Yield a blob, and write into its file what that lacks; raises HostError, TransportError, IntegrityError."""
        yield from self._earlier(partial)
        try:
            with read_ahead(self._rest(blob, partial.size, partial.disown, origins)) as chunks:
                for chunk in chunks:
                    partial.write(chunk)
                    yield chunk
        except HostError:
            # Others need the space more than the next run needs these bytes.
            partial.remove()
            raise

    def read(self, blob: Blob, origins: t.Sequence[Origin], *what: t.Any) -> t.Generator[bytes, None, None]:
        """Yield a blob that is unpacked; raises TransportError, IntegrityError. `what` is for the origins."""
        copy, pace = _Copy(blob, self._partials, self._size, self._opened), _Pace()
        yield from self._earlier(copy.partial)
        offset = copy.partial.size if copy.partial is not None else 0
        for chunk in pace.timed(self._rest(blob, offset, copy.stop, origins, *what)):
            copy.add(chunk, pace)
            self._unchecked += len(chunk)
            if self._unchecked >= _CHECK_EVERY:
                self._check(copy, pace)
            yield chunk

    def forget(self) -> None:
        """Remove what was kept, because it is no longer needed."""
        for partial in self._opened:
            partial.remove()

    def starts_over(self, error: Exception) -> bool:
        """Return whether bytes of an earlier run may be to blame for an error; nothing is kept of bytes that may be."""
        if isinstance(error, TransportError):
            return False
        self.forget()
        return self._has_continued

    def _check(self, copy: _Copy, pace: _Pace) -> None:
        """Give up the copy if the line is fast by now, and all copies if the disk is nearly full."""
        self._unchecked = 0
        if self._opened and self._partials is not None and self._partials.free() < _RESERVE:
            self.forget()
            copy.stop()
        elif pace.is_known and not pace.takes_long(copy.size):
            copy.stop()

    def _earlier(self, partial: Partial | None) -> t.Iterator[bytes]:
        """Yield the bytes of an earlier run; raises IntegrityError if they cannot be read."""
        if partial is None or not partial.size:
            return
        self._has_continued = True
        try:
            for chunk in partial.chunks():
                self._reader.note_kept(len(chunk))
                yield chunk
        except HostError as e:
            raise IntegrityError(str(e)) from e

    def _rest(
        self, blob: Blob, offset: int, keep_nothing: t.Callable[[], None], origins: t.Sequence[Origin], *what: t.Any
    ) -> t.Generator[bytes, None, None]:
        """Yield a blob from `offset` on; `keep_nothing` is called if it is of another version than it should be."""
        if blob.size and offset == blob.size:
            return
        is_first = True
        for chunk in self._reader.read(origins, *what, offset=offset):
            if is_first and blob.is_version and origins[0].version() != blob.identity:
                if offset:
                    raise IntegrityError("the file changed on the server since the run that was interrupted.")
                keep_nothing()
            is_first = False
            yield chunk


class _Pace:
    """How many bytes came, the first ones not counted, and how many seconds were `waited` for them."""

    def __init__(self) -> None:
        self.count = 0
        self.waited = 0.0

    def timed(self, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
        """Yield the same chunks."""
        yield from itertools.islice(chunks, 1)
        while True:
            before = time.monotonic()
            chunk = next(chunks, None)
            self.waited += time.monotonic() - before
            if chunk is None:
                return
            self.count += len(chunk)
            yield chunk

    @property
    def is_known(self) -> bool:
        """Whether there is enough to judge by."""
        return self.count >= _KNOWN_BYTES or self.waited >= _KNOWN_SECONDS

    def takes_long(self, size: int) -> bool:
        """Return whether `size` bytes take long at this pace."""
        return size * self.waited > _LONG * self.count


class _Copy:
    """The copy of a blob that is unpacked, or none; `opened` gets it. All blobs of the artifact have `size` bytes."""

    def __init__(self, blob: Blob, partials: Partials | None, size: int, opened: list[Partial]) -> None:
        self.partial: Partial | None = None
        self.size = blob.size
        self._identity = blob.identity
        self._partials = partials if blob.identity and blob.size else None
        self._size_of_all = size
        self._opened = opened
        # The first bytes, until it is known whether they are kept.
        self._held: list[bytes] = []
        if self._partials is not None:
            self._find(self._partials)

    def _find(self, partials: Partials) -> None:
        """Open the copy of an earlier run, unless its space is needed. It is only a help, so errors do not matter."""
        with contextlib.suppress(HostError):
            partial = partials.find(self._identity)
            if partial is not None:
                self._opened.append(partial)
                if self._has_room(partial.size):
                    self.partial = partial
                else:
                    partial.remove()

    def add(self, chunk: bytes, pace: _Pace) -> None:
        """Keep the next bytes, if they are worth it."""
        if self._partials is None:
            return
        self._held.append(chunk)
        if self.partial is None and not pace.is_known:
            return
        if self.partial is None and not (pace.takes_long(self.size) and self._has_room()):
            self.stop()
            return
        # A copy that cannot be written is no reason to fail.
        try:
            if self.partial is None:
                self.partial = self._partials.create(self._identity)
                self._opened.append(self.partial)
            for held in self._held:
                self.partial.write(held)
            self._held.clear()
        except HostError:
            self.stop()

    def stop(self) -> None:
        """Keep nothing of this blob."""
        self._partials = None
        self._held.clear()
        if self.partial is not None:
            with contextlib.suppress(HostError):
                self.partial.remove()

    def _has_room(self, kept: int = 0) -> bool:
        """Return whether the disk has room for a copy besides the tree; `kept` bytes of it are there already."""
        return self._partials is not None and self._partials.free() + kept >= _GROWTH * self._size_of_all + _RESERVE

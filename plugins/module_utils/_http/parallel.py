# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One body over several connections: threads fetch its parts, and their bytes are handed on in order.

These connections are a help only. Whatever goes wrong with one of them, its part goes to another one, it is closed, and
no new one is opened for a while. If none is left, the bytes end early, and the caller goes on as with one connection.
"""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t

from .._errors import TransportError
from .parts import Part, Parts
from .ramp import Ramp
from .retry import Transient

# The rate of some connections is measured for at least so long, and so many times the latency of a request, and over so
# many bytes of each.
_SECONDS = 0.1
_LATENCIES = 4
_BYTES = 512 * 1024
# How often a thread without a part looks whether a part of another one is late.
_POLL = 0.25

# Yields the bytes from one position to another one; raises Transient, TransportError.
PartSource = t.Callable[[int, int], t.Generator[bytes, None, None]]


class PartsRefused(TransportError):
    """The server does not send parts, or not of the same version."""


class Connections:
    """Fetches the bytes from `offset` to `size` with as many connections as `ramp` says; a context manager.

    `source` yields the bytes of a part. One connection less is open until the first chunk is read, because the caller
    has one until then. When the context ends, the connections are closed, at the latest when a read that lasts too long
    ends.
    """

    def __init__(self, source: PartSource, ramp: Ramp, offset: int, size: int) -> None:
        self.are_refused = False
        self._source = source
        self._ramp = ramp
        self._parts = Parts(offset, size)
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._workers: set[object] = set()
        self._is_closed = False
        self._reserved = 1
        self._measurement = _Measurement()

    @property
    def are_lost(self) -> bool:
        """Whether no connection is left, although bytes are to come."""
        with self._lock:
            return not self._workers and not self._parts.is_all_arrived

    def __enter__(self) -> Connections:
        with self._lock:
            self._open()
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._lock:
            self._is_closed = True
            self._room.notify_all()

    def chunks(self) -> t.Iterator[bytes]:
        """Yield the bytes in order, all of them or as many as arrive before no connection is left."""
        with self._lock:
            # The connection that takes the place of the caller's is opened after the first measurement: until then, the
            # server may not have noticed that the caller's was closed.
            self._reserved = 0
            self._measurement = _Measurement()
        while True:
            with self._lock:
                was_full = self._parts.is_full
                chunk = self._parts.take()
                # Not for a connection that is stalled, if another one has fetched its part.
                while chunk is None and self._workers and not self._parts.is_all_arrived:
                    self._arrived.wait()
                    chunk = self._parts.take()
                if was_full and not self._parts.is_full:
                    self._room.notify_all()
            if chunk is None:
                return
            yield chunk

    def _open(self) -> None:
        while len(self._workers) < self._ramp.count - self._reserved and self._parts.are_left:
            worker = threading.Thread(target=self._work, daemon=True)
            try:
                worker.start()
            except RuntimeError:
                # This host allows no more threads.
                return
            self._workers.add(worker)

    def _work(self) -> None:
        worker = threading.current_thread()
        part: Part | None = None
        error: Exception | None = None
        try:
            while True:
                part = self._next_part(worker)
                if part is None or not self._fetch(part, worker):
                    return
        except (Transient, TransportError) as e:
            error = e
        finally:
            with self._lock:
                self._workers.discard(worker)
                if part is not None and not self._is_closed:
                    self._parts.give_back(part, worker)
                    self._leave(error)
                self._arrived.notify_all()
                self._room.notify_all()

    def _leave(self, error: Exception | None) -> None:
        """Go on without a connection that failed, or was too slow."""
        self.are_refused = self.are_refused or isinstance(error, PartsRefused)
        pause = error.after if isinstance(error, Transient) else None
        self._ramp.failed(time.monotonic(), pause or 0.0)
        self._measurement = _Measurement()

    def _next_part(self, worker: object) -> Part | None:
        """Return a part to fetch, None if this connection is no longer needed."""
        with self._lock:
            while not self._is_closed:
                count = 1 if self.are_refused else self._ramp.count
                if count > 1 and len(self._workers) > count - self._reserved:
                    return None
                part = self._parts.claim(worker, time.monotonic(), count)
                if part is not None:
                    return part
                if count == 1 or self._parts.is_all_arrived:
                    return None
                before = time.monotonic()
                self._room.wait(_POLL)
                self._measurement.idle += time.monotonic() - before
            return None

    def _fetch(self, part: Part, worker: object) -> bool:
        """Fetch a part; returns False if it is no longer needed from this connection."""
        with contextlib.closing(self._source(part.position, part.end)) as chunks:
            for chunk in chunks:
                with self._lock:
                    now = time.monotonic()
                    if self._is_closed or not self._parts.add(part, worker, chunk, now):
                        return False
                    self._arrived.notify()
                    self._measure(worker, len(chunk), now)
        if not part.is_complete and part.owner is worker:
            raise Transient("a part ended early")
        return True

    def _measure(self, worker: object, count: int, now: float) -> None:
        """Let the ramp decide when the rate of all connections together is known."""
        measurement, workers = self._measurement, len(self._workers)
        measurement.add(worker, count, now, workers)
        seconds = now - measurement.start if measurement.start else 0.0
        least = max(_SECONDS, _LATENCIES * self._parts.latency)
        if self._reserved or seconds < least or measurement.count < _BYTES * workers:
            return
        is_waiting = measurement.idle < seconds * workers / 3
        self._ramp.measured(measurement.count / seconds, now, is_waiting=is_waiting)
        self._measurement = _Measurement()
        self._open()


class _Measurement:
    """The bytes since `start`, which is when each connection had some, and the seconds that threads had no part."""

    def __init__(self) -> None:
        self.start = 0.0
        self.count = 0
        self.idle = 0.0
        self._seen: set[object] = set()

    def add(self, worker: object, count: int, now: float, workers: int) -> None:
        """Note bytes of one connection."""
        if self.start:
            self.count += count
            return
        self._seen.add(worker)
        if len(self._seen) >= workers:
            self.start, self.idle = now, 0.0

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a transfer is, for people who wait for it: a module cannot print while it runs, so this is a small file.

The process that transfers holds a lock on the file. However it ends, the lock ends with it, and what the file says
counts no longer.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import typing as t

from .._fs.read import open_file
from .._store.layout import PROGRESS

_SECONDS = 2.0
# Written whole each time, so that a reader never sees the end of an older, longer text.
_LENGTH = 4096
_KEYS = ("backend", "source", "bytes_done", "bytes_total", "bytes_per_second", "seconds_left")


class Progress:
    """Tells C(write) how many bytes of one backend have come, at once and then at most every two seconds.

    C(total) is 0 where it is not known.
    """

    def __init__(
        self,
        write: t.Callable[[bytes], t.Any],
        backend: str,
        total: int,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._backend = backend
        self._total = total
        self._clock = clock
        self._start = self._told = clock()
        self._done = 0
        self._tell("", 0.0)

    def update(self, done: int, source: str) -> None:
        """Note that C(done) bytes have come so far, the last ones from C(source); another try begins anew."""
        now = self._clock()
        if done < self._done:
            self._start = now
        self._done = done
        if now - self._told >= _SECONDS:
            self._told = now
            self._tell(source, now - self._start)

    def _tell(self, source: str, elapsed: float) -> None:
        rate = self._done / elapsed if elapsed else None
        left = max(self._total - self._done, 0) / rate if self._total and rate else None
        values = (self._backend, source or None, self._done, self._total or None, rate, left)
        told = {key: round(value) if isinstance(value, float) else value for key, value in zip(_KEYS, values)}
        # Whoever cannot tell how far it is goes on all the same.
        with contextlib.suppress(OSError):
            self._write(json.dumps(told).encode("ascii")[:_LENGTH].ljust(_LENGTH))


def in_progress(directory: str) -> dict[str, t.Any] | None:
    """Return what the transfer that goes on at this moment says in C(directory), or None when there is none."""
    try:
        with open_file(os.path.join(directory, PROGRESS), flags=os.O_NOFOLLOW) as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                told = json.loads(stream.read(_LENGTH).decode("ascii"))
                return {key: _shown(told.get(key)) for key in _KEYS} if isinstance(told, dict) else None
    except (OSError, ValueError, RecursionError):
        # Nobody transfers, or began just now.
        return None
    return None


def _shown(value: t.Any) -> t.Any:
    """Return a text or a whole number, None for anything else: whoever owns the backends path can write the file."""
    return value if isinstance(value, (str, int)) else None

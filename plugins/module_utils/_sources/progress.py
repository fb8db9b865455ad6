# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The progress of a transfer, for people who wait for it, as a small file: a module cannot print while it runs.

The process that transfers holds a lock on the file. However the process ends, its lock ends too, and the file no longer
counts.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
import typing as t

from .._fs.read import open_file
from .._fs.utf8 import os

_SECONDS = 2.0
# The file is always written whole, so that a reader never sees the end of an older, longer text.
_LENGTH = 4096
_KEYS = ("backend", "source", "bytes_done", "bytes_total", "bytes_per_second", "seconds_left")


class Progress:
    """Calls `write` with the progress of one transfer, at once and then at most every two seconds.

    `backend` is the name of what is transferred, `total` its bytes, 0 if they are unknown.
    """

    def __init__(
        self, write: t.Callable[[bytes], t.Any], backend: str, total: int, clock: t.Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._backend = backend
        self._total = total
        self._clock = clock
        self._start = self._reported = clock()
        self._done = 0
        self._before = 0
        self._report("", 0.0)

    def update(self, done: int, source: str) -> None:
        """Note that `done` bytes have arrived, the last ones from `source`; a new attempt starts at 0 again.

        Without a source, an earlier run has transferred them, so they say nothing about the rate.
        """
        now = self._clock()
        if done < self._done or not source:
            self._start, self._before = now, done if not source else 0
        self._done = done
        if now - self._reported >= _SECONDS:
            self._reported = now
            self._report(source, now - self._start)

    def _report(self, source: str, elapsed: float) -> None:
        rate = (self._done - self._before) / elapsed if elapsed else None
        left = max(self._total - self._done, 0) / rate if self._total and rate else None
        values = (self._backend, source or None, self._done, self._total or None, rate, left)
        report = {key: round(value) if isinstance(value, float) else value for key, value in zip(_KEYS, values)}
        # Progress is best effort: a transfer never fails because of it.
        with contextlib.suppress(OSError):
            self._write(json.dumps(report).encode("ascii")[:_LENGTH].ljust(_LENGTH))


def in_progress(path: str) -> dict[str, t.Any] | None:
    """Return what the current transfer reports in the file `path`; None if there is no transfer."""
    try:
        with open_file(path, flags=os.O_NOFOLLOW) as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                report = json.loads(stream.read(_LENGTH).decode("ascii"))
                return {key: _checked(report.get(key)) for key in _KEYS} if isinstance(report, dict) else None
    except (OSError, ValueError, RecursionError):
        # There is no transfer, or it has just begun.
        return None
    return None


def _checked(value: t.Any) -> t.Any:
    """Return a text or a whole number, None for anything else: the owner of the backends path can write the file."""
    return value if isinstance(value, (str, int)) else None

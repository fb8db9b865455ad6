# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `rate_limit`: how many bytes arrive per second, over all connections of a run."""

from __future__ import annotations

import threading
import time
import typing as t


class RateLimit:
    """Lets at most `rate` bytes per second through; None means no limit."""

    def __init__(
        self,
        rate: int | None,
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = 0.0

    def amount(self, wanted: int) -> int:
        """Return how many bytes to read at once, at most `wanted`, so that no pause is longer than a quarter second."""
        return wanted if self._rate is None else max(1, min(wanted, self._rate // 4))

    def wait(self, count: int) -> None:
        """Wait after `count` bytes have arrived, until that is no more than the limit allows."""
        if self._rate is None:
            return
        with self._lock:
            now = self._clock()
            self._free_at = max(self._free_at, now) + count / self._rate
            pause = self._free_at - now
        self._sleep(pause)

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rate in bytes a second, held by those who wait as long as their bytes take."""

from __future__ import annotations

import threading
import time
from typing import Callable

# Who slept too long makes up for at most so many seconds. Else a busy machine would lower the rate.
_CREDIT = 0.02


class Pacer:
    """One line of a rate, which connections may share."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._free = clock()

    def reserve(self, count: int) -> float:
        """Take the line for `count` bytes after those of others; returns the seconds until they are through."""
        with self._lock:
            now = self._clock()
            self._free = max(self._free, now - _CREDIT) + count / self._rate
            return max(0.0, self._free - now)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many connections to one server are worth it: more as long as the sum of their rates grows. Pure."""

from __future__ import annotations

# So many connections follow one, and then twice as many each time.
_SECOND_STEP = 4
# More connections have to be faster by so much, or they are closed again.
_GAIN = 1.1
# The seconds before more connections are tried again: after some that brought nothing, and after one that failed. They
# double each time.
_QUIET = 10.0
_RECOVERY = 1.0
_LONGEST_QUIET = 160.0
# In bytes per second. One connection at this rate delivers more than this host can hash and write.
_ENOUGH = 256 * 1024**2


class Ramp:
    """The number of connections to use for one server: at most `most`, which may get `limit` bytes per second."""

    def __init__(self, most: int, limit: int | None = None) -> None:
        self.count = 1
        self._most = most
        self._limit = limit
        self._fewer: tuple[int, float] | None = None
        self._quiet_until = 0.0
        self._quiet = _QUIET
        self._recovery = _RECOVERY
        self._has_failed = False

    def measured(self, rate: float, now: float, *, is_waiting: bool) -> None:
        """Decide after some time with `count` connections, which together delivered `rate` bytes per second.

        `is_waiting` tells whether this host waits for the server, not the other way round.
        """
        if self._fewer is not None:
            count, earlier_rate = self._fewer
            self._fewer = None
            if is_waiting and rate < earlier_rate * _GAIN:
                self.count = count
                self._quiet_until = now + self._quiet
                self._quiet = min(self._quiet * 2, _LONGEST_QUIET)
                return
            self._quiet = _QUIET
        is_enough = rate / self.count > _ENOUGH or (self._limit is not None and rate * _GAIN > self._limit)
        if is_waiting and not is_enough and self.count < self._most and now >= self._quiet_until:
            self._fewer = self.count, rate
            more = _SECOND_STEP if self.count == 1 else self.count * 2
            self.count = min(self.count + 1 if self._has_failed else more, self._most)

    def failed(self, now: float, pause: float = 0.0) -> None:
        """Go on with one connection less, after one was refused, broke or stalled, and later add one by one.

        `pause` is the number of seconds that the server asks to wait.
        """
        self.count = max(1, self.count - 1)
        self._fewer = None
        self._has_failed = True
        # Several that fail at the same time count once.
        if now >= self._quiet_until:
            self._quiet_until = now + self._recovery
            self._recovery = min(self._recovery * 2, _LONGEST_QUIET)
        self._quiet_until = max(self._quiet_until, now + pause)

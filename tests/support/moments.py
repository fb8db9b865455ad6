# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Something that happens in the middle of a run, right before one of its calls of the operating system."""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Callable, Iterator

_Act = Callable[[], object]
_EVENTS = ("os.", "open", "fcntl.")


class Moments:
    """Counts the calls that Python reports, and does something right before one of them."""

    def __init__(self) -> None:
        self.count = 0
        self._acts: dict[int, _Act] = {}
        self._is_on = False
        self._is_hooked = False

    def _hook(self, event: str, _arguments: Any) -> None:
        if not self._is_on or not event.startswith(_EVENTS):
            return
        self.count += 1
        act = self._acts.get(self.count)
        if act is not None:
            # What it does itself does not count.
            self._is_on = False
            try:
                act()
            finally:
                self._is_on = True

    @contextlib.contextmanager
    def acting(self, acts: dict[int, _Act]) -> Iterator[None]:
        """Inside, do each of C(acts) right before the call that has its number."""
        if not self._is_hooked:
            # There is no way to take it back.
            sys.addaudithook(self._hook)
            self._is_hooked = True
        self.count, self._acts, self._is_on = 0, acts, True
        try:
            yield
        finally:
            self._is_on = False


MOMENTS = Moments()

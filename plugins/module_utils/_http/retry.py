# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long to go on with a server: a budget of tries that renews with progress, and pauses between them."""

from __future__ import annotations

import random
import typing as t

from .._errors import TransportError

LONGEST_PAUSE = 30.0


class Again(Exception):
    """A fault that a later try may not meet.

    C(after) is the pause in seconds that the server asks for, C(status) that of its answer; C(silent) is the server
    that sent no byte for too long.
    """

    def __init__(self, why: str, after: float | None = None, status: int | None = None, silent: str = "") -> None:
        super().__init__(why)
        self.after = after
        self.status = status
        self.silent = silent


class Patience:
    """Tries something again after passing faults: iterate, and do one try in each C(with).

    When the budget is used up, C(give_up) is told the last fault, and TransportError says what all of them were.
    """

    def __init__(
        self,
        what: str,
        retries: int,
        sleep: t.Callable[[float], None],
        give_up: t.Callable[[Again], None],
    ) -> None:
        self._what = what
        self._retries = retries
        self._sleep = sleep
        self._give_up = give_up
        self._faults: dict[str, None] = {}
        self._failures = 0
        self._waited = 0.0

    def __iter__(self) -> t.Iterator[Patience]:
        while True:
            yield self

    def renew(self) -> None:
        """Forget the failures so far: there is progress."""
        self._failures = 0

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: t.Any, fault: BaseException | None, _traceback: t.Any) -> bool:
        if not isinstance(fault, Again):
            return False
        self._faults[str(fault)] = None
        self._failures += 1
        if self._failures > self._retries:
            self._give_up(fault)
            raise TransportError(
                f"{self._what}: {'; '.join(self._faults)} (tried {self._failures} times without progress, "
                f"waited {self._waited:.0f} s in all)",
                fault.status,
            ) from fault
        self._pause(fault)
        return True

    def _pause(self, fault: Again) -> None:
        pause = fault.after
        if pause is None:
            spread = random.uniform(0.5, 1.0)  # noqa: S311 -- not a secret
            pause = min(2.0 ** (self._failures - 1), LONGEST_PAUSE) * spread
        self._waited += pause
        self._sleep(pause)

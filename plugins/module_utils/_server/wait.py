# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits until a server is ready, or cannot become ready any more."""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from .._errors import ServerError
from .answers import is_ok
from .client import Client
from .systemd import SECONDS
from .target import Look, Target
from .unit import Unit, reason_to_stop

READY_SECONDS = 5
_PAUSE = 0.25
_LONGEST_PAUSE = 1.0


class NotReady(ServerError):
    """A server did not become ready; `look` is the last look at it, None if systemd never answered."""

    def __init__(self, message: str, look: Look | None) -> None:
        super().__init__(message)
        self.look = look


def is_ready(client: Client, seconds: float = READY_SECONDS) -> bool:
    """Return whether a server answers that it is ready. It refuses HEAD, and its port is closed until then."""
    return is_ok(client.get("/readyz", seconds))


def wait_until_ready(target: Target, seconds: float) -> Look:
    """Return the server when it is ready.

    Raises NotReady after `seconds`, or as soon as the unit shows that it will not become ready.
    """
    deadline = time.monotonic() + seconds
    first: Unit | None = None
    look: Look | None = None
    pause = _PAUSE
    while True:
        current = _look(target, deadline)
        if current is not None:
            look = current
            first = _first(first, look.unit)
            reason = reason_to_stop(first, look.unit)
            if reason:
                raise NotReady(f"LocalAI did not become ready: {look.unit.name}: {reason}.", look)
            if look.unit.is_active and is_ready(look.client, _limited(READY_SECONDS, deadline)):
                return look
        left = deadline - time.monotonic()
        if left <= 0:
            raise NotReady(f"LocalAI did not become ready within {seconds:g} seconds{_state(look)}.", look)
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _look(target: Target, deadline: float) -> Look | None:
    try:
        return target.look(_limited(SECONDS, deadline))
    except TimeoutError:
        return None


def _first(first: Unit | None, now: Unit) -> Unit:
    """Return the state when the wait began, with the first main process since then."""
    if first is None:
        return now
    return first if first.main_pid else replace(first, main_pid=now.main_pid)


def _limited(seconds: float, deadline: float) -> float:
    return max(min(seconds, deadline - time.monotonic()), 0.05)


def _state(look: Look | None) -> str:
    if look is None:
        return ": systemctl did not answer"
    unit = look.unit
    if not unit.is_active:
        return f": {unit.name} is {unit.active_state} ({unit.sub_state})"
    return f": {unit.name} is {unit.active_state}, and GET {look.client.url}/readyz did not answer 200"


def journal_text(lines: t.Sequence[str]) -> str:
    """Return the last lines of a journal for a message."""
    if not lines:
        return " Its journal is empty, or this user may not read it."
    return "\nThe last lines of its journal:\n" + "\n".join(lines)

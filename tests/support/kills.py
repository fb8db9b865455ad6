# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The death of a process at one of its system calls, pretended in this process."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Callable, Iterable
from unittest import mock


class Killed(BaseException):
    """Stands for a kill: from here on nothing runs."""


def killed_at(number: int, work: Callable[[], object], names: Iterable[str]) -> bool:
    """Do `work` until its `number`-th call of these functions of `os`; returns whether it came so far."""
    calls = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any, **settings: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls >= number:
                raise Killed
            return call(*arguments, **settings)

        return act

    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(mock.patch.object(os, name, counted(getattr(os, name))))
        try:
            work()
        except Killed:
            return True
    return False

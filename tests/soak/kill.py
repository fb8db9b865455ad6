# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The death of a run at any of its moments, without a tracer: as quick as the run itself.

The moments are the calls of the operating system that Python reports. Those that it does not report, such as writes,
are for `strace`.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Callable

from ..support.moments import MOMENTS
from .strace import started

_NO_MORE = 250  # the exit code of a run that ended before the moment came


def killed_at(work: Callable[[], object], moment: int) -> bool:
    """Let `work` run in a process up to a moment; returns whether it came so far, and else went through."""

    def up_to_it() -> None:
        with MOMENTS.acting({moment: lambda: os.kill(os.getpid(), signal.SIGKILL)}):
            work()
        os._exit(_NO_MORE)

    pid = started(up_to_it)
    os.kill(pid, signal.SIGCONT)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (-signal.SIGKILL, _NO_MORE):
        sys.exit(f"a run without any accident ended with {code}")
    return code != _NO_MORE


def moments(work: Callable[[], object]) -> int:
    """Let `work` run in this process; returns how many moments it has."""
    with MOMENTS.acting({}):
        work()
    return MOMENTS.count

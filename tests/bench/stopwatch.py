# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a command, and print as a last line of JSON what it took with all its children.

This is a process of its own, with hardly any imports, because a command's peak memory is never less than that of the
process which started it.
"""

from __future__ import annotations

import json
import os
import sys
import time

start = time.perf_counter()
child = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_pid, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - start
# Linux counts memory in KiB, macOS in bytes.
memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": memory}))
sys.exit(os.waitstatus_to_exitcode(status) != 0)

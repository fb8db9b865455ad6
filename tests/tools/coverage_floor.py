# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold the totals of a coverage report in JSON against the floor."""

from __future__ import annotations

import json
import sys
from pathlib import Path

FLOOR = {"line": 95.0, "branch": 90.0}

totals = json.loads(Path(sys.argv[1]).read_text())["totals"]
if not totals["num_statements"]:
    sys.exit("Coverage was asked for, but no line of plugins/ ran.")
reached = {
    "line": 100 * totals["covered_lines"] / totals["num_statements"],
    "branch": 100 * totals["covered_branches"] / max(totals["num_branches"], 1),
}
print("Coverage of plugins/:", ", ".join(f"{kind} {reached[kind]:.2f} % (floor {FLOOR[kind]:.0f} %)" for kind in FLOOR))
if low := [kind for kind in FLOOR if reached[kind] < FLOOR[kind]]:
    sys.exit(f"Coverage is below the floor: {', '.join(low)}.")

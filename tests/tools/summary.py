# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Add up what ansible-test reported below its output directory; the last line is: N passed, N failed, N skipped.

With --stopped the gate ended early. When no report shows a failed test, the step that ended it counts as one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

output = Path(sys.argv[1])
stopped = "--stopped" in sys.argv[2:]
passed = failed = skipped = 0

# Sanity tests, unit tests, and the role on hosts. The JUnit files of integration tests list tasks, with the failures
# that a test wants to see.
for report in [path for kind in ("ansible-test-*", "*-units", "*-hosts") for path in output.glob(f"junit/{kind}.xml")]:
    for case in ET.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1

# Integration targets: these files name the ones that passed, and the first that fails ends the run.
for report in output.glob("data/integration-*.json"):
    passed += len(json.loads(report.read_text())["targets"])

if stopped:
    failed = max(failed, 1)
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0 or passed == 0)

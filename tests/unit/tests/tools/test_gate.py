# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate: the end of its output says which parts failed and why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GATE = Path(__file__).parents[3] / "tools" / "gate.py"
MAKEFILE = """\
good:
\t@echo it works
collection:
\t@exit 1
units:
\t@echo 'FAILED tests/test_early.py::test_one - AssertionError'
\t@seq 1000
\t@echo the reason
\t@exit 1
hosts:
\t@seq 2000 3000
\t@echo 'fatal: [host1]: FAILED!'; exit 1
"""


def gate(directory, *lanes):
    (directory / "Makefile").write_text(MAKEFILE)
    run = subprocess.run(
        [sys.executable, str(GATE), *lanes], cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.stderr == ""
    return run.returncode, run.stdout.splitlines()


def test_each_line_has_the_part_that_wrote_it(tmp_path):
    code, lines = gate(tmp_path, "good=1")
    assert code == 0
    assert any(line.endswith("good        it works") for line in lines)
    assert "good        === passed" in lines[-1]


def test_the_end_names_what_failed(tmp_path):
    code, lines = gate(tmp_path, "units=1 good=1", "hosts=1")
    assert code == 1
    assert any("not started, because another part failed" in line for line in lines)
    end = lines[-60:]
    assert "units       FAILED tests/test_early.py::test_one - AssertionError" in end
    assert "units       the reason" in end
    assert "hosts       fatal: [host1]: FAILED!" in end
    assert sum(line.startswith("=== ") for line in end) == 2


def test_one_failure_has_all_of_the_room(tmp_path):
    _code, lines = gate(tmp_path, "hosts=1")
    assert len([line for line in lines[-60:] if line.startswith("hosts ")]) == 52

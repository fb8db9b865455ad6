# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the report on 1,000 hosts with 20 backends each takes: to be written, and to be opened and filtered.

The page is opened in turns with a plain one: the same rows in one table, without a style and a script.
"""

from __future__ import annotations

import argparse
import datetime as dt
import html
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ..support import fleets
from ..support.browser import browser
from ..support.playbook import environment

# Seconds, for a fleet of the full size.
MOST_TO_WRITE, MOST_TO_OPEN = 30.0, 2.0


def write(rows: dict[str, Any], work: Path) -> float:
    """Let Ansible write the report on hosts whose rows are known, and return the seconds that it took."""
    (work / "rows").mkdir()
    for host, row in rows.items():
        (work / "rows" / host).write_text(json.dumps(row), encoding="utf-8")
    inventory = {"localai": {"hosts": {host: {} for host in rows}, "vars": {"ansible_connection": "local"}}}
    (work / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
    row = f"{{{{ lookup('ansible.builtin.file', '{work}/rows/' ~ inventory_hostname) | from_json }}}}"
    tasks = [
        {"name": "Give the rows", "ansible.builtin.set_fact": {"__localai_report_row": row}},
        {"ansible.builtin.import_role": {"name": "localai.core.localai", "tasks_from": "report_files"}},
    ]
    (work / "play.json").write_text(json.dumps([{"hosts": "localai", "gather_facts": False, "tasks": tasks}]))
    command = [sys.executable, "-m", "ansible", "playbook", "--inventory", str(work / "inventory.json")]
    log = work / "log"
    settings = {**environment(work), "ANSIBLE_LOG_PATH": str(log)}
    subprocess.run([*command, str(work / "play.json")], cwd=work, env=settings, check=True, stdout=subprocess.DEVNULL)
    marks = dict(
        re.findall(r"^(\S+ \S+) p=.*?(Combine the rows|PLAY RECAP)", log.read_text(encoding="utf-8"), re.MULTILINE)
    )
    begin, end = (dt.datetime.fromisoformat(mark.replace(",", ".")) for mark in sorted(marks))
    return (end - begin).total_seconds()


def plain(document: dict[str, Any]) -> str:
    """Return a page with one line for each backend of each host."""
    lines = (
        "<tr>" + "".join(f"<td>{html.escape(str(value))}</td>" for value in (row["host"], *one.values())) + "</tr>"
        for row in document["hosts"]
        for one in row["backends"]
    )
    return f"<!DOCTYPE html><meta charset=utf-8><title>plain</title><table>{''.join(lines)}</table>"


def main() -> None:
    """Measure, print, and fail if it takes more than the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    fleet = fleets.large(options.hosts)
    rows = fleets.rows(fleet)
    with tempfile.TemporaryDirectory(prefix="localai-report-") as directory, browser() as chromium:
        work = Path(directory)
        written = write(rows, work)
        report, other = work / "report.html", work / "plain.html"
        other.write_text(plain(json.loads((work / "report.json").read_text(encoding="utf-8"))), encoding="utf-8")
        seconds: dict[str, list[float]] = {"report": [], "plain": [], "filter": []}
        for _round in range(options.rounds):
            seconds["plain"].append(chromium.open(other))
            seconds["report"].append(chromium.open(report))
            seconds["filter"].append(chromium.filter("node00 whisper"))
            assert len(chromium.shown()) > 0
        size = report.stat().st_size / 1e6
    opened, compared, filtered = (statistics.median(seconds[name]) for name in ("report", "plain", "filter"))
    print(f"report: {options.hosts} hosts, {size:.1f} MB, written in {written:.1f} s (goal {MOST_TO_WRITE:.0f})")
    print(f"opened in {opened:.2f} s and filtered in {filtered:.2f} s (goal {MOST_TO_OPEN:.0f} each);")
    print(f"a plain table of the same backends is opened in {compared:.2f} s, ratio {opened / compared:.2f}")
    sys.exit(written > MOST_TO_WRITE or max(opened, filtered) > MOST_TO_OPEN)


if __name__ == "__main__":
    main()

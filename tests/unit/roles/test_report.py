# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `report` on several made-up hosts: this machine under several names, one of which nobody can reach."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

SECRET = "s3cret-of-the-site"
# Ansible cannot create a directory there, and takes a host without one for unreachable.
UNREACHABLE = {"ansible_remote_tmp": "/dev/null/none"}
BROKEN = {"ansible_python_interpreter": "/nonexistent/python"}
HOSTILE = "{{ 7 * 7 }}<img src=x onerror=alert(1)>"
WITHOUT_ROOT = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}


def run(work: Path, hosts: dict[str, dict[str, Any]], *arguments: str) -> tuple[int, str]:
    """Run the playbook in a directory of its own, and return its code and what it prints, in one line."""
    inventory = {"localai": {"hosts": hosts, "vars": WITHOUT_ROOT}}
    (work / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
    program = [sys.executable, "-m", "ansible", "playbook", "--inventory", str(work / "inventory.json")]
    done = subprocess.run(
        [*program, str(COLLECTION / "playbooks" / "report.yml"), *arguments],
        cwd=work,
        env=environment(work),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


def conditions(row: dict[str, Any]) -> set[str]:
    return {finding["condition"] for finding in row["findings"]}


def test_every_host_is_in_the_report_and_none_is_changed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    build = home / "backends" / HOSTILE.replace("/", "")
    build.mkdir(parents=True)
    (build / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    metadata = {"name": build.name, "uri": f"https://user:{SECRET}@files.site/x.tar?sig={SECRET}"}
    (build / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    paths = {"localai_backends_path": str(home / "backends"), "localai_models_path": str(home / "models")}
    hosts = {
        "lost": UNREACHABLE,
        "broken": BROKEN,
        "here": {**paths, "localai_api_key": SECRET, "localai_capability": "default"},
        "mistaken": {"localai_backends": "whisper"},
        "other": {"localai_state": "absent"},
    }
    (tmp_path / "new").mkdir(mode=0o700)
    code, output = run(
        tmp_path, hosts, "-e", "localai_report_fail_on=unreachable", "-e", "localai_report_directory=new"
    )
    assert code == 2, output
    assert "unreachable on 1 of 5 hosts: lost." in output
    assert sum(map(int, re.findall(r"changed=(\d+)", output))) == 0
    files = {path.suffix: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()}
    assert sorted(files) == [".csv", ".html", ".json"]
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert not any(SECRET in text for text in (*files.values(), output))
    rows = {row["host"]: row for row in json.loads(files[".json"])["hosts"]}
    assert list(rows) == list(hosts)
    assert [line["host"] for line in csv.DictReader(files[".csv"].splitlines())] == list(hosts)
    assert {name: conditions(rows[name]) for name in ("lost", "broken", "mistaken", "other")} == {
        "lost": {"unreachable"},
        "broken": {"unread"},
        "mistaken": {"unread"},
        "other": set(),
    }
    assert "localai_backends must be a list" in rows["mistaken"]["findings"][0]["detail"]
    # The temporary directory is none that the role accepts, which is a mistake in its variables too.
    (backend,) = rows["here"]["backends"]
    assert (backend["name"], backend["uri"]) == (build.name, "https://files.site/x.tar")
    assert "<img" not in files[".html"]
    assert "{{ 7 * 7 }}&lt;img" in files[".html"]


@pytest.mark.long
def test_check_mode_says_what_it_would_write_and_writes_nothing(tmp_path: Path) -> None:
    code, output = run(tmp_path, {"other": {"localai_state": "absent"}}, "--check", "--diff")
    assert code == 0, output
    assert "0 of 1 hosts need action. Check mode has written no report." in output
    assert not list(tmp_path.glob("report.*"))


def test_a_condition_that_does_not_exist_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    code, output = run(tmp_path, {"lost": UNREACHABLE}, "-e", "localai_report_fail_on=unreachable,broken")
    assert code == 2
    assert "localai_report_fail_on has broken. The conditions are unreachable, unread," in output
    assert not list(tmp_path.glob("report.*"))


def test_a_group_without_hosts_has_a_page_and_fails(tmp_path: Path) -> None:
    code, output = run(tmp_path, {})
    assert code == 2, output
    assert "The group localai has no hosts. Check the inventory." in output
    assert "The inventory has no hosts" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["hosts"] == []

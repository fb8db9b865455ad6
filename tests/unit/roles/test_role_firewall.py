# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role opens its port in the active firewall and closes what it opened, with stand-ins for firewalld and ufw."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

pytestmark = pytest.mark.long

ROLE = COLLECTION / "roles" / "localai"

# Each keeps its open ports in files of a directory, one line for each, in the runtime or the permanent configuration.
FIREWALL_CMD = """#!/bin/sh
file=runtime zone=none action=none
for word; do
  case $word in
  --state) test -e {state}/firewalld; exit;;
  --get-default-zone) cat {state}/zone; exit;;
  --permanent) file=permanent;;
  --zone=*) zone=${{word#*=}};;
  --query-port=*) action=query port=${{word#*=}};;
  --add-port=*) action=add port=${{word#*=}};;
  --remove-port=*) action=remove port=${{word#*=}};;
  *) echo "unknown: $word"; exit 2;;
  esac
done
touch {state}/$file
case $action in
query) grep -qx "$zone $port" {state}/$file;;
add) echo "$zone $port" >>{state}/$file;;
remove) grep -vx "$zone $port" {state}/$file >{state}/new; mv {state}/new {state}/$file;;
*) exit 2;;
esac
"""
UFW = """#!/bin/sh
touch {state}/ufw
case "$*" in
status) if test "$LC_ALL" = C; then echo "Status: $(cat {state}/ufw-status)"; else echo "Status: Aktiv"; fi;;
"show added") echo "Added user rules (see 'ufw status' for running firewall):"; sed "s/^/ufw allow /" {state}/ufw;;
"allow "*) echo "$2" >>{state}/ufw;;
"delete allow "*) grep -vx "$3" {state}/ufw >{state}/new; mv {state}/new {state}/ufw;;
*) exit 2;;
esac
"""


class Case(NamedTuple):
    """A host with a firewall: what is done before which run, and the address in each of them."""

    firewall: str
    before: dict[str, dict[str, str]] = {}  # noqa: RUF012
    address: str = ":8080"
    second_address: str = ":8080"


class After(NamedTuple):
    """What a run left: how many tasks changed something, the files of the firewall, the record, the output."""

    changed: int
    state: dict[str, list[str]]
    record: dict[str, Any] | None
    output: str


# One host after the other would take too long, so all cases are hosts of the same runs.
CASES = {
    "firewalld": Case("firewalld"),
    "ufw": Case("ufw"),
    "nothing": Case("none"),
    "loopback": Case("ufw", address="[::1]:8080", second_address="localhost:8080"),
    "firewalld-port": Case("firewalld", second_address="0.0.0.0:8081"),
    "ufw-port": Case("ufw", second_address="0.0.0.0:8081"),
    "firewalld-loopback": Case("firewalld", second_address="127.0.0.1:8080"),
    "firewalld-zone": Case("firewalld", {"second": {"zone": "internal\n"}}),
    "firewalld-closed": Case("firewalld", {"second": {"runtime": ""}}),
    "firewalld-own": Case(
        "firewalld", {"predicted": {"runtime": "public 8080/tcp\n", "permanent": "public 8080/tcp\n"}}
    ),
    "ufw-own": Case("ufw", {"predicted": {"ufw": "8080\n"}}),
    "ufw-own-comment": Case("ufw", {"predicted": {"ufw": "8080/tcp comment 'mine'\n"}}),
    "ufw-part": Case("ufw", {"predicted": {"ufw": "from 10.0.0.0/8 to any port 8080\n18080/tcp\n8080/udp\n"}}),
    "ufw-off": Case("ufw", {"predicted-absent": {"ufw-status": "inactive\n"}}),
}
RUNS = ("predicted", "first", "second", "predicted-absent", "absent")


@pytest.fixture(name="runs", scope="module")
def _runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, After]]:
    """Do all runs on all hosts, and return what they left, by case and run."""
    work = tmp_path_factory.mktemp("firewalls")
    for name, case in CASES.items():
        prepare(work / name, case.firewall)
    left: dict[str, dict[str, After]] = {name: {} for name in CASES}
    for run in RUNS:
        for name, case in CASES.items():
            for file, text in case.before.get(run, {}).items():
                (work / name / "state" / file).write_text(text, encoding="utf-8")
        output = play(work, run)
        for name in CASES:
            recap = re.search(rf" {name} : ok=[0-9]+ changed=([0-9]+) unreachable=0 failed=0", output)
            assert recap, output
            files = (work / name / "state").iterdir()
            record = work / name / "memory" / "firewall.json"
            left[name][run] = After(
                int(recap.group(1)),
                {file.name: file.read_text(encoding="utf-8").splitlines() for file in files},
                json.loads(record.read_text(encoding="utf-8")) if record.exists() else None,
                output,
            )
            assert not record.exists() or stat.S_IMODE(record.stat().st_mode) == 0o600
    return left


def prepare(host: Path, firewall: str) -> None:
    (host / "programs").mkdir(parents=True)
    (host / "state").mkdir()
    for name, text in (("firewall-cmd", FIREWALL_CMD), ("ufw", UFW)):
        program = host / "programs" / name
        program.write_text(text.format(state=host / "state"), encoding="utf-8")
        program.chmod(0o755)
    (host / "state" / "zone").write_text("public\n", encoding="utf-8")
    (host / "state" / "ufw-status").write_text("active\n" if firewall == "ufw" else "inactive\n", encoding="utf-8")
    if firewall == "firewalld":
        (host / "state" / "firewalld").touch()


def play(work: Path, run: str) -> str:
    """Run the tasks on all hosts; returns the output in one line."""
    own = environment(work)
    hosts = {
        name: {
            "address": case.address if run in RUNS[:2] else case.second_address,
            "memory": str(work / name / "memory"),
            "path": f"{work / name / 'programs'}{os.pathsep}{own['PATH']}",
        }
        for name, case in CASES.items()
    }
    variables = {
        "localai_address": "{{ address }}",
        "__localai_memory": "{{ memory }}",
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "localai_state": "absent" if "absent" in run else "present",
    }
    (work / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    files = [str(ROLE / "defaults" / "main.yml"), *(str(file) for file in sorted(ROLE.glob("vars/main/*.yml")))]
    firewall = {
        "hosts": "all",
        "gather_facts": False,
        "vars_files": files,
        "environment": {"PATH": "{{ path }}"},
        "tasks": [{"ansible.builtin.import_tasks": str(ROLE / "tasks" / "firewall.yml")}],
    }
    (work / "play.json").write_text(json.dumps([firewall]), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "playbook", "--inventory", str(work / "inventory.json")),
            *(str(work / "play.json"), "--extra-vars", json.dumps(variables)),
            *(["--check"] if run.startswith("predicted") else []),
        ],
        env={**own, "ANSIBLE_PIPELINING": "true", "ANSIBLE_STRATEGY": "free"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return re.sub(r"\s+", " ", done.stdout + done.stderr)


# The files in which a port is open, and how it is written there.
FIREWALLS = {"firewalld": (("runtime", "permanent"), "public {}/tcp"), "ufw": (("ufw",), "{}/tcp")}


def is_open(after: After, firewall: str, *ports: str) -> bool:
    """Return whether these ports are open, and no others."""
    files, form = FIREWALLS[firewall]
    return [after.state.get(file, []) for file in files] == [[form.format(port) for port in ports]] * len(files)


@pytest.mark.parametrize("firewall", sorted(FIREWALLS))
def test_the_port_is_opened_once_and_closed_with_the_service(runs: dict[str, dict[str, After]], firewall: str) -> None:
    left = runs[firewall]
    assert is_open(left["first"], firewall, "8080")
    zone = "public" if firewall == "firewalld" else "-"
    record = {"format": 1, "opened": [{"firewall": firewall, "zone": zone, "port": "8080"}]}
    assert left["first"].record == left["second"].record == record
    assert left["second"].changed == 0
    assert is_open(left["absent"], firewall)
    assert left["absent"].record is None


@pytest.mark.parametrize("case", sorted(CASES))
def test_check_mode_predicts_and_changes_nothing(runs: dict[str, dict[str, After]], case: str) -> None:
    left = runs[case]
    assert left["predicted"].changed == left["first"].changed
    assert left["predicted"].record is None
    assert left["predicted-absent"].changed == left["absent"].changed
    assert left["predicted-absent"].record == left["second"].record
    if not CASES[case].before:
        for file in ("runtime", "permanent", "ufw"):
            assert left["predicted"].state.get(file, []) == []
            assert left["predicted-absent"].state.get(file) == left["second"].state.get(file)


@pytest.mark.parametrize("firewall", sorted(FIREWALLS))
def test_another_port_takes_the_place_of_the_old_one(runs: dict[str, dict[str, After]], firewall: str) -> None:
    left = runs[f"{firewall}-port"]
    assert is_open(left["first"], firewall, "8080")
    assert is_open(left["second"], firewall, "8081")
    assert is_open(left["absent"], firewall)


def test_the_port_of_an_address_that_others_cannot_reach_any_more_is_closed(runs: dict[str, dict[str, After]]) -> None:
    left = runs["firewalld-loopback"]
    assert is_open(left["first"], "firewalld", "8080")
    assert is_open(left["second"], "firewalld")
    assert left["second"].record is None


@pytest.mark.parametrize("case", ["loopback", "firewalld-own", "ufw-own", "ufw-own-comment"])
def test_nothing_is_done_where_nothing_is_to_open(runs: dict[str, dict[str, After]], case: str) -> None:
    assert [after.changed for after in runs[case].values()] == [0] * len(RUNS)
    assert runs[case]["absent"].state == {**runs[case]["first"].state}


def test_another_default_zone_gets_the_port(runs: dict[str, dict[str, After]]) -> None:
    left = runs["firewalld-zone"]
    assert left["second"].state["permanent"] == left["second"].state["runtime"] == ["internal 8080/tcp"]
    assert left["absent"].state["permanent"] == left["absent"].state["runtime"] == []


def test_a_port_that_was_closed_by_hand_is_opened_again(runs: dict[str, dict[str, After]]) -> None:
    left = runs["firewalld-closed"]
    assert left["second"].changed == 1
    assert left["second"].state["runtime"] == ["public 8080/tcp"]


def test_a_rule_for_some_clients_does_not_count(runs: dict[str, dict[str, After]]) -> None:
    left = runs["ufw-part"]
    assert left["first"].state["ufw"] == [*left["predicted"].state["ufw"], "8080/tcp"]
    assert left["absent"].state["ufw"] == left["predicted"].state["ufw"]


def test_a_firewall_that_was_switched_off_keeps_no_port(runs: dict[str, dict[str, After]]) -> None:
    assert is_open(runs["ufw-off"]["second"], "ufw", "8080")
    assert is_open(runs["ufw-off"]["absent"], "ufw")
    assert runs["ufw-off"]["absent"].record is None


def test_a_host_without_an_active_firewall_gets_a_sentence(runs: dict[str, dict[str, After]]) -> None:
    left = runs["nothing"]
    assert [after.changed for after in left.values()] == [0] * len(RUNS)
    said = "ok: [nothing] => msg: localai_manage_firewall is true, but neither firewalld nor ufw is active"
    assert said in left["first"].output
    assert said not in left["absent"].output

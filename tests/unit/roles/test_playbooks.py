# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks run a role in its place that only says on which host it runs: batches, failures, confirmations."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

ROLE = """
- ansible.builtin.assert:
    that: inventory_hostname not in failing | default([])
- ansible.builtin.debug:
    msg: "done on {{ inventory_hostname }} in batch {{ ansible_play_batch | join('-') }}"
- ansible.builtin.set_fact:
    __localai_before_soak: "{{ {'unit': {}} if inventory_hostname in changing | default([]) else {'skipped': true} }}"
"""
SOAK = """
- ansible.builtin.debug:
    msg: "soaked {{ inventory_hostname }}"
- ansible.builtin.assert:
    that: inventory_hostname not in crashing | default([])
"""
PREFETCH = """
- ansible.builtin.debug:
    msg: "done on {{ inventory_hostname }} in batch {{ ansible_play_batch | join('-') }}, {{ localai_backends_state }}"
- ansible.builtin.assert:
    that: inventory_hostname not in failing | default([])
"""
BATCHED = ("provision.yml", "upgrade.yml")
HOSTS = {"north": ["n1", "n2"], "south": ["s1", "s2", "s3"]}


class Fleet:
    """Five hosts in two groups, which are this machine, and the playbooks."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._collection = work / "ansible_collections" / "localai" / "core"
        shutil.copytree(COLLECTION / "playbooks", self._collection / "playbooks")
        (self._collection / "meta").mkdir()
        shutil.copy(COLLECTION / "meta" / "runtime.yml", self._collection / "meta")
        tasks = self._collection / "roles" / "localai" / "tasks"
        tasks.mkdir(parents=True)
        for name, text in {"main": ROLE, "soak": SOAK, "prefetch": PREFETCH}.items():
            (tasks / f"{name}.yml").write_text(text)
        self.variables: dict[str, dict[str, Any]] = {"localai": {}, "north": {}, "south": {}}

    def run(self, playbook: str, *arguments: str, **extra: Any) -> str:
        """Run a playbook, and return what it prints, in one line."""
        groups = {
            name: {"hosts": {host: {} for host in hosts}, "vars": self.variables[name]} for name, hosts in HOSTS.items()
        }
        connection = {"ansible_connection": "local", "ansible_become": False}
        inventory = {"localai": {"children": groups, "vars": {**connection, **self.variables["localai"]}}}
        (self._work / "inventory.json").write_text(json.dumps(inventory))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ansible", "playbook", "--inventory", str(self._work / "inventory.json")),
                *(
                    str(self._collection / "playbooks" / f"{playbook}.yml"),
                    "--extra-vars",
                    json.dumps(extra),
                    *arguments,
                ),
            ],
            env=environment(self._work, self._work),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return re.sub(r"\s+", " ", done.stdout + done.stderr)

    def batches(self, playbook: str, *arguments: str, **extra: Any) -> list[str]:
        """Return the batches in which the role was done, in their order."""
        found = re.findall(r"done on (\S+) in batch (\S+)", self.run(playbook, *arguments, **extra))
        assert all(host in batch for host, batch in found)
        return list(dict.fromkeys(batch for _host, batch in found))

    def done(self, playbook: str, *arguments: str, **extra: Any) -> list[str]:
        """Return the hosts on which the role was done."""
        return sorted(re.findall(r"done on (\S+) in", self.run(playbook, *arguments, **extra)))


@pytest.fixture(name="fleet")
def _fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_provision_and_upgrade_have_the_same_batches() -> None:
    """The tests of batches run one of the two playbooks."""
    provision, upgrade = (yaml.safe_load((COLLECTION / "playbooks" / name).read_text()) for name in BATCHED)
    for play in (provision[1], upgrade[1]):
        del play["name"], play["roles"]
    assert provision == upgrade
    assert {"serial", "max_fail_percentage"} < provision[1].keys()


def test_one_host_after_the_other_is_the_default(fleet: Fleet) -> None:
    assert fleet.batches("provision") == ["n1", "n2", "s1", "s2", "s3"]


@pytest.mark.parametrize(
    ("value", "batches"),
    [
        ("1,2,100%", ["n1", "n2-s1", "s2-s3"]),
        pytest.param([1, "40%"], ["n1", "n2-s1", "s2-s3"], marks=pytest.mark.long),
        pytest.param(["1, 4"], ["n1", "n2-s1-s2-s3"], marks=pytest.mark.long),
    ],
)
def test_batches_from_the_command_line(fleet: Fleet, value: Any, batches: list[str]) -> None:
    assert fleet.batches("upgrade", localai_batch=value) == batches


@pytest.mark.parametrize("value", [2, pytest.param([2, 3], marks=pytest.mark.long)])
def test_batches_from_the_inventory(fleet: Fleet, value: Any) -> None:
    fleet.variables["localai"] = {"localai_batch": "{{ elsewhere }}", "elsewhere": value}
    assert fleet.batches("upgrade")[0] == "n1-n2"


def test_batches_from_the_inventory_when_its_first_hosts_are_left_out(fleet: Fleet) -> None:
    fleet.variables["localai"] = {"localai_batch": "2,100%"}
    assert fleet.batches("provision", "--limit", "south") == ["s1-s2", "s3"]


@pytest.mark.parametrize(
    "value", ["x", [1, 0], *(pytest.param(value, marks=pytest.mark.long) for value in ("1,,2", {"a": 1}))]
)
def test_what_is_no_batch_is_refused(fleet: Fleet, value: Any) -> None:
    said = fleet.run("provision", "--check", localai_batch=value)
    assert "Examples are 1, 25% and 1,5,25%" in said
    assert "done on" not in said


@pytest.mark.parametrize("limit", [[], ["--limit", "s1"]])
def test_hosts_that_do_not_agree_are_refused(fleet: Fleet, limit: list[str]) -> None:
    fleet.variables["north"] = {"localai_batch": 2}
    said = fleet.run("upgrade", *limit)
    assert "localai_batch must be the same for all hosts of the group localai, but there are 2 and 1" in said
    assert "done on" not in said


def test_the_first_batch_that_fails_is_the_last_one(fleet: Fleet) -> None:
    assert fleet.done("upgrade", localai_batch="1,2", failing=["s1"]) == ["n1"]


def test_check_mode_is_one_batch_and_goes_on(fleet: Fleet) -> None:
    assert fleet.batches("upgrade", "--check") == ["n1-n2-s1-s2-s3"]
    assert fleet.done("upgrade", "--check", localai_batch=1, failing=["n1", "s1", "s2"]) == ["n2", "s3"]


def test_the_hosts_that_were_changed_soak_before_the_next_batch(fleet: Fleet) -> None:
    said = fleet.run("upgrade", localai_batch="2,100%", changing=["n2", "s3"])
    # The hosts of a batch may be done in any order.
    done = re.findall("(?:soaked|done on) (..)", said)
    assert sorted(done[:3]) + sorted(done[3:]) == ["n1", "n2", "n2", "s1", "s2", "s3", "s3"]


def test_a_batch_that_does_not_stay_good_is_the_last_one(fleet: Fleet) -> None:
    changing: dict[str, Any] = {"changing": ["n1", "n2", "s1"], "crashing": ["n2"]}
    assert fleet.done("provision", localai_batch=2, **changing) == ["n1", "n2"]


def test_all_hosts_download_as_one_batch_and_a_failure_stops_no_other(fleet: Fleet) -> None:
    fleet.variables["localai"] = {"localai_batch": 1}
    assert fleet.batches("prefetch", failing=["n1"]) == ["n1-n2-s1-s2-s3,"]


def test_what_is_downloaded_is_what_the_upgrade_installs(fleet: Fleet) -> None:
    files = (COLLECTION / "playbooks" / f"{name}.yml" for name in ("prefetch", "upgrade"))
    prefetch, upgrade = (yaml.safe_load(file.read_text())[-1] for file in files)
    assert prefetch["tasks"][0]["vars"] == upgrade["roles"][0]["vars"]
    for key in ("hosts", "become", "environment", "module_defaults"):
        assert prefetch[key] == upgrade[key]
    pins = {"format": 1, "backends": [{"name": "piper"}]}
    assert ", latest" in fleet.run("prefetch", "--limit", "n1")
    assert ", present" in fleet.run("prefetch", "--limit", "n1", localai_pins=pins)


@pytest.mark.parametrize(
    ("limit", "hosts"),
    [
        ("n1, s3", ["n1", "s3"]),
        pytest.param("n1", ["n1"], marks=pytest.mark.long),
        pytest.param("n2:s1", ["n2", "s1"], marks=pytest.mark.long),
    ],
)
def test_a_removal_of_named_hosts_needs_no_confirmation(fleet: Fleet, limit: str, hosts: list[str]) -> None:
    assert fleet.done("remove", "--limit", limit) == hosts


@pytest.mark.parametrize(
    "limit", ["n*", "n1,north", *(pytest.param(limit, marks=pytest.mark.long) for limit in ("all:!n1", "localai[0]"))]
)
def test_a_removal_of_what_is_not_named_is_refused(fleet: Fleet, limit: str) -> None:
    said = fleet.run("remove", "--limit", limit)
    assert "set localai_confirm_remove to true. Nothing was changed." in said
    assert "done on" not in said


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_removal_of_all_hosts_has_to_be_confirmed(fleet: Fleet, arguments: list[str]) -> None:
    assert fleet.done("remove", *arguments, localai_confirm_remove="no") == []
    assert fleet.done("remove", *arguments, localai_confirm_remove="true") == ["n1", "n2", "s1", "s2", "s3"]

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the role drains a host, what ends a roll-out, and how many hosts fetch at the same time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

from .test_role_variables import ROLE, evaluate

ACTIVE: dict[str, Any] = {
    "__localai_host": {"unit": {"active_state": "active"}},
    "localai_drain_tasks": "/srv/drain.yml",
    "__localai_is_fresh_start": False,
    "__localai_changes": False,
}


def test_a_host_is_drained_only_if_its_running_service_will_change(tmp_path: Path) -> None:
    cases: dict[str, dict[str, Any]] = {
        "nothing": ACTIVE,
        "restart": {**ACTIVE, "__localai_is_fresh_start": True},
        "news": {**ACTIVE, "__localai_changes": True},
        "stop": {**ACTIVE, "localai_service_state": "stopped"},
        "only undrain": {
            **ACTIVE,
            "__localai_changes": True,
            "localai_drain_tasks": None,
            "localai_undrain_tasks": "/u",
        },
        "no tasks": {**ACTIVE, "__localai_changes": True, "localai_drain_tasks": ""},
        "drained": {**ACTIVE, "__localai_changes": True, "__localai_is_drained": True},
        "no service": {**ACTIVE, "__localai_changes": True, "localai_manage_service": False},
        "not running": {**ACTIVE, "__localai_changes": True, "__localai_host": {"unit": {"active_state": "failed"}}},
    }
    drained = evaluate(tmp_path, "__localai_may_drain | bool and __localai_will_change | bool", cases)
    assert [name for name, is_drained in drained.items() if is_drained] == ["restart", "news", "stop", "only undrain"]


def test_files_of_tasks_are_on_the_controller(tmp_path: Path) -> None:
    (tmp_path / "drain.yml").write_text("[]")
    right = str(tmp_path / "drain.yml")
    cases: dict[str, dict[str, Any]] = {
        "none": {},
        "null": {"localai_drain_tasks": None, "localai_undrain_tasks": ""},
        "right": {"localai_drain_tasks": right, "localai_undrain_tasks": right},
        "relative": {"localai_drain_tasks": "drain.yml"},
        "missing": {"localai_drain_tasks": right, "localai_undrain_tasks": "/not/there.yml"},
        "a directory": {"localai_undrain_tasks": str(tmp_path)},
    }
    assert evaluate(tmp_path, "__localai_wrong_task_files", cases) == {
        "none": [],
        "null": [],
        "right": [],
        "relative": ["localai_drain_tasks, drain.yml"],
        "missing": ["localai_undrain_tasks, /not/there.yml"],
        "a directory": [f"localai_undrain_tasks, {tmp_path}"],
    }


def test_a_service_stays_good_if_it_is_ready_in_the_same_process(tmp_path: Path) -> None:
    unit = {"started": "2026-11-30T20:00:00Z", "main_pid": 7, "active_state": "active"}
    before = {"ready": True, "unit": unit}
    later = {"started": "2026-11-30T20:05:00Z", "main_pid": 9, "active_state": "active"}
    cases: dict[str, dict[str, Any]] = {
        name: {"__localai_before_soak": before, "__localai_after_soak": after, "localai_soak_time": 60}
        for name, after in {
            "good": before,
            "restarted": {"ready": True, "unit": later},
            "another process": {"ready": True, "unit": {**unit, "main_pid": 8}},
            "gone": {"ready": False, "unit": {**unit, "started": None, "main_pid": None, "active_state": "failed"}},
        }.items()
    }
    cases["never ready"] = {**cases["good"], "__localai_before_soak": {"ready": False, "unit": unit}}
    found = {name: text[:95] for name, text in evaluate(tmp_path, "__localai_soak_failure", cases).items()}
    start = "The service did not stay good for 60 seconds: it "
    assert found["good"] == ""
    assert found["restarted"].startswith(f"{start}was restarted at 2026-11-30T20:05:00Z")
    assert found["another process"].startswith(f"{start}was restarted at")
    assert found["gone"].startswith(f"{start}is not ready any more, and its unit is failed")
    assert found["never ready"] != ""


FAKE = """#!/usr/bin/python
# WANT_JSON
import json, sys, time

arguments = json.load(open(sys.argv[1]))
for event in "begin", "end":
    with open(arguments["backends_path"], "a") as log:
        log.write("%s %f\\n" % (event, time.time()))
    time.sleep(1.5 if event == "begin" else 0)
print(json.dumps({"changed": False, "backends": [], "msg": "", "download_only": arguments["download_only"]}))
"""


def most_at_once(work: Path, **variables: Any) -> int:
    """Run the task for backends on four hosts, with a module that only takes time. Returns how many ran at once."""
    core, log = work / "ansible_collections" / "localai" / "core", work / "log"
    (core / "plugins" / "modules").mkdir(parents=True, exist_ok=True)
    (core / "plugins" / "modules" / "localai_backend.py").write_text(FAKE)
    for kind in "filter", "module_utils", "plugin_utils":
        if not (core / "plugins" / kind).exists():
            (core / "plugins" / kind).symlink_to(COLLECTION / "plugins" / kind)
    log.unlink(missing_ok=True)
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars_files": [str(ROLE / "defaults" / "main.yml"), *map(str, sorted(ROLE.glob("vars/main/*.yml")))],
        "tasks": [
            {
                "include_tasks": str(ROLE / "tasks" / "backends.yml"),
                "vars": {
                    "localai_backends": ["piper"],
                    "localai_backends_path": str(log),
                    "localai_backends_poll": 1,
                    "localai_manage_binary": False,
                    "__localai_host": {"python": {"libraries": {"requests": True, "yaml": True}}},
                    **variables,
                },
            }
        ],
    }
    (work / "play.json").write_text(json.dumps([play]))
    hosts = {f"h{number}": {"ansible_connection": "local"} for number in range(4)}
    interpreter = {"ansible_python_interpreter": sys.executable}
    (work / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": interpreter}}))
    command = [sys.executable, "-m", "ansible", "playbook", "--inventory", str(work / "hosts.json"), "--forks", "4"]
    done = subprocess.run(
        [*command, str(work / "play.json")],
        env=environment(work, work),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    moments = sorted((float(time), event) for event, time in (line.split() for line in log.read_text().splitlines()))
    assert len(moments) == 8
    running = [sum(1 if event == "begin" else -1 for _time, event in moments[:count]) for count in range(1, 9)]
    return max(running)


@pytest.mark.long
@pytest.mark.parametrize("timeout", [0, 60])
def test_so_many_hosts_fetch_at_the_same_time_and_no_more(tmp_path: Path, timeout: int) -> None:
    assert most_at_once(tmp_path, localai_backends_timeout=timeout, localai_fetch_throttle="{{ 2 - 1 }}") == 1
    assert most_at_once(tmp_path, localai_backends_timeout=timeout) > 2


def tasks_of(name: str) -> list[dict[str, Any]]:
    def flat(tasks: Any) -> list[dict[str, Any]]:
        inner = [flat(task[key]) for task in tasks for key in ("block", "rescue", "always") if key in task]
        return [*tasks, *(task for nested in inner for task in nested)]

    return flat(yaml.safe_load((ROLE / "tasks" / f"{name}.yml").read_text()))


def test_all_tasks_that_transfer_are_limited() -> None:
    throttled = {
        f"{name}: {task['name']}"
        for name in (path.stem for path in ROLE.glob("tasks/*.yml"))
        for task in tasks_of(name)
        if "throttle" in task
    }
    assert throttled == {
        "backends: Install, download or remove the backends",
        "binary: Copy the LocalAI binary from the controller",
        "download: Download the LocalAI binary",
        "models: Install or download the models",
    }


def test_a_download_never_includes_what_touches_the_service() -> None:
    text = (ROLE / "tasks" / "prefetch.yml").read_text()
    used = re.findall(r"(?:import|include)_tasks: (?:{file: )?([a-z_]+)\.yml", text)
    assert used == ["variables", "prepare", "binary", "plan_models", "backends", "models"]

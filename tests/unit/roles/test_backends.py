# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role installs backends in the background; what it registers is what the module returns."""

from __future__ import annotations

import fcntl
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.tests.support.local_host import LocalHost
from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

TASKS = COLLECTION / "roles" / "localai" / "tasks" / "backends.yml"


class Play:
    """The tasks of the role for backends, on this machine."""

    def __init__(self, work: Path, host: LocalHost) -> None:
        self.work = work
        self._host = host

    def run(self, *arguments: str, check_mode: bool = False, **variables: Any) -> tuple[dict[str, Any], str]:
        """Run the tasks; returns the registered result, and the output."""
        registered = self.work / "registered.json"
        content = "{{ __localai_backends_result | to_json }}"
        keep = {"copy": {"content": content, "dest": str(registered)}, "check_mode": False, "no_log": True}
        tasks = {"include_tasks": {"file": str(TASKS), "apply": {"check_mode": True} if check_mode else {}}}
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {
                **{f"localai_{name}": self._host.params[name] for name in ("backends_path", "backends_system_path")},
                "ansible_python_interpreter": sys.executable,
                "__localai_libraries_to_come": False,
                "__localai_listing_environment": {},
                "localai_backends": ["piper", "speech"],
                "localai_backends_state": "present",
                "localai_keep_previous": 1,
                "localai_backends_timeout": 60,
                "localai_backends_poll": 1,
                "localai_user": "{{ omit }}",
                "localai_group": "{{ omit }}",
                "__localai_backend_options": {
                    "galleries": self._host.params["galleries"],
                    "capability": self._host.params["capability"],
                },
                **variables,
            },
            "tasks": [{"block": [tasks], "always": [keep]}],
        }
        (self.work / "play.json").write_text(json.dumps([play]), encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ansible", "playbook", "--inventory", "localhost,", "--connection", "local"),
                *(str(self.work / "play.json"), *arguments),
            ],
            env=environment(self.work),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert registered.exists(), done.stdout + done.stderr
        result = json.loads(registered.read_text(encoding="utf-8"))
        registered.unlink()
        return result, done.stdout


@pytest.fixture(name="play")
def _play(tmp_path: Path) -> Play:
    return Play(tmp_path, LocalHost(tmp_path))


SAME = ("changed", "diff", "removed", "unload", "restart_required", "capability")


def test_the_registered_results_are_those_of_the_module(play: Play) -> None:
    in_task, _output = play.run(check_mode=True)
    check, output = play.run("--check", "--diff")
    assert "ASYNC" not in output
    real, output = play.run("--diff")
    assert "ASYNC OK on localhost" in output
    assert "+++ after: piper" in output
    assert "Installed piper and speech." in output
    again, _output = play.run()
    for key in SAME:
        assert in_task[key] == check[key] == real[key]
    assert [row["reason"] for row in check["backends"]] == [row["reason"] for row in real["backends"]]
    assert [row["action"] for row in real["backends"]] == ["install", "install"]
    assert (check["msg"], real["msg"]) == ("Would install piper and speech.", "Installed piper and speech.")
    assert (again["changed"], again["msg"]) == (False, "Nothing to change.")


def test_a_failure_has_its_message_and_its_warnings(play: Play) -> None:
    options = {"galleries": [{"name": "g", "url": str(play.work / "gallery.yaml")}], "capability": "cuda12"}
    result, output = play.run(localai_backends=["pipr", "wisper"], __localai_backend_options=options)
    assert result["failed"]
    assert result["msg"].startswith("pipr and wisper are in no gallery; looked in g (3 entries).")
    assert "LocalAI knows no capability 'cuda12'" in json.dumps(result["warnings"])
    assert "ASYNC FAILED on localhost" in output


def test_an_installation_that_takes_too_long_is_stopped(play: Play) -> None:
    lock = play.work / "backends" / ".localai-core" / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        result, _output = play.run(localai_backends_timeout=3)
    assert result["failed"]
    assert re.search("Timeout exceeded|did not complete within the requested time", result["msg"])

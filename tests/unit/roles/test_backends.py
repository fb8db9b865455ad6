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

ROLE = COLLECTION / "roles" / "localai"


class Play:
    """The tasks of the role for backends, on this machine, with the variables of the role."""

    def __init__(self, work: Path, host: LocalHost) -> None:
        self.work = work
        self.host = host

    def run(
        self, *arguments: str, tasks: str = "backends", check_mode: bool = False, **variables: Any
    ) -> tuple[dict[str, Any], str]:
        """Run tasks of the role; returns the registered results by their names, and the output."""
        registered = self.work / "registered.json"
        results = [f"__localai_{name}" for name in ("backends_result", "after_backends", "exclusive_result")]
        content = "{{ {" + ", ".join(f"'{name}': {name} | default({{}})" for name in results) + "} | to_json }}"
        keep = {"copy": {"content": content, "dest": str(registered)}, "check_mode": False, "no_log": True}
        include = {
            "include_tasks": {
                "file": str(ROLE / "tasks" / f"{tasks}.yml"),
                "apply": {"check_mode": True} if check_mode else {},
            },
            "vars": {
                **{f"localai_{name}": value for name, value in self.host.params.items()},
                "localai_backends": ["piper", "speech"],
                "localai_backends_timeout": 60,
                "localai_backends_poll": 1,
                "localai_manage_binary": False,
                "localai_user": "{{ omit }}",
                "localai_group": "{{ omit }}",
                "__localai_host": {"python": {"libraries": {"requests": True, "yaml": True}}},
                **variables,
            },
        }
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "vars_files": [
                str(ROLE / "defaults" / "main.yml"),
                *(str(file) for file in sorted(ROLE.glob("vars/main/*.yml"))),
            ],
            "tasks": [{"block": [include], "always": [keep]}],
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
        values = json.loads(registered.read_text(encoding="utf-8"))
        registered.unlink()
        return {name.replace("__localai_", ""): value for name, value in values.items()}, done.stdout + done.stderr


@pytest.fixture(name="play")
def _play(tmp_path: Path) -> Play:
    return Play(tmp_path, LocalHost(tmp_path))


SAME = ("changed", "diff", "removed", "unload", "restart_required", "capability")


@pytest.mark.long
def test_the_registered_results_are_those_of_the_module(play: Play) -> None:
    in_task, _output = play.run(check_mode=True)
    check, output = play.run("--check", "--diff")
    assert "ASYNC" not in output
    assert check["after_backends"].get("backends") is None
    real, output = play.run("--diff")
    assert "ASYNC OK on localhost" in output
    assert "+++ after: piper" in output
    assert "Installed piper and speech." in output
    assert [row["name"] for row in real["after_backends"]["backends"]] == ["piper", "speech"]
    again, _output = play.run()
    assert again["after_backends"].get("backends") is None
    of_task, of_check, of_run, of_next = (results["backends_result"] for results in (in_task, check, real, again))
    for key in SAME:
        assert of_task[key] == of_check[key] == of_run[key]
    assert [row["reason"] for row in of_check["backends"]] == [row["reason"] for row in of_run["backends"]]
    assert [row["action"] for row in of_run["backends"]] == ["install", "install"]
    assert (of_check["msg"], of_run["msg"]) == ("Would install piper and speech.", "Installed piper and speech.")
    assert (of_next["changed"], of_next["msg"]) == (False, "Nothing to change.")


@pytest.mark.long
def test_names_and_mappings_of_several_variables_are_one_call(play: Play) -> None:
    play.run(localai_backends=["whisper"])
    source = str(play.host.sources / "piper")
    results, _output = play.run(
        localai_backends=["speech", {"name": "whisper", "state": "absent"}],
        localai_backends__private=[{"name": "mine", "uri": source, "alias": "chat"}],
    )
    result = results["backends_result"]
    assert {row["name"]: row["action"] for row in result["backends"]} == {
        "speech": "install",
        "mine": "install",
        "whisper": "remove",
    }
    assert [row["name"] for row in results["after_backends"]["backends"]] == ["chat", "mine", "piper", "speech"]


@pytest.mark.long
def test_a_new_host_gives_no_warnings_in_check_mode(play: Play) -> None:
    new = {"localai_user": "not-there-yet", "localai_group": "not-there-yet"}
    deep = {"localai_backends_path": str(play.work / "not" / "there" / "backends")}
    results, output = play.run("--check", **new, **deep)
    assert results["backends_result"]["changed"]
    assert results["backends_result"].get("warnings", []) == []
    assert "WARNING" not in output
    results, output = play.run("--check", **new, **deep, localai_manage_account=False, localai_manage_directories=False)
    assert "this host has no 'not-there-yet' yet" in json.dumps(results["backends_result"]["warnings"])


def test_check_mode_says_that_backends_cannot_be_predicted_without_the_libraries(play: Play) -> None:
    libraries = {"requests": False, "yaml": True}
    missing = {"__localai_host": {"python": {"libraries": libraries}}, "__localai_libraries": {"changed": True}}
    results, output = play.run("--check", **missing)
    assert results["backends_result"]["skipped"]
    assert "Check mode cannot predict the backends of this host" in " ".join(output.split())


@pytest.mark.long
def test_what_is_not_declared_is_removed_by_a_later_call(play: Play) -> None:
    play.run(localai_backends=["whisper", "speech"])
    declared = {"localai_backends": [{"name": "speech", "state": "latest"}]}
    results, _output = play.run("--check", tasks="exclusive", **declared)
    predicted = results["exclusive_result"]
    results, output = play.run(tasks="exclusive", **declared)
    removed = results["exclusive_result"]
    assert (predicted["changed"], removed["changed"], removed["restart_required"]) == (True, True, True)
    assert predicted["removed"] == removed["removed"]
    assert [row["backend"] for row in removed["removed"]] == ["whisper"]
    assert [row["action"] for row in removed["backends"]] == ["none"]
    assert "Removed whisper." in output
    results, _output = play.run(tasks="exclusive", **declared)
    assert not results["exclusive_result"]["changed"]
    # In check mode, an installation that is only predicted is no removal.
    results, _output = play.run("--check", tasks="exclusive", localai_backends=["speech", "whisper"])
    assert not results["exclusive_result"]["changed"]


def test_a_failure_has_its_message_and_its_warnings(play: Play) -> None:
    results, output = play.run(localai_backends=["pipr", "wisper"], localai_capability="cuda12")
    result = results["backends_result"]
    assert result["failed"]
    assert result["msg"].startswith("pipr and wisper are in no gallery; looked in g (3 entries).")
    assert "LocalAI knows no capability 'cuda12'" in json.dumps(result["warnings"])
    assert "ASYNC FAILED on localhost" in output


@pytest.mark.long
def test_an_installation_that_takes_too_long_is_stopped(play: Play) -> None:
    lock = play.work / "backends" / ".localai-core" / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        results, _output = play.run(localai_backends_timeout=3)
    result = results["backends_result"]
    assert result["failed"]
    assert re.search("Timeout exceeded|did not complete within the requested time", result["msg"])

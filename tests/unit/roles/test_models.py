# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the role for models, on this machine: what they predict, do, and leave alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

ROLE = COLLECTION / "roles" / "localai"
TEMPLATE = "{{.Input}}\n{% if no %}"
# The tag !unsafe keeps Ansible from evaluating braces.
MODELS = """
localai_models:
  - name: mine
    files: []
    config:
      backend: llama
      template:
        chat: !unsafe "{{.Input}}\\n{% if no %}"
"""
PLAY = """
- hosts: localhost
  gather_facts: false
  vars_files: [FILES]
  tasks:
    - ansible.builtin.include_tasks: ROLE/tasks/plan_models.yml
    - ansible.builtin.include_tasks: ROLE/tasks/models.yml
    - ansible.builtin.debug:
        msg: "needed: {{ __localai_needed_backends | join(' ') }}"
"""


class Play:
    """The tasks, with the variables of the role, for a service that the role does not manage."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.models = work / "models"
        self.models.mkdir()
        self.variables: dict[str, Any] = {
            "ansible_python_interpreter": sys.executable,
            "localai_models_path": str(self.models),
            "localai_manage_service": False,
            "localai_models_timeout": 60,
            "localai_backends_poll": 1,
            "localai_user": str(os.getuid()),
            "localai_group": str(os.getgid()),
            "__localai_host": {"python": {"libraries": {"requests": True, "yaml": True}}},
        }
        (work / "models.yml").write_text(MODELS, encoding="utf-8")
        paths = [ROLE / "defaults" / "main.yml", *sorted(ROLE.glob("vars/main/*.yml")), work / "models.yml"]
        files = ", ".join(map(str, paths))
        (work / "play.yml").write_text(PLAY.replace("FILES", files).replace("ROLE", str(ROLE)), encoding="utf-8")

    def run(self, *arguments: str, **changes: Any) -> tuple[int, str]:
        """Run them; returns how many tasks changed something, and the output."""
        self.variables.update(changes)
        command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local"]
        done = subprocess.run(
            [*command, str(self.work / "play.yml"), "--extra-vars", json.dumps(self.variables), *arguments],
            env=environment(self.work),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        changed = re.search(r"changed=(\d+) .*failed=0", done.stdout)
        assert changed, done.stdout + done.stderr
        return int(changed[1]), done.stdout

    def config(self, name: str) -> Any:
        """The configuration of a model on the disk."""
        return yaml.safe_load((self.models / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.fixture(name="play")
def _play(tmp_path: Path) -> Play:
    return Play(tmp_path)


@pytest.mark.long
def test_a_model_is_predicted_installed_and_then_left_alone(play: Play) -> None:
    changed, output = play.run("--check", "--diff")
    assert (changed, "+name: mine" in output, list(play.models.iterdir())) == (1, True, [])
    assert "needed: llama-cpp" in output
    changed, output = play.run("--diff")
    assert (changed, output.count("+name: mine")) == (1, 1), "the prediction is no change of its own"
    assert play.config("mine")["template"]["chat"] == TEMPLATE
    assert play.run()[0] == play.run("--check")[0] == 0


@pytest.mark.long
def test_a_model_that_is_right_and_not_recorded_is_recorded(play: Play) -> None:
    play.run()
    record = next((play.models / ".localai-core").rglob("mine.json"))
    record.unlink()
    assert play.run("--check")[0] == 0
    assert not record.exists()
    assert (play.run()[0], record.exists()) == (0, True)


@pytest.mark.long
def test_models_are_removed_at_once_where_no_start_comes_after_it(play: Play) -> None:
    play.run()
    (play.models / "stranger.yaml").write_text("name: stranger\nbackend: x\n", encoding="utf-8")
    gone = [{"name": "mine", "state": "absent"}]
    changed, output = play.run("--check", localai_models=gone)
    assert (changed, "Would remove mine." in output) == (1, True)
    changed, output = play.run()
    assert (changed, "Removed mine." in output) == (1, True)
    assert sorted(path.name for path in play.models.glob("*.yaml")) == ["stranger.yaml"]
    assert play.run()[0] == 0

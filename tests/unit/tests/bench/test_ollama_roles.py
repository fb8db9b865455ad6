# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles for Ollama in turns with `localai_model`: a stand-in for Ollama, and made-up roles laid out as real ones."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.tests.bench import ollama_roles
from ansible_collections.localai.core.tests.bench.ollama import Ollama
from ansible_collections.localai.core.tests.bench.ollama_roles import Controller, Figures, Played, markdown, measure
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.model_world import ModelWorld

NAMES = ["model-0", "model-1"]
PULL = "{{ ollama_path_prefix }}/bin/ollama pull {{ item.name }}:latest"
PULL_MISSING = {
    "name": "Pull",
    "ansible.builtin.command": {"cmd": PULL, "creates": "{{ ollama_path_prefix }}/../models/{{ item.name }}:latest"},
    "loop": "{{ ollama_models }}",
}
PULL_ALL = {
    "name": "Pull models",
    "ansible.builtin.command": "ollama pull {{ item }}:latest",
    "loop": "{{ ollama_models }}",
}
ASK = {
    "name": "Pull",
    "ansible.builtin.uri": {
        "url": "http://{{ ollama_host }}:{{ ollama_port }}/api/pull",
        "method": "POST",
        "body_format": "json",
        "body": {"model": "{{ item.name }}:{{ item.tag }}"},
    },
    "loop": "{{ ollama_pull_models }}",
}


def role(top: Path, path: str, *tasks: dict[str, Any]) -> str:
    """Write a role with one file of tasks."""
    (top / path).parent.mkdir(parents=True)
    (top / path).write_text(json.dumps(tasks), encoding="utf-8")
    return str(top)


def test_the_program_and_the_interface_know_the_same_models(tmp_path):
    with Ollama(tmp_path) as ollama:
        program = str(ollama.prefix / "bin" / "ollama")
        subprocess.run([program, "pull", "--insecure", "one"], check=True, stdout=subprocess.DEVNULL)

        def post(path: str, method: str, name: str) -> None:
            request = urllib.request.Request(ollama.url + path, json.dumps({"model": name}).encode(), method=method)
            urllib.request.urlopen(request).close()

        post("/api/pull", "POST", "two")
        with urllib.request.urlopen(ollama.url + "/api/tags") as answer:
            assert [row["name"] for row in json.load(answer)["models"]] == ["one:latest", "two:latest"]
        post("/api/delete", "DELETE", "two:latest")
        rows = subprocess.run([program, "list"], check=True, capture_output=True, text=True).stdout.splitlines()
        assert [row.split()[0] for row in rows] == ["NAME", "one:latest"]
        subprocess.run([program, "rm", "one"], check=True)
        assert ollama.installed == []


@pytest.mark.long
def test_ways_are_measured_on_a_host_with_all_models_and_on_one_without_the_last(tmp_path):
    (tmp_path / "gallery").mkdir()
    (tmp_path / "ollama").mkdir()
    with FileServer() as files, Ollama(tmp_path / "ollama") as ollama:
        first = ollama_roles.eirikns(role(tmp_path / "a", "tasks/models.yaml", PULL_MISSING), ollama, NAMES)
        second = ollama_roles.beingtomgreen(
            role(tmp_path / "b", "tasks/configure-ollama-models.yml", ASK), ollama, NAMES
        )
        before = {"name": "Not to be run", "ansible.builtin.fail": {}}
        third = role(tmp_path / "c", "roles/ollama/tasks/main.yml", before, PULL_ALL)
        ways = [
            ollama_roles.empty(),
            ollama_roles.ours(ModelWorld(tmp_path / "gallery", files), tmp_path, len(NAMES)),
            first,
            second,
            ollama_roles.ygalblum(third, ollama, NAMES),
        ]
        figures = measure(ways, Controller(tmp_path, ollama.prefix / "bin"), rounds=1)
        assert ollama.installed == [f"{name}:latest" for name in NAMES]
    found = {
        name: (mine.calls, mine.converged[-1].changed, mine.predicted, mine.made) for name, mine in figures.items()
    }
    assert found == {
        "empty play": (0, 0, 0, 0),
        "localai_model": (1, 0, 1, 1),
        "eirikns": (2, 0, 1, 1),
        "BeingTomGreen": (2, 0, 0, 0),
        "ygalblum": (2, 1, 0, 1),
    }
    assert all(run.wall > 0 for mine in figures.values() for run in (*mine.converged, *mine.checked))


def test_a_ratio_is_that_of_one_round():
    ours = Figures([Played(1, 1), Played(4, 2)], [Played(1, 1), Played(1, 1)], 1, 1, 1)
    other = Figures([Played(3, 1), Played(4, 1, 1)], [Played(2, 1), Played(2, 1)], 7, 0, 1)
    rows = markdown({"localai_model": ours, "other": other}).splitlines()
    assert rows[3].replace(" ", "") == "|other|3.50|2.00|0.75|2.00|7|1|0|1|"

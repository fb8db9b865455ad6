# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that is to have some models: `localai_model` in turns with what roles for Ollama do for that.

    python -m ansible_collections.localai.core.tests.bench.ollama_roles --eirikns CLONE --beingtomgreen CLONE

The roles are not part of this collection. Clone those that you want to compare with; each is optional. They meet a
stand-in for Ollama (see `ollama`), and ours meets a local gallery, so no model is transferred over a network. The role
of BeingTomGreen needs the collection community.docker: give the directory that has it as `--collections`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Mapping

from ..support.files import FileServer
from ..support.model_world import ModelWorld
from ..support.playbook import environment
from .measure import cpu_of_children
from .ollama import Ollama
from .report import table

OURS = "localai_model"


@dataclass(frozen=True)
class Way:
    """A playbook that lets the host have all models, how to take away the last one, and whether all are there."""

    name: str
    play: Mapping[str, Any]
    lose_one: Callable[[], None] = lambda: None
    has_all: Callable[[], bool] = lambda: True
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Played:
    """What one run of a playbook took on the controller and on the host, and how many tasks changed something."""

    wall: float
    cpu: float
    changed: int = 0


@dataclass
class Figures:
    """What was measured for one way: its runs by round, and what they said."""

    converged: list[Played] = field(default_factory=list)
    checked: list[Played] = field(default_factory=list)
    calls: int = 0
    predicted: int = 0
    made: int = 0


class Controller:
    """Runs playbooks on this host, with nothing of the user's own settings."""

    def __init__(self, work: Path, path: Path, collections: str = "") -> None:
        """Programs in the directory `path` come first. `collections` has other collections than ours."""
        self._work = work
        own = environment(work)
        self._settings = {
            **own,
            "PATH": f"{path}{os.pathsep}{own['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(filter(None, [own["ANSIBLE_COLLECTIONS_PATH"], collections])),
        }

    def run(self, way: Way, *options: str) -> Played:
        """Run the playbook of a way, and insist that it works."""
        wall, cpu = time.perf_counter(), cpu_of_children()
        output = self._output(way, *options)
        wall, cpu = time.perf_counter() - wall, cpu_of_children() - cpu
        recap = re.search(r"changed=(\d+)", output)
        return Played(wall, cpu, int(recap[1]) if recap else 0)

    def module_calls(self, way: Way) -> int:
        """How often Ansible runs a module on the host."""
        return self._output(way, "-vvv").count("Using module file")

    def _output(self, way: Way, *options: str) -> str:
        playbook = self._work / "play.json"
        playbook.write_text(json.dumps([way.play]), encoding="utf-8")
        command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", str(playbook)]
        done = subprocess.run(
            [*command, *way.arguments, *options], check=False, env=self._settings, capture_output=True, text=True
        )
        if done.returncode != 0:
            sys.exit(f"{way.name}:\n{done.stdout}{done.stderr}")
        return done.stdout


def empty() -> Way:
    """A play without a task."""
    return Way("empty play", _play([]))


def ours(world: ModelWorld, work: Path, count: int) -> Way:
    """The module, with a model of the gallery for each name."""
    names = [f"model-{number}" for number in range(count)]
    for name in names:
        world.files.pages[f"/{name}.gguf"] = name.encode() * 1000
    world.publish([world.entry(name, f"{name}.gguf", name.encode() * 1000) for name in names])
    options = {"models_path": str(work / "models"), "galleries": [{"name": "bench", "url": str(world.index)}]}
    task = {"name": "Install the models", "localai.core.localai_model": {"name": names, **options}}
    last = [work / "models" / f"{names[-1]}.{suffix}" for suffix in ("yaml", "gguf")]
    return Way(OURS, _play([task]), lambda: _remove(*last), lambda: all(path.exists() for path in last))


def eirikns(clone: str, ollama: Ollama, names: list[str]) -> Way:
    """The part for models of eirikns/ansible-role-ollama."""
    models = [{"name": name, "state": "present"} for name in names]
    role = {"name": clone, "tasks_from": "models.yaml"}
    variables = {"ollama_path_prefix": str(ollama.prefix), "ollama_models": models}
    task = {"name": "Install the models", "ansible.builtin.include_role": role}
    return _for_ollama("eirikns", _play([task], variables), ollama, names)


def beingtomgreen(clone: str, ollama: Ollama, names: list[str]) -> Way:
    """The part for models of BeingTomGreen/ansible-role-ollama."""
    models = [{"name": name, "tag": "latest"} for name in names]
    role = {"name": clone, "tasks_from": "configure-ollama-models.yml"}
    variables = {"ollama_host": "127.0.0.1", "ollama_port": ollama.port, "ollama_pull_models": models}
    task = {"name": "Install the models", "ansible.builtin.include_role": role}
    return _for_ollama("BeingTomGreen", _play([task], variables), ollama, names)


def ygalblum(clone: str, ollama: Ollama, names: list[str]) -> Way:
    """The last task of the role in ygalblum/ansible-ollama-collection, which has models. Those before it need root."""
    play = {**_play([], {"ollama_models": names}), "roles": [f"{clone}/roles/ollama"]}
    return _for_ollama("ygalblum", play, ollama, names, "--start-at-task", "Pull models")


def _for_ollama(name: str, play: Mapping[str, Any], ollama: Ollama, names: list[str], *arguments: str) -> Way:
    models = [f"{each}:latest" for each in names]
    return Way(name, play, lambda: ollama.reset(models[:-1]), lambda: ollama.installed == sorted(models), arguments)


def measure(ways: list[Way], controller: Controller, rounds: int) -> dict[str, Figures]:
    """Let the ways take turns on a host that has all models, and then on one that lacks the last."""
    figures = {way.name: Figures() for way in ways}
    for way in ways:
        controller.run(way)
        figures[way.name].calls = controller.module_calls(way)
    for _round in range(rounds):
        for way in ways:
            mine = figures[way.name]
            mine.converged.append(controller.run(way))
            mine.checked.append(controller.run(way, "--check"))
            run, check = mine.converged[-1], mine.checked[-1]
            print(f"{way.name:16} {run.wall:6.2f} s, {run.cpu:5.2f} s CPU, --check {check.wall:6.2f} s", flush=True)
    for way in ways:
        way.lose_one()
        figures[way.name].predicted = controller.run(way, "--check").changed
        figures[way.name].made = controller.run(way).changed
        if not way.has_all():
            sys.exit(f"{way.name} did not install the model that was missing.")
    return figures


def markdown(figures: Mapping[str, Figures]) -> str:
    """A table, with times as ratios to ours in the same round."""
    heads = ["way", "seconds", "wall", "CPU", "wall, --check", "calls", "changed", "1 missing, --check", "1 missing"]
    base = figures[OURS]
    rows = []
    for name, mine in figures.items():
        times = (
            _ratio([run.wall for run in mine.converged], [run.wall for run in base.converged]),
            _ratio([run.cpu for run in mine.converged], [run.cpu for run in base.converged]),
            _ratio([run.wall for run in mine.checked], [run.wall for run in base.checked]),
        )
        counts = (mine.calls, mine.converged[-1].changed, mine.predicted, mine.made)
        seconds = statistics.median(run.wall for run in mine.converged)
        rows.append([name, f"{seconds:.2f}", *times, *map(str, counts)])
    return table(heads, rows)


def _ratio(ours: list[float], others: list[float]) -> str:
    return f"{statistics.median(one / other for one, other in zip(ours, others)):.2f}"


def _play(tasks: list[dict[str, Any]], variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    python = {"ansible_python_interpreter": sys.executable}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    return {**play, "vars": {**python, **(variables or {})}, "tasks": tasks}


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    roles = {"eirikns": eirikns, "beingtomgreen": beingtomgreen, "ygalblum": ygalblum}
    for name in roles:
        parser.add_argument(f"--{name}", metavar="CLONE", type=os.path.abspath)
    parser.add_argument("--collections", metavar="DIRECTORY", type=os.path.abspath, default="")
    parser.add_argument("--models", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="localai-roles-") as directory, FileServer() as files:
        work = Path(directory)
        (work / "gallery").mkdir()
        (work / "ollama").mkdir()
        with Ollama(work / "ollama") as ollama:
            names = [f"model-{number}" for number in range(options.models)]
            ollama.reset([f"{name}:latest" for name in names])
            ways = [empty(), ours(ModelWorld(work / "gallery", files), work, options.models)]
            ways += [role(clone, ollama, names) for name, role in roles.items() if (clone := getattr(options, name))]
            controller = Controller(work, ollama.prefix / "bin", options.collections)
            figures = measure(ways, controller, options.rounds)
    print(f"\n{options.models} models, {options.rounds} rounds, medians:\n\n{markdown(figures)}")


if __name__ == "__main__":
    main()

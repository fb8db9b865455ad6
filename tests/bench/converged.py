# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a task with 20 names takes that has nothing to do, on one host and on many, and what it asks of servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Mapping

from ..support.backends import backend_image
from ..support.files import FileServer
from ..support.playbook import COLLECTIONS, environment
from ..support.push import Pusher, Target
from .variants import OTHER_STATE

_REPOSITORY = "bench/small"
_NAMES = [f"backend-{number}" for number in range(20)]
HOSTS = [f"host-{number}" for number in range(int(os.environ.get("BENCH_HOSTS", "40")))]


@dataclass(frozen=True)
class Converged:
    """Seconds by round of a play without tasks and of one with the task, and the requests of all these tasks.

    `fleet` has the seconds of the task on all hosts with local connections, five at a time as is Ansible's default, and
    `stat` those of `ansible.builtin.stat` on one file there. `other` has the seconds of the task with the other state
    of the collection, if there is one.
    """

    empty: list[float]
    task: list[float]
    fleet: list[float]
    stat: list[float]
    requests: int
    other: list[float] = field(default_factory=list)


def converged(registry: Mapping[str, Any], log: Path, work: Path, rounds: int) -> Converged:
    """Install 20 backends, and then time the task that finds all of them there; `log` is the registry's."""
    Pusher(Target(registry["host"], plain_http=True)).push(_REPOSITORY, "1", backend_image())
    uri = f"{registry['host']}/{_REPOSITORY}:1"
    gallery = json.dumps([{"name": name, "uri": uri} for name in _NAMES])  # JSON is YAML
    with FileServer({"/index.yaml": gallery.encode()}) as files:
        task = {
            "name": "Nothing to do",
            "localai.core.localai_backend": {
                "name": _NAMES,
                "backends_path": str(work / "backends"),
                "backends_system_path": str(work / "system"),
                "galleries": [{"name": "bench", "url": f"{files.url}/index.yaml"}],
                "capability": "default",
            },
        }
        stat = {"name": "Something small", "ansible.builtin.stat": {"path": sys.executable}}
        empty, full = _playbook(work / "empty.yml", []), _playbook(work / "task.yml", [task])
        fleet, small = _playbook(work / "fleet.yml", [task], "all"), _playbook(work / "stat.yml", [stat], "all")
        states = [COLLECTIONS, *([OTHER_STATE] if OTHER_STATE else [])]
        for state in states:  # the first run installs, and may be the one that compiles
            _play(full, work, state)
        before = len(files.requests) + _requests(log)
        times = Converged([], [], [], [], 0)
        for _round in range(rounds):
            times.empty.append(_play(empty, work))
            for state, seconds in zip(states, (times.task, times.other)):
                seconds.append(_play(full, work, state))
            times.stat.append(_play(small, work))
            times.fleet.append(_play(fleet, work))
        return replace(times, requests=len(files.requests) + _requests(log) - before)


def _playbook(path: Path, tasks: list[dict[str, Any]], hosts: str = "localhost") -> Path:
    # Ansible would look for an interpreter on all hosts but localhost.
    python = {"ansible_python_interpreter": sys.executable}
    play = {"hosts": hosts, "connection": "local", "gather_facts": False, "vars": python, "tasks": tasks}
    path.write_text(json.dumps([play]), encoding="utf-8")
    return path


def _play(playbook: Path, work: Path, collections: Path = COLLECTIONS) -> float:
    """Run a playbook with the collection below a directory; returns the seconds that it took."""
    command = [sys.executable, "-m", "ansible", "playbook", "-i", ",".join(HOSTS), str(playbook)]
    start = time.perf_counter()
    done = subprocess.run(command, check=False, env=environment(work, collections), capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return seconds


def _requests(log: Path) -> int:
    """The requests that the registry has answered so far."""
    return log.read_text(encoding="utf-8", errors="replace").count("response completed")

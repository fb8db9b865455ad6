# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether runs at once on one backends path or models path end as if they had come one after the other.

Each notes when it got the lock. In the order of these moments they are run again on another path, where each has to say
the same, and all has to end the same. A run that changed nothing has to have nothing to do at one of the moments at
which it may have looked.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Callable, Iterator, Protocol, Sequence
from unittest import mock

from ansible_collections.localai.core.plugins.module_utils._module import execute
from ansible_collections.localai.core.plugins.module_utils._module.models import execute as model_execute
from ansible_collections.localai.core.plugins.module_utils._store import store
from ansible_collections.localai.core.plugins.modules import localai_backend_info

from ..support.host import snapshot, temporary_directory
from ..support.module import run_module
from . import model_scenarios
from .model_state import ModelState
from .scenarios import Options, Sources, begin, carry_out
from .state import State, leftovers
from .strace import started

_LONGEST_PLAN = 0.5  # seconds
_SAID = ("failed", "changed", "removed", "unload", "restart_required", "diff")


class CarryOut(Protocol):
    """Runs a module on a path; returns what it says."""

    def __call__(self, task: Options, path: Path, *, check: bool = False) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Subject:
    """What runs at once: how a task is carried out, and what is on a path then.

    `may_fail` is found in the message of a run that is refused because of what another one did.
    """

    name: str
    carry_out: CarryOut
    state: Callable[[Path], object]
    may_fail: str = ""


def _on_backends(task: Options, path: Path, *, check: bool = False) -> dict[str, Any]:
    return carry_out(task, path, check=check)


def _on_models(task: Options, path: Path, *, check: bool = False) -> dict[str, Any]:
    return model_scenarios.carry_out(task, path, check)


BACKENDS = Subject("backends", _on_backends, lambda path: State.of(path, {"capability": "default"}))
MODELS = Subject("models", _on_models, ModelState.of, "needs another content of it")


@dataclass(frozen=True)
class Run:
    """One of the runs at once: when it began, got the lock for the last time (0: never) and ended, and what it said."""

    task: Options
    began: float
    locked: float
    ended: float
    result: dict[str, Any]


def model_tasks(sources: model_scenarios.ModelSources) -> list[Options]:
    """Ten tasks that are in each other's way, also by files that several models share."""
    run = sources.options
    own = {"config": {"backend": "whisper", "parameters": {"model": "shared.gguf"}}}
    other_content = [{"filename": "shared.gguf", "uri": sources.file("1", "b.gguf")}]
    wanted = [
        run("1", "pair", "renamed"),
        run("2", "pair", "renamed", state="latest"),
        run("1", "renamed", state="absent"),
        run("1", "sharing"),
        run("1", "sharing", state="absent", prune=True),
        run("2", "mine", **own, files=other_content),
        run("2", "renamed", "other", exclusive=True, state="latest"),
        run("1", "pair", config={"context_size": 7}),
        run("1", "pair", force=True),
        run("1", "renamed", "other", mode="0600"),
    ]
    return [{**task, "lock_timeout": 120} for task in wanted]


def tasks(sources: Sources, path: Path) -> list[Options]:
    """Ten tasks that are in each other's way; a set of pins is made of what is installed in `path`."""
    run = sources.options
    paths = {"backends_path": str(path), "backends_system_path": str(path.with_name("system"))}
    pins = run_module(localai_backend_info.main, {**run("1", "piper", pins=True), **paths})["pins"]
    wanted = [
        run("1", "piper", "speech"),
        run("2", "piper", "speech", state="latest", keep_previous=1),
        run("1", "piper", state="absent"),
        run("2", "other", "piper", exclusive=True),
        run("2", "piper", pins=pins, keep_previous=2),
        run("3", "speech", state="latest", capability="nvidia", keep_previous=1),
        run("1", "speech", state="absent"),
        run("3", "cpu-speech", force=True),
        run("3", "piper", state="latest", keep_previous=2),
        run("1", "piper", "other", directory_mode="0750"),
    ]
    return [{**task, "lock_timeout": 120} for task in wanted]


def said(result: dict[str, Any], path: Path) -> object:
    """What a run on any path says if it does the same."""
    text = json.dumps([result.get(key) for key in (*_SAID, "reload_required")])
    return json.loads(text.replace(str(path), "PATH"))


def at_once(subject: Subject, wanted: Sequence[Options], path: Path) -> list[Run]:
    """Carry out tasks, each in its own process, all from the same moment on.

    None takes the lock before all have planned, so that the plans of all but one are outdated.
    """
    barrier = multiprocessing.get_context("fork").Barrier(len(wanted))
    notes = [path.with_name(f"{number}.json") for number in range(len(wanted))]
    works = [functools.partial(_note, subject, task, path, note, barrier) for task, note in zip(wanted, notes)]
    children = [started(work) for work in works]
    for child in children:
        os.kill(child, signal.SIGCONT)
    for child in children:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code == 0, f"a run ended with {code}"
    return [Run(task, **json.loads(note.read_text(encoding="utf-8"))) for task, note in zip(wanted, notes)]


def _note(subject: Subject, task: Options, path: Path, note: Path, barrier: Barrier) -> None:
    moments = {"began": time.monotonic(), "locked": 0.0}

    def wait_for_others() -> None:
        # Those that have nothing to do never come.
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(_LONGEST_PLAN)

    with _when_locked(lambda: moments.update(locked=time.monotonic()), wait_for_others):
        result = subject.carry_out(task, path)
    note.write_text(json.dumps({**moments, "ended": time.monotonic(), "result": result}), encoding="utf-8")


@contextlib.contextmanager
def _when_locked(act: Callable[[], object], act_before: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Do something in this process whenever a run is about to take the lock, and whenever it has got it."""
    open_store = store.open_store

    @contextlib.contextmanager
    def watched(*arguments: Any) -> Iterator[store.Store]:
        act_before()
        with open_store(*arguments) as opened:
            act()
            yield opened

    with mock.patch.object(execute, "open_store", watched), mock.patch.object(model_execute, "open_store", watched):
        yield


def faults(subject: Subject, runs: Sequence[Run], path: Path, again: Path) -> Iterator[str]:
    """What shows that the runs on `path` did not come one after the other, as they do now on the path `again`."""
    for run in runs:
        if run.result["failed"] and not _is_refused(subject, run):
            yield f"{_told(run)} fails: {run.result['msg']}"
    writers = sorted((run for run in runs if run.result["changed"]), key=lambda run: run.locked)
    idle = [run for run in runs if not run.result["changed"]]
    for count in range(len(writers) + 1):
        # Those that had something to do are gone at the moments that count.
        idle = [run for run in idle if not (_may_see(run, count, writers) and _is_idle(subject, run, again))]
        if count < len(writers):
            alone = said(subject.carry_out(writers[count].task, again), again)
            if alone != said(writers[count].result, path):
                yield f"{_told(writers[count])} says {said(writers[count].result, path)}, and when it is alone {alone}"
    yield from (f"{_told(run)} changed nothing, and had something to do all the time" for run in idle)
    if subject.state(path) != subject.state(again):
        yield "the end is not that of the same runs one after the other"
    yield from (f"{left} is left" for left in leftovers(path))


def _may_see(run: Run, count: int, writers: Sequence[Run]) -> bool:
    """Whether a run may have looked when the first `count` writers were done, and no other."""
    done = sum(writer.ended < run.began for writer in writers)
    begun = sum(writer.locked < run.ended for writer in writers)
    return done <= count <= begun


def _is_refused(subject: Subject, run: Run) -> bool:
    """Whether a run is refused because of what another one did."""
    return bool(subject.may_fail) and subject.may_fail in run.result["msg"]


def _is_idle(subject: Subject, run: Run, path: Path) -> bool:
    """Whether a run would do on a path what it did: nothing, or be refused."""
    result = subject.carry_out(run.task, path, check=True)
    return bool(result["failed"] == run.result["failed"] and not result["changed"])


def _told(run: Run) -> str:
    more = [f"{key}={run.task[key]}" for key in ("state", "config", "exclusive", "prune", "force") if key in run.task]
    return f"the run for {', '.join(run.task['name'])} ({', '.join(more)})"


def lock_faults(subject: Subject, path: Path, task: Options) -> Iterator[str]:
    """What is wrong with the lock, when a run holds it and never goes on, and when that is dead."""
    holder = started(lambda: _stop_when_locked(subject, task, path))
    os.kill(holder, signal.SIGCONT)
    os.waitpid(holder, os.WUNTRACED)
    refused = subject.carry_out({**task, "lock_timeout": 1}, path)
    if not refused["failed"] or f"another run (pid {holder} on " not in refused["msg"]:
        yield f"a lock that is held gives {refused.get('msg')!r}"
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    freed = subject.carry_out({**task, "lock_timeout": 0}, path)
    if freed["failed"]:
        yield f"the lock of a dead run is in the way: {freed['msg']}"


def _stop_when_locked(subject: Subject, task: Options, path: Path) -> None:
    with _when_locked(lambda: os.kill(os.getpid(), signal.SIGSTOP)):
        subject.carry_out(task, path)


def main() -> None:
    """Run pairs and tens, and count; whatever is wrong is printed and ends in a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take each how many of the pairs")
    parser.add_argument("--tens", type=int, default=20, help="how often all ten run at once")
    options = parser.parse_args()
    wrong: list[str] = []
    with temporary_directory() as top:
        sources = Sources(top / "sources")
        template = top / "template" / "backends"
        begin([sources.options("1", "piper", "speech")], sources, template)
        wanted = tasks(sources, template)
        wrong += _wrong(BACKENDS, wanted, template, options)
        wrong += lock_faults(BACKENDS, template, {**wanted[1], "force": True})
    with temporary_directory() as top, model_scenarios.model_sources(top / "sources") as models:
        template = top / "template" / "models"
        first = model_scenarios.ModelScenario("", [models.options("1", "pair", "renamed")], {})
        model_scenarios.begin(first, models, template)
        wanted = model_tasks(models)
        wrong += _wrong(MODELS, wanted, template, options)
        wrong += lock_faults(MODELS, template, {**wanted[1], "force": True})
    print("".join(f"{fault}\n" for fault in wrong), end="")
    pairs = len(list(itertools.combinations(wanted, 2))[:: options.every])
    print(f"runs at once, for backends and for models: {pairs} pairs and {options.tens} times ten, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


def _wrong(subject: Subject, wanted: Sequence[Options], template: Path, options: argparse.Namespace) -> Iterator[str]:
    """Run pairs and tens of tasks on copies of a template; yields what is wrong."""
    top, name = template.parent.parent, template.name
    pairs = list(itertools.combinations(wanted, 2))[:: options.every]
    for number, chosen in enumerate([*pairs, *[wanted] * options.tens]):
        place, again = (top / f"{number}" / kind / name for kind in ("at-once", "again"))
        for copy in (place, again):
            copy.parent.mkdir(parents=True)
            subprocess.run(["cp", "-a", str(template), str(copy)], check=True)
        yield from faults(subject, at_once(subject, chosen, place), place, again)
        young = "piper.install-tmp"
        if (template / young).exists() and snapshot(place / young) != snapshot(template / young):
            yield f"{young}, which LocalAI is just making, was touched"


if __name__ == "__main__":
    main()

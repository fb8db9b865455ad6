# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a backends path or a models path is sound wherever a run dies, by a kill or by a loss of power.

What a run changes on disk, it changes by calls, so it is killed right before each of them, or before a share of them
and right after each rename. The next two runs are killed as well, somewhere; only the one after them goes on to its
end. For a loss of power, it is killed on a file system of its own; what counts then is what had been written to its
device.
"""

from __future__ import annotations

import argparse
import functools
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Protocol, Sequence

from ..support.host import IS_ROOT, temporary_directory
from . import ext4, kill, model_scenarios, strace
from .model_state import ModelJudge, ModelState
from .scenarios import Scenario, Sources, begin
from .state import Judge, State

# How many moments the next runs may go on, if nobody kills them before: it differs from point to point.
_NEXT_RUNS = (40, 150)
_MANAGED = "managed"
_UNCOMMITTED = 4  # one of so many losses of power finds a journal that nobody has written


class AnyScenario(Protocol):
    """One run; see `scenarios` and `model_scenarios`."""

    def carry_out(self, path: Path) -> dict[str, Any]:
        """Run it on a managed directory; returns what the module says."""


class AnyJudge(Protocol):
    """Knows what must be true of a managed directory; see `state` and `model_state`."""

    @property
    def scenario(self) -> AnyScenario: ...

    def now(self, path: Path) -> Iterator[str]:
        """What is wrong with what LocalAI sees at this moment."""

    def faults(self, path: Path) -> list[str]:
        """What is wrong where the run was killed, and then with the next run."""

    def is_gap(self, path: Path) -> bool:
        """Whether something is out of sight until the next run."""

    def is_done(self, path: Path) -> bool:
        """Whether all is as it is after the run."""


@dataclass(frozen=True)
class Plan:
    """A scenario under its name; `begin` makes what it begins with.

    `judge` takes the template and the directory after the run.
    """

    name: str
    scenario: AnyScenario
    begin: Callable[[Path], None]
    judge: Callable[[Path, Path], AnyJudge]


def backend_plans(sources: Sources) -> Iterator[Plan]:
    """All scenarios for backends."""
    for scenario in sources.scenarios():

        def judge(template: Path, done: Path, scenario: Scenario = scenario) -> AnyJudge:
            return Judge(scenario, template, *(State.of(place, scenario.task) for place in (template, done)))

        yield Plan(scenario.name, scenario, functools.partial(begin, scenario.before, sources), judge)


def model_plans(sources: model_scenarios.ModelSources) -> Iterator[Plan]:
    """All scenarios for models."""
    for scenario in sources.scenarios():

        def judge(template: Path, done: Path, scenario: model_scenarios.ModelScenario = scenario) -> AnyJudge:
            return ModelJudge(scenario, template, *(ModelState.of(place) for place in (template, done)))

        yield Plan(scenario.name, scenario, functools.partial(model_scenarios.begin, scenario, sources), judge)


def prepare(plan: Plan, top: Path) -> tuple[AnyJudge, list[strace.Call]]:
    """Make what a scenario begins with, below `template`, and run it without any accident."""
    template, done = top / "template", top / "done"
    plan.begin(template / _MANAGED)
    _copy(template, done)
    calls = strace.calls(lambda: _run(plan.scenario, done), top / "log")
    return plan.judge(template / _MANAGED, done / _MANAGED), calls


def chosen(calls: Sequence[strace.Call], every: int, every_rename: int = 1) -> list[strace.Call]:
    """Each `every`-th call, and those right after each `every_rename`-th rename."""
    after = [number + 1 for number, call in enumerate(calls[:-1]) if call.moves][::every_rename]
    return [calls[number] for number in sorted({*range(0, len(calls), every), *after})]


def kills(judge: AnyJudge, points: Sequence[strace.Call], top: Path, counts: Counter[str]) -> Iterator[str]:
    """Kill the run at each point, in a copy of what it begins with; yields what is wrong then."""
    place = top / "killed"
    for number, point in enumerate(points):
        _copy(top / "template", place)
        assert strace.killed_at(lambda: _run(judge.scenario, place), point), f"the run never came to {point}"
        faults = list(judge.now(place / _MANAGED))
        for most in _NEXT_RUNS:
            counts["again"] += kill.killed_at(lambda: _run(judge.scenario, place), 1 + number * 7 % most)
        faults += _judged(judge, place / _MANAGED, counts)
        yield from (f"killed before {point}: {fault}" for fault in faults)


def cuts(judge: AnyJudge, points: Sequence[strace.Call], top: Path, counts: Counter[str]) -> Iterator[str]:
    """Let the power fail at each point and after the end; yields what is wrong with what is on the device then."""
    ext4.make(top / "before", top / "template")
    for number, point in enumerate(points):
        _cut(judge.scenario, point, top, number % _UNCOMMITTED > 0)
        with ext4.mounted(top / "disk") as place:
            faults = _judged(judge, place / _MANAGED, counts)
        yield from (f"power lost before {point}: {fault}" for fault in faults)
    _cut(judge.scenario, None, top, False)
    with ext4.mounted(top / "disk") as place:
        counts["points"] += 1
        if not judge.is_done(place / _MANAGED):
            counts["wrong"] += 1
            yield "power lost after the end: what was reported is not there"


def _judged(judge: AnyJudge, path: Path, counts: Counter[str]) -> list[str]:
    """What is wrong with a backends path, counted."""
    counts["points"] += 1
    counts["gaps"] += judge.is_gap(path)
    faults = judge.faults(path)
    counts["wrong"] += bool(faults)
    return faults


def _cut(scenario: AnyScenario, point: strace.Call | None, top: Path, commit: bool) -> None:
    """Run up to a point, or to the end, and let the file system lose its power then."""
    ext4.copy(top / "before", top / "disk")
    with ext4.mounted(top / "disk") as place:
        if point is None:
            strace.finished(lambda: _run(scenario, place))
        else:
            assert strace.killed_at(lambda: _run(scenario, place), point), f"the run never came to {point}"
        if commit:
            ext4.commit(place)
        ext4.lose_power(place)


def _run(scenario: AnyScenario, top: Path) -> None:
    result = scenario.carry_out(top / _MANAGED)
    assert not result["failed"], result["msg"]


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["rm", "-rf", str(target)], check=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def no_traces() -> str:
    """Why no process can be traced here; nothing if it can."""
    try:
        strace.check()
    except (OSError, strace.Untraceable) as e:
        return f"strace cannot trace here ({e})"
    return ""


def no_cuts() -> str:
    """Why no power can be lost here; nothing if it can."""
    if not IS_ROOT:
        return "only root can mount file systems"
    try:
        with temporary_directory() as top:
            (top / "content").mkdir()
            ext4.make(top / "image", top / "content")
            with ext4.mounted(top / "image"):
                return ""
    except OSError as e:
        return f"no file system can be mounted here ({e})"


def main() -> None:
    """Kill, cut, and count; whatever is wrong is printed and ends in a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="kill at each so many calls, and right after each rename")
    parser.add_argument("--cut-every", type=int, default=1, help="lose the power at each so many of these points")
    parser.add_argument("--every-rename", type=int, default=1, help="of these, only each so many")
    parser.add_argument("--scenarios", default="", help="only those that this regular expression finds")
    options = parser.parse_args()
    why = no_traces()
    if why:
        print(f"Left out, because {why}: crash points and losses of power.")
        return
    why = no_cuts()
    killed, cut = Counter[str](), Counter[str]()
    with temporary_directory() as path, model_scenarios.model_sources(path / "models") as models:
        plans = [*backend_plans(Sources(path / "sources")), *model_plans(models)]
        for plan in plans:
            if not re.search(options.scenarios, plan.name):
                continue
            top = path / plan.name.replace(" ", "-")
            judge, calls = prepare(plan, top)
            points = chosen(calls, options.every, options.every_rename)
            faults = [*kills(judge, points, top, killed)]
            if not why:
                faults += cuts(judge, points[:: options.cut_every], top, cut)
            print(f"{plan.name}: changes the disk by {len(calls)} calls", flush=True)
            print("".join(f"  {fault}\n" for fault in faults), end="", flush=True)
    print(f"crash points: {killed['points']} killed, and {killed['again']} of the next runs too, {_verdict(killed)}")
    if why:
        print(f"Left out, because {why}: losses of power.")
    else:
        print(f"losses of power: {cut['points']} cut, {_verdict(cut)}")
    sys.exit(1 if killed["wrong"] or cut["wrong"] else 0)


def _verdict(counts: Counter[str]) -> str:
    gap = "with a backend out of sight until the next run, for want of a rename that exchanges"
    return f"{counts['wrong']} wrong, {counts['gaps']} {gap}"


if __name__ == "__main__":
    main()

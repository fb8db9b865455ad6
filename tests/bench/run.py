# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make bench`: our install against other ways to get the same from the same server into a directory.

The variants take turns, round by round, so that whatever else the machine does meets all of them. BENCH_ROUNDS,
BENCH_DIR, BENCH_SCALE, BENCH_HOSTS and BENCH_ONLY change how often, where, how much, and which of the cases.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import time
from dataclasses import asdict
from pathlib import Path
from typing import Iterator

from ..support.docker_registry import docker_registry
from .cases import Case, selected
from .converged import converged
from .lines import running
from .materials import Materials
from .measure import Run, measure
from .report import Report
from .served import Served
from .volume import memory, volume


def main() -> None:
    """Measure, and write `results.json` and `results.md` into the directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", type=Path, required=True, help="the program docker-registry")
    parser.add_argument("--directory", type=Path, required=True, help="for images and results")
    options = parser.parse_args()
    rounds, scale = int(os.environ.get("BENCH_ROUNDS", "5")), float(os.environ.get("BENCH_SCALE", "1"))
    cases, with_plays = selected(os.environ.get("BENCH_ONLY", ""))
    for variant in dict.fromkeys(variant for case in cases for variant in case.variants):
        if variant.missing:
            print(f"Left out, because there is no {' and no '.join(variant.missing)}: {variant.name}.")
    directory = options.directory.resolve()
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(docker_registry(options.registry, directory / "registry"))
        work = stack.enter_context(volume(directory, os.environ.get("BENCH_DIR", "")))
        materials = Materials(directory, registry["host"], scale)
        things = [case.made(materials) for case in cases]
        runs = [run for case, thing in zip(cases, things) for run in _runs(case, thing, materials, rounds, work)]
        log = directory / "registry" / "registry.log"
        plays = converged(registry, log, work, rounds) if with_plays else None
    report = Report(runs, plays)
    results = {
        "machine": {"cpus": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()},
        "rounds": rounds,
        "scale": scale,
        "seconds": round(time.monotonic() - start),
        "served": {case.name: asdict(thing) for case, thing in zip(cases, things)},
        "runs": [asdict(run) for run in runs],
        "plays": asdict(plays) if plays else None,
        "goals": [{**asdict(goal), "met": goal.met} for goal in report.goals()],
    }
    directory.joinpath("results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    directory.joinpath("results.md").write_text(report.markdown(), encoding="utf-8")
    print(f"\nMedians; ratios are to the first variant of a case.\n\n{report.markdown()}")
    print(f"Also in {directory}: results.json, results.md. It took {results['seconds']} s.")


def _runs(case: Case, thing: Served, materials: Materials, rounds: int, work: Path) -> Iterator[Run]:
    """The runs of all rounds of a case."""
    variants = [variant for variant in case.variants if not variant.missing]
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(_served(case, thing, materials))
        if case.in_memory:
            work = stack.enter_context(memory(thing.size, otherwise=work))
        for number in range(1, case.rounds(rounds) + 1):
            for variant in variants:
                yield _told(measure(case.name, variant, served, number, work))


@contextlib.contextmanager
def _served(case: Case, thing: Served, materials: Materials) -> Iterator[Served]:
    """What is fetched, at the server of a case."""
    if case.line is None:
        yield thing
        return
    state = materials.files.with_name("line.json")
    with running(case.line, materials.files, materials.storage, state) as host:
        yield thing.at(host)


def _told(run: Run) -> Run:
    """The same run, after a line about it."""
    figures = f"{run.wall:7.2f} s {run.cpu:7.2f} s CPU {run.memory / 1e6:5.0f} MB {run.disk / 1e6:6.0f} MB on disk"
    print(f"{run.case:16} round {run.round}  {run.variant:20} {figures}", flush=True)
    return run


if __name__ == "__main__":
    main()

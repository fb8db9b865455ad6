# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make bench`: our install against other ways to get the same image from the same registry into a directory.

The variants take turns, round by round, so that whatever else the machine does meets all of them. BENCH_ROUNDS,
BENCH_DIR and BENCH_SCALE change how often, where, and how much.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Iterator, Sequence

from ..support.docker_registry import docker_registry
from .converged import converged
from .images import Served, served
from .measure import Run, measure
from .report import Report
from .variants import OURS, Variant, available
from .volume import volume


def main() -> None:
    """Measure, and write `results.json` and `results.md` into the directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", type=Path, required=True, help="the program docker-registry")
    parser.add_argument("--directory", type=Path, required=True, help="for images and results")
    options = parser.parse_args()
    rounds, scale = int(os.environ.get("BENCH_ROUNDS", "5")), float(os.environ.get("BENCH_SCALE", "1"))
    directory = options.directory.resolve()
    storage = directory / "registry"
    variants = available()
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(docker_registry(options.registry, storage))
        work = stack.enter_context(volume(directory, os.environ.get("BENCH_DIR", "")))
        images = [served(name, scale, registry["host"], directory / "layer") for name in ("llama", "python", "fat")]
        runs = list(_rounds(images[:2], variants, rounds, work))
        small, large = (_told(measure(OURS, image, 1, work)) for image in (images[0], images[2]))
        plays = converged(registry, storage / "registry.log", work, rounds)
    report = Report(runs, small, large, plays)
    results = {
        "machine": {"cpus": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()},
        "rounds": rounds,
        "scale": scale,
        "images": [asdict(image) for image in images],
        "runs": [asdict(run) for run in [*runs, small, large]],
        "plays": asdict(plays),
        "goals": [{**asdict(goal), "met": goal.met} for goal in report.goals()],
    }
    directory.joinpath("results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    directory.joinpath("results.md").write_text(report.markdown(), encoding="utf-8")
    print(f"\nMedians of {rounds} rounds; ratios are to curl, gzip, tar.\n\n{report.markdown()}")
    print(f"Also in {directory}: results.json, results.md")


def _rounds(images: Sequence[Served], variants: Sequence[Variant], rounds: int, work: Path) -> Iterator[Run]:
    for image in images:
        for number in range(1, rounds + 1):
            for variant in variants:
                yield _told(measure(variant, image, number, work))


def _told(run: Run) -> Run:
    """The same run, after a line about it."""
    figures = f"{run.wall:7.2f} s {run.cpu:7.2f} s CPU {run.memory / 1e6:5.0f} MB {run.disk / 1e6:6.0f} MB on disk"
    print(f"{run.image:7} round {run.round}  {run.variant:16} {figures}", flush=True)
    return run


if __name__ == "__main__":
    main()

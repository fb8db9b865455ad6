# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured, as medians, as ratios, and against the goals."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Callable, Iterable, Sequence

from .converged import Converged
from .measure import Run
from .variants import BSDTAR, ISAL, OTHER, OURS, TAR, UMOCI

_MB = 1000**2

# What our wall time may be at the most, as a ratio to that of another way.
_GOALS = (
    ("llama", OURS, TAR, 0.65),
    ("python", OURS, TAR, 0.70),
    ("llama", OURS, BSDTAR, 1.0),
    ("python", OURS, BSDTAR, 1.0),
    ("llama", OURS, UMOCI, 0.5),
    ("python", OURS, UMOCI, 0.5),
    ("llama", ISAL, TAR, 0.45),
    ("python", ISAL, TAR, 0.45),
    ("llama", OURS, OTHER, 1.1),
    ("python", OURS, OTHER, 1.1),
)


@dataclass(frozen=True)
class Goal:
    """A figure, and what it may be at the most."""

    what: str
    most: float
    measured: float

    @property
    def met(self) -> bool:
        """Whether it is."""
        return self.measured <= self.most


class Report:
    """The figures of a benchmark: runs in rounds, one run each of a small and of a very large image, the plays."""

    def __init__(self, runs: Sequence[Run], small: Run, large: Run, plays: Converged) -> None:
        self._runs = runs
        self._small = small
        self._large = large
        self._plays = plays

    def goals(self) -> list[Goal]:
        """All goals for which there are figures."""
        times = [
            Goal(
                f"{image}: {one.name} / {other.name}, wall time", most, self._ratio(image, one.name, other.name, _wall)
            )
            for image, one, other, most in _GOALS
            if self._of(image, one.name) and self._of(image, other.name)
        ]
        ours = [run for run in [*self._runs, self._small, self._large] if run.variant in (OURS.name, ISAL.name)]
        above = [full - empty for empty, full in zip(self._plays.empty, self._plays.task)]
        fleet = [task / stat for stat, task in zip(self._plays.stat, self._plays.fleet)]
        other = [task / theirs for task, theirs in zip(self._plays.task, self._plays.other)]
        return [
            *times,
            *([Goal(f"converged task / {OTHER.name}", 1.1, statistics.median(other))] if other else []),
            Goal("peak memory, MB", 80, max(run.memory for run in ours) / _MB),
            Goal("peak memory, fat / llama", 1.1, self._large.memory / self._small.memory),
            Goal("disk beyond the tree, MB", 0, max(run.disk for run in ours) // _MB),
            Goal("converged task above an empty play, s", 0.5, statistics.median(above)),
            Goal("converged task / stat, 40 hosts", 1.25, statistics.median(fleet)),
            Goal("converged task, requests", 0, self._plays.requests),
        ]

    def markdown(self) -> str:
        """Two tables: the medians with their ratios, and the goals."""
        rows = [self._row(image, variant) for image, variant in dict.fromkeys((r.image, r.variant) for r in self._runs)]
        heads = ["image", "variant", "seconds", "wall", "whole process", "CPU", "memory", "memory MB", "disk MB"]
        goals = [[goal.what, f"{goal.most:g}", f"{goal.measured:.2f}", _yes(goal.met)] for goal in self.goals()]
        return _table(heads, rows) + "\n" + _table(["figure", "goal: at most", "measured", "met"], goals)

    def _row(self, image: str, variant: str) -> list[str]:
        runs = self._of(image, variant)
        ratios = [self._ratio(image, variant, TAR.name, figure) for figure in (_wall, _process, _cpu, _memory)]
        return [
            image,
            variant,
            f"{statistics.median(run.wall for run in runs):.2f}",
            *[f"{ratio:.2f}" for ratio in ratios],
            f"{statistics.median(run.memory for run in runs) / _MB:.0f}",
            f"{statistics.median(run.disk for run in runs) / _MB:.0f}",
        ]

    def _of(self, image: str, variant: str) -> list[Run]:
        return [run for run in self._runs if (run.image, run.variant) == (image, variant)]

    def _ratio(self, image: str, one: str, other: str, figure: Callable[[Run], float]) -> float:
        """The median over the rounds of what one variant took as a ratio to the other in the same round."""
        pairs = zip(self._of(image, one), self._of(image, other))
        return statistics.median(figure(ours) / figure(theirs) for ours, theirs in pairs)


def _wall(run: Run) -> float:
    return run.wall


def _process(run: Run) -> float:
    return run.process


def _cpu(run: Run) -> float:
    return run.cpu


def _memory(run: Run) -> float:
    return run.memory


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown that can be read as it is, too."""
    listed = [heads, *rows]
    widths = [max(len(row[column]) for row in listed) for column in range(len(heads))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in listed]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "".join(f"| {line} |\n" for line in lines)

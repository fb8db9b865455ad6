# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured, as medians, as ratios, and against the goals."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, Sequence

from .cases import CASES, FLAT, OTHER_GOAL, Case
from .converged import HOSTS, Converged
from .measure import Run
from .variants import ISAL, ONE, OTHER, OUR_FILE, OURS

_MB = 1000**2
_OURS = {variant.name for variant in (OURS, ISAL, ONE, OUR_FILE)}


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
    """The figures of a benchmark: the runs of its cases, in rounds, and the plays if there were any."""

    def __init__(self, runs: Sequence[Run], plays: Converged | None, cases: Sequence[Case] = CASES) -> None:
        self._runs = runs
        self._plays = plays
        self._cases = cases

    def goals(self) -> list[Goal]:
        """All goals for which there are figures."""
        return [*self._times(), *self._sizes(), *(_of_plays(self._plays) if self._plays else [])]

    def _times(self) -> Iterator[Goal]:
        for case in self._cases:
            for one, other, most in case.goals:
                if self._of(case.name, one.name) and self._of(case.name, other.name):
                    ratio = self._ratio(case.name, one.name, other.name, _wall)
                    yield Goal(f"{case.name}: {one.name} / {other.name}, wall time", most, ratio)

    def _sizes(self) -> Iterator[Goal]:
        ours = [run for run in self._runs if run.variant in _OURS]
        if ours:
            yield Goal("peak memory, MB", 80, max(run.memory for run in ours) / _MB)
        for large, small in FLAT:
            pair = [[run.memory for run in self._of(case, OURS.name)] for case in (large, small)]
            if all(pair):
                yield Goal(
                    f"peak memory, {large} / {small}", 1.1, statistics.median(pair[0]) / statistics.median(pair[1])
                )
        if ours:
            yield Goal("disk beyond the tree, MB", 0, max(run.disk for run in ours) // _MB)

    def markdown(self) -> str:
        """Two tables: the medians with their ratios, and the goals."""
        rows = [self._row(case, variant) for case, variant in dict.fromkeys((r.case, r.variant) for r in self._runs)]
        heads = ["case", "variant", "seconds", "wall", "whole process", "CPU", "memory", "memory MB", "disk MB"]
        goals = [[goal.what, f"{goal.most:g}", f"{goal.measured:.2f}", _yes(goal.met)] for goal in self.goals()]
        return table(heads, rows) + "\n" + table(["figure", "goal: at most", "measured", "met"], goals)

    def _row(self, case: str, variant: str) -> list[str]:
        runs = self._of(case, variant)
        base = next(run.variant for run in self._runs if run.case == case)
        ratios = [self._ratio(case, variant, base, figure) for figure in (_wall, _process, _cpu, _memory)]
        return [
            case,
            variant,
            f"{statistics.median(run.wall for run in runs):.2f}",
            *[f"{ratio:.2f}" for ratio in ratios],
            f"{statistics.median(run.memory for run in runs) / _MB:.0f}",
            f"{statistics.median(run.disk for run in runs) / _MB:.0f}",
        ]

    def _of(self, case: str, variant: str) -> list[Run]:
        return [run for run in self._runs if (run.case, run.variant) == (case, variant)]

    def _ratio(self, case: str, one: str, other: str, figure: Callable[[Run], float]) -> float:
        """The median over the rounds of what one variant took as a ratio to the other in the same round."""
        pairs = zip(self._of(case, one), self._of(case, other))
        return statistics.median(figure(ours) / figure(theirs) for ours, theirs in pairs)


def _of_plays(plays: Converged) -> Iterator[Goal]:
    above = [full - empty for empty, full in zip(plays.empty, plays.task)]
    fleet = [task / stat for stat, task in zip(plays.stat, plays.fleet)]
    other = [task / theirs for task, theirs in zip(plays.task, plays.other)]
    if other:
        yield Goal(f"converged task / {OTHER.name}", OTHER_GOAL, statistics.median(other))
    yield Goal("converged task above an empty play, s", 0.5, statistics.median(above))
    yield Goal(f"converged task / stat, {len(HOSTS)} hosts", 1.25, statistics.median(fleet))
    yield Goal("converged task, requests", 0, plays.requests)


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


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown that can be read as it is, too."""
    listed = [heads, *rows]
    widths = [max(len(row[column]) for row in listed) for column in range(len(heads))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in listed]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "".join(f"| {line} |\n" for line in lines)

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is compared: for each case what is fetched, over which line, by whom, and the goals."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Callable, Sequence

from .lines import Line
from .materials import Materials
from .served import Served
from .variants import (
    ARIA2_SUM,
    ARIA2_TAR,
    BSDTAR,
    CRANE,
    CURL,
    ISAL,
    ONE,
    OTHER,
    OTHER_STATE,
    OUR_FILE,
    OURS,
    SKOPEO,
    TAR,
    UMOCI,
    Variant,
)

_MB = 1000**2
# What the goal is for another state of the collection, whatever the case.
OTHER_GOAL = 1.1
# The part of a run that is no case, but the plays of `converged`.
CONVERGED = "converged"

Goals = Sequence["tuple[Variant, Variant, float]"]


@dataclass(frozen=True)
class Case:
    """One thing over one line; without a line it comes from the real registry.

    Its `group` is what `BENCH_ONLY` names. The first of the variants that this machine has is the one that ratios are
    to. A goal is what the wall time of a variant may be at the most, as a ratio to that of another one. `share` is that
    of the rounds in which the case is measured, once in any case: a rate that is given differs little by round.
    `in_memory` is for what would tell more of the disk than of those who write to it.
    """

    name: str
    group: str
    made: Callable[[Materials], Served]
    line: Line | None
    compared: tuple[Variant, ...]
    limits: tuple[tuple[Variant, Variant, float], ...] = ()
    share: float = 0.5
    in_memory: bool = False

    @property
    def variants(self) -> list[Variant]:
        """All of them, with ours of another state of the collection if there is one."""
        other = [OTHER] if OTHER_STATE else []
        return [each for variant in self.compared for each in [variant, *(other if variant is OURS else [])]]

    @property
    def goals(self) -> Goals:
        """All goals, that for another state of the collection included."""
        return [*self.limits, *([(OURS, OTHER, OTHER_GOAL)] if OURS in self.compared else [])]

    def rounds(self, all_rounds: int) -> int:
        """The number of rounds in which it is measured."""
        return max(1, math.ceil(all_rounds * self.share))


def _image(name: str) -> Callable[[Materials], Served]:
    return lambda materials: materials.image(name)


def _archive(name: str) -> Callable[[Materials], Served]:
    return lambda materials: materials.archive(name)


def _file(mebibytes: int) -> Callable[[Materials], Served]:
    return lambda materials: materials.file(mebibytes)


_BY_CONNECTION = Line(per_connection=20 * _MB)
_ARCHIVES = (TAR, OURS, ARIA2_TAR)
_IMAGES = (TAR, OURS, ISAL, BSDTAR, UMOCI)
_SINGLE = (ONE, OURS)

CASES = (
    Case(
        "llama",
        "fast",
        _image("llama"),
        None,
        _IMAGES,
        ((OURS, TAR, 0.55), (OURS, BSDTAR, 1.0), (OURS, UMOCI, 0.5), (ISAL, TAR, 0.30)),
        share=1,
    ),
    Case(
        "python",
        "fast",
        _image("python"),
        None,
        _IMAGES,
        ((OURS, TAR, 0.55), (OURS, BSDTAR, 1.0), (OURS, UMOCI, 0.5), (ISAL, TAR, 0.42)),
        share=1,
    ),
    Case(
        "large file", "fast", _file(2048), Line(), (CURL, OUR_FILE), ((OUR_FILE, CURL, 1.10),), share=1, in_memory=True
    ),
    Case(
        "archive",
        "throttled",
        _archive("llama"),
        _BY_CONNECTION,
        _ARCHIVES,
        ((OURS, TAR, 0.28), (OURS, ARIA2_TAR, 0.75)),
    ),
    Case("archive, 30 ms", "throttled", _archive("llama"), Line(20 * _MB, first_byte=0.03), _ARCHIVES),
    Case("archive, 100 ms", "throttled", _archive("llama"), Line(20 * _MB, first_byte=0.1), _ARCHIVES),
    Case(
        "file",
        "throttled",
        _file(512),
        _BY_CONNECTION,
        (CURL, OUR_FILE, ARIA2_SUM),
        ((OUR_FILE, CURL, 0.16), (OUR_FILE, ARIA2_SUM, 0.80)),
    ),
    Case(
        "image",
        "throttled",
        _image("python"),
        Line(20 * _MB, redirects=True),
        (UMOCI, OURS, SKOPEO, CRANE),
        ((OURS, UMOCI, 0.45),),
    ),
    Case("limit per client", "limits", _archive("llama"), Line(per_client=40 * _MB), _SINGLE, ((OURS, ONE, 1.05),)),
    Case("no ranges", "limits", _archive("llama"), Line(20 * _MB, ranges=False), _SINGLE, ((OURS, ONE, 1.05),)),
    Case("fast line", "limits", _archive("llama"), Line(), _SINGLE, ((OURS, ONE, 1.05),), share=1),
    Case("429 above 3", "limits", _archive("llama"), Line(20 * _MB, most=3), _SINGLE),
    Case("fat", "memory", _image("fat"), None, (OURS,), share=0),
    Case("fat archive", "memory", _archive("fat"), _BY_CONNECTION, (OURS,), share=0),
)
# What must not need more memory than something small of the same kind.
FLAT = (("fat", "llama"), ("fat archive", "archive"))


def selected(only: str) -> tuple[list[Case], bool]:
    """The cases whose group or name is in a list with commas, and whether `converged` is; all for an empty one."""
    terms = [term.strip() for term in only.split(",") if term.strip()]
    known = {CONVERGED, *(case.group for case in CASES), *(case.name for case in CASES)}
    unknown = [term for term in terms if term not in known]
    if unknown:
        sys.exit(f"BENCH_ONLY: there is no {unknown[0]}. There are: {', '.join(sorted(known))}.")
    cases = [case for case in CASES if not terms or case.group in terms or case.name in terms]
    return cases, not terms or CONVERGED in terms

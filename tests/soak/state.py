# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backends path as values, and what must be true of one whose run was killed."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping

from ..support.host import snapshot
from ..support.localai import run_files
from .scenarios import BYSTANDERS, Scenario, carry_out

Tree = Mapping[str, object]


@dataclass(frozen=True)
class State:
    """The trees of all backends, the kept ones by their place, and the run files of all names as LocalAI knows them."""

    trees: Mapping[str, Tree]
    kept: Mapping[str, Tree]
    run_files: Mapping[str, str]


def state_of(path: Path, scenario: Scenario) -> State:
    """What a backends path holds, as far as it counts in a scenario."""
    own, look = path / ".localai-core", scenario.look
    names = sorted(place.name for place in path.iterdir() if place != own)
    return State(
        {name: _tree(path / name, look) for name in names},
        {str(place.relative_to(own)): _tree(place, look) for place in sorted(own.glob("kept/*/*"))},
        {
            name: os.path.relpath(run_file, path)
            for name, run_file in run_files(path, path.with_name("system"), scenario.task["capability"]).items()
        },
    )


def _tree(top: Path, look: bool) -> Tree:
    """All that is in a tree, but for times, which no two runs have in common."""
    found: dict[str, object] = {}
    for place in [top, *top.rglob("*")]:
        status = place.lstat()
        content: Any = b""
        if place.is_symlink():
            content = os.readlink(place)
        elif place.is_file():
            content = place.read_bytes()
        if place == top / "metadata.json":
            content = _untimed(content)
        seen = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) if look else ()
        found[str(place.relative_to(top))] = (stat.S_IFMT(status.st_mode), seen, content)
    return found


def _untimed(content: bytes) -> object:
    """What stands in metadata.json without its time; what is no JSON as it is."""
    try:
        return {key: value for key, value in json.loads(content).items() if key != "installed_at"}
    except (ValueError, AttributeError):
        return content


@dataclass(frozen=True)
class Judge:
    """Knows a scenario's state before its run, in the directory `template`, and after it."""

    scenario: Scenario
    template: Path
    old: State
    new: State

    def faults(self, path: Path) -> list[str]:
        """What is wrong where the run was killed, and with the next one there."""
        return [*self._now(path), *self._next(path)]

    def is_in_gap(self, path: Path) -> bool:
        """Whether the run was killed between two renames, so that a backend is to be seen nowhere at the moment."""
        return bool(self._missing(state_of(path, self.scenario)))

    def _missing(self, now: State) -> set[str]:
        return {name for name in self.old.trees if name in self.new.trees and name not in now.trees}

    def _now(self, path: Path) -> Iterator[str]:
        """What is wrong with what LocalAI sees at this moment."""
        now = state_of(path, self.scenario)
        missing = self._missing(now)
        for name in {*self.old.trees, *self.new.trees, *now.trees}:
            if name not in missing and now.trees.get(name) not in (self.old.trees.get(name), self.new.trees.get(name)):
                yield f"{name} is neither the old nor the new one"
        for name in missing:
            aside = path / ".localai-core/replaced" / name
            if self.scenario.exchange or _tree(aside, self.scenario.look) != self.old.trees[name]:
                yield f"{name} is gone"
        known = {**self.old.run_files, **self.new.run_files}
        for name in known:
            both = (self.old.run_files.get(name), self.new.run_files.get(name))
            if now.run_files.get(name) not in both and not missing:
                yield f"LocalAI runs {now.run_files.get(name)} as {name}"
        for name in BYSTANDERS:
            if snapshot(path / name) != snapshot(self.template / name) and name in self.new.trees:
                yield f"{name}, which the run does not name, was touched"
        whole = [*self.old.trees.values(), *self.old.kept.values(), *self.new.kept.values()]
        for place, tree in now.kept.items():
            if tree not in whole:
                yield f"{place} is not whole"

    def _counts(self, state: State) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """The trees and run files that the next run has to come to."""
        return tuple(
            {name: value for name, value in values.items() if name != self.scenario.spare}
            for values in (state.trees, state.run_files)
        )

    def _next(self, path: Path) -> Iterator[str]:
        """What is wrong with the next run: its end, and what it leaves."""
        again = carry_out(self.scenario.task, path, self.scenario.exchange)
        if again["failed"]:
            yield f"the next run fails: {again['msg']}"
            return
        if self._counts(state_of(path, self.scenario)) != self._counts(self.new):
            yield "the next run ends with something else"
        own = path / ".localai-core"
        left = [place for name in ("staging", "replaced") for place in (own / name).glob("*")]
        left += [own / "progress"] if (own / "progress").exists() else []
        if left:
            yield f"the next run leaves {', '.join(str(place.relative_to(path)) for place in left)}"
        if carry_out(self.scenario.task, path, self.scenario.exchange)["changed"]:
            yield "the run after the next one changes something again"

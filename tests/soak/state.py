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
from typing import Iterator, Mapping

from ..support.host import snapshot
from ..support.localai import run_files
from .scenarios import BYSTANDERS, Options, Scenario


@dataclass(frozen=True)
class Node:
    """What is at one path of a tree; times do not count, which no two runs have in common."""

    kind: int
    content: object
    owner: tuple[int, int]
    mode: int


Tree = Mapping[str, Node]


@dataclass(frozen=True)
class State:
    """The trees of all backends, the kept ones by their place, and the run files of all names as LocalAI knows them."""

    trees: Mapping[str, Tree]
    kept: Mapping[str, Tree]
    run_files: Mapping[str, str]

    @classmethod
    def of(cls, path: Path, task: Options) -> State:
        """What a backends path holds, for a task's capability."""
        own = path / ".localai-core"
        known = run_files(path, path.with_name("system"), task["capability"])
        return cls(
            {place.name: _tree(place) for place in path.iterdir() if place != own},
            {str(place.relative_to(own)): _tree(place) for place in own.glob("kept/*/*")},
            {name: os.path.relpath(run_file, path) for name, run_file in known.items()},
        )


_ONLY_AT_WORK = ("staging/*", "replaced/*", "partial/*", "progress")


def leftovers(path: Path) -> list[str]:
    """What a run has in our own directory only while it is at work."""
    own = path / ".localai-core"
    return [str(place.relative_to(own)) for name in _ONLY_AT_WORK for place in own.glob(name)]


def _tree(top: Path) -> Tree:
    return {
        str(place.relative_to(top)): node_at(place, is_metadata=place == top / "metadata.json") for place in _below(top)
    }


def _below(top: Path) -> Iterator[Path]:
    yield top
    if top.is_dir() and not top.is_symlink():
        yield from top.rglob("*")


def node_at(place: Path, *, is_metadata: bool = False) -> Node:
    """What is at a path; the time in `metadata.json` does not count."""
    status = place.lstat()
    content: object = b""
    if place.is_symlink():
        content = os.readlink(place)
    elif place.is_file():
        content = _untimed(place.read_bytes()) if is_metadata else place.read_bytes()
    return Node(stat.S_IFMT(status.st_mode), content, (status.st_uid, status.st_gid), stat.S_IMODE(status.st_mode))


def _untimed(metadata: bytes) -> object:
    """What stands in metadata.json without its time; what is no JSON as it is."""
    try:
        return {key: value for key, value in json.loads(metadata).items() if key != "installed_at"}
    except (ValueError, AttributeError):
        return metadata


@dataclass(frozen=True)
class Judge:
    """Knows a scenario's state before its run, which is also in the directory `template`, and after it."""

    scenario: Scenario
    template: Path
    old: State
    new: State

    def faults(self, path: Path) -> list[str]:
        """What is wrong where the run was killed, and then with the next run."""
        return [*self.now(path), *self._next(path)]

    def gap(self, now: State) -> set[str]:
        """The backends that are nowhere to be seen at the moment, though they are before the run and after it."""
        return {name for name in self.old.trees if name in self.new.trees and name not in now.trees}

    def is_gap(self, path: Path) -> bool:
        """Whether a backend is nowhere to be seen at the moment."""
        return bool(self.gap(State.of(path, self.scenario.task)))

    def is_done(self, path: Path) -> bool:
        """Whether all is as it is after the run."""
        return State.of(path, self.scenario.task) == self.new

    def now(self, path: Path) -> Iterator[str]:
        """What is wrong with what LocalAI sees at this moment."""
        now = State.of(path, self.scenario.task)
        gap = self.gap(now)
        for name in gap:
            aside = path / ".localai-core/replaced" / name
            if self.scenario.exchange or not aside.exists() or _tree(aside) != self.old.trees[name]:
                yield f"{name} is gone"
        for name in {*self.old.trees, *self.new.trees, *now.trees} - gap:
            if not any(self._same(now.trees.get(name), state.trees.get(name)) for state in (self.old, self.new)):
                yield f"{name} is neither the old nor the new one"
        for name in {*self.old.run_files, *self.new.run_files, *now.run_files}:
            known = now.run_files.get(name)
            if not gap and known not in (self.old.run_files.get(name), self.new.run_files.get(name)):
                yield f"LocalAI runs {known or 'nothing'} as {name}"
        for name in BYSTANDERS:
            if name in self.new.trees and snapshot(path / name) != snapshot(self.template / name):
                yield f"{name}, which the run does not name, was touched"
        whole = [*self.old.trees.values(), *self.old.kept.values(), *self.new.kept.values()]
        yield from (f"{place} is not whole" for place, tree in now.kept.items() if tree not in whole)

    def _same(self, one: Tree | None, other: Tree | None) -> bool:
        """Whether two trees are the same, but for what a kill may leave between the old look and the new one."""
        if self.scenario.look or one is None or other is None:
            return one == other
        contents = [{path: (node.kind, node.content) for path, node in tree.items()} for tree in (one, other)]
        return contents[0] == contents[1]

    def _next(self, path: Path) -> Iterator[str]:
        """What is wrong with the next run: its end, and what it leaves."""
        again = self.scenario.carry_out(path)
        if again["failed"]:
            yield f"the next run fails: {again['msg']}"
            return
        now = State.of(path, self.scenario.task)
        if (now.trees, now.run_files) != (self.new.trees, self.new.run_files):
            yield "the next run ends with something else"
        if leftovers(path):
            yield f"the next run leaves {', '.join(leftovers(path))}"
        if self.scenario.carry_out(path)["changed"]:
            yield "the run after the next one changes something again"

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A models path as values, and what must be true of one whose run was killed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping

import yaml

from ..support.host import snapshot
from .model_scenarios import BYSTANDERS, ModelScenario
from .state import Node, leftovers, node_at

_OWN = ".localai-core"
# Snapshots that are not complete: LocalAI has a directory for its own ones there, too.
_PARTIAL = ".artifacts/.partial"


@dataclass(frozen=True)
class ModelState:
    """All files outside of our own directory by path, our records by name, and the files that each model has."""

    nodes: Mapping[str, Node]
    records: Mapping[str, Any]
    files: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, path: Path) -> ModelState:
        """What a models path holds."""
        own = path / _OWN
        files = [place for place in path.rglob("*") if not place.is_dir()]
        places = [place for place in files if not {own, path / _PARTIAL} & {place, *place.parents}]
        records = {place.stem: _record(place.read_bytes()) for place in (own / "models").glob("*.json")}
        models = [place for place in path.glob("*.yaml") if not place.name.startswith(".")]
        return cls(
            {str(place.relative_to(path)): node_at(place) for place in places},
            records,
            {place.stem: frozenset(_files(path, place, records.get(place.stem))) for place in models},
        )

    def contents(self) -> dict[str, object]:
        """What all files hold, without their owners and modes."""
        return {path: node.content for path, node in self.nodes.items()}


def _record(data: bytes) -> Any:
    """A record, without what a run cannot know of a file that an interrupted one has installed, and without times."""
    record = json.loads(data)
    if "definition" not in record:
        return record
    proved = {row["filename"] for row in record["definition"]["files"] if row["sha256"]}
    for row in record["files"]:
        del row["mtime"]
        if row["filename"] not in proved:
            row.update(sha256="", version="")
    return record


def _files(path: Path, place: Path, record: Any) -> Iterator[str]:
    """The files that a model needs: those of its record, of LocalAI's own one, and of its configuration."""
    config = yaml.safe_load(place.read_bytes())
    document = path / f"._gallery_{place.stem}.yaml"
    if record is not None:
        yield from (row["filename"] for row in record["files"])
        yield from record["written"]
        for key in record["snapshots"]:
            snapshot_files = (path / ".artifacts/huggingface" / key).rglob("*")
            yield from (str(file.relative_to(path)) for file in snapshot_files if file.is_file())
    elif document.exists():
        rows = yaml.safe_load(document.read_bytes()) or {}
        yield from (row["filename"] for row in rows.get("files") or ())
        yield from (f"{row['name']}.tmpl" for row in rows.get("prompt_templates") or ())
    yield from filter(None, ((config.get("parameters") or {}).get("model"), config.get("mmproj")))


@dataclass(frozen=True)
class ModelJudge:
    """Knows a scenario's state before its run, which is also in the directory `template`, and after it."""

    scenario: ModelScenario
    template: Path
    old: ModelState
    new: ModelState

    def faults(self, path: Path) -> list[str]:
        """What is wrong where the run was killed, and then with the next run."""
        return [*self.now(path), *self._next(path)]

    def is_gap(self, _path: Path) -> bool:
        """Whether something is out of sight until the next run: files never are."""
        return False

    def is_done(self, path: Path) -> bool:
        """Whether all is as it is after the run."""
        return ModelState.of(path) == self.new

    def now(self, path: Path) -> Iterator[str]:
        """What is wrong with what LocalAI sees at this moment."""
        try:
            now = ModelState.of(path)
        except (ValueError, yaml.YAMLError) as e:
            yield f"a record or a YAML file is cut: {e}"
            return
        for name in sorted(now.nodes):
            if not any(self._same(now.nodes[name], state.nodes.get(name)) for state in (self.old, self.new)):
                yield f"{name} is neither the old nor the new one"
        for name in sorted({*self.old.files, *self.new.files}):
            if not any(self._is_whole(name, now, state) for state in (self.old, self.new)):
                yield f"the model {name} is neither whole as it was nor as it will be"
        yield from _touched(path, self.template, [name for name in BYSTANDERS if name in self.new.nodes])

    def _is_whole(self, name: str, now: ModelState, state: ModelState) -> bool:
        """Whether a model is that of a state: no YAML file, or it and all its files; these may be the new ones."""
        document = f"{name}.yaml"
        if name not in state.files or name not in now.files:
            return name not in state.files and name not in now.files
        if not self._same(now.nodes[document], state.nodes[document]):
            return False
        states = (state, self.new)
        return all(
            any(self._same(now.nodes.get(file), other.nodes.get(file)) for other in states)
            for file in state.files[name]
        )

    def _same(self, one: Node | None, other: Node | None) -> bool:
        """Whether two files are the same, but for what a kill may leave between the old attributes and the new ones."""
        if self.scenario.attributes or one is None or other is None:
            return one == other
        return one.content == other.content

    def _next(self, path: Path) -> Iterator[str]:
        """What is wrong with the next run: its end, and what it leaves."""
        again = self.scenario.carry_out(path)
        if again["failed"]:
            yield f"the next run fails: {again['msg']}"
            return
        now = ModelState.of(path)
        if now != self.new:
            yield f"the next run ends with something else: {', '.join(_differing(now, self.new))}"
        if leftovers(path):
            yield f"the next run leaves {', '.join(leftovers(path))}"
        unfinished = [place for place in (path / _PARTIAL).rglob("*") if place.is_file()]
        yield from (f"the next run leaves {place}" for place in unfinished)
        last = self.scenario.carry_out(path)
        if last["changed"] and self.scenario.settles:
            yield f"the run after the next one changes something again: {last['msg']}"


def _differing(one: ModelState, other: ModelState) -> Iterator[str]:
    for kind in ("nodes", "records"):
        mine, theirs = getattr(one, kind), getattr(other, kind)
        yield from (f"{kind[:-1]} {key}" for key in sorted({*mine, *theirs}) if mine.get(key) != theirs.get(key))


def _touched(path: Path, template: Path, names: list[str]) -> Iterator[str]:
    now, before = snapshot(path), snapshot(template)
    yield from (f"{name}, which the run does not name, was touched" for name in names if now.get(name) != before[name])

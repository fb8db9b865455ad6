# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a backends path with a backend as deep and wide as real ones is sound wherever a run dies.

Installations, upgrades and removals of a tree of 40,000 files are killed at moments that are spread over the whole run,
and so are the next two runs, mostly while they remove what the one before has left. The run after them has to end as if
nothing had happened. As root, some of them lose the power instead.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import multiprocessing
import os
import random
import shutil
import stat
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Mapping

from ..support.host import temporary_directory
from . import ext4, kill
from .crash import no_cuts
from .scenarios import Options, carry_out
from .state import leftovers

_NAME, _BYSTANDER = "large", "other"
_DEPTH, _DIRECTORIES, _FILES = 12, 3000, 40_000
_DISK = 512 * 1024**2

# What a tree is, by path: kind, size, mode and owner of each entry.
Look = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Kind:
    """A kind of run: what is installed before it, what it is asked for, and its share of the samples."""

    name: str
    before: tuple[str, ...]
    version: str
    share: int
    exchange: bool = True

    def options(self, top: Path, version: str = "") -> Options:
        """What the module is told to install a version, or else to do what this kind of run does."""
        wanted = version or self.version
        source = {"uri": str(top / f"source-{wanted}")} if wanted != "absent" else {"state": "absent"}
        return {"name": [_NAME], "capability": "default", "galleries": [], **source}


KINDS = (
    Kind("installation", (), "1", 3),
    Kind("upgrade", ("1",), "2", 4),
    Kind("upgrade, no exchange", ("1",), "2", 2, exchange=False),
    Kind("removal", ("1",), "absent", 11),
)


def write_source(top: Path, version: str, scale: float) -> None:
    """Write a backend: directories in each other at random, as deep as can be, with files in all of them."""
    chance = random.Random(version)
    depths = {top: 0}
    top.mkdir(parents=True)
    (top / "run.sh").write_text(f"#!/bin/sh\n# {version}\n", encoding="utf-8")
    deepest = top
    while len(depths) < int(_DIRECTORIES * scale):
        # First one as deep as any.
        parent = deepest if depths[deepest] < _DEPTH else chance.choice(list(depths)[:: 1 + len(depths) // 100])
        if depths[parent] < _DEPTH:
            place = parent / f"d{len(depths)}"
            place.mkdir()
            depths[place] = depths[parent] + 1
            deepest = place if parent == deepest else deepest
    places = list(depths)
    for number in range(int(_FILES * scale)):
        (places[number % len(places)] / f"f{number}").write_text(version, encoding="utf-8")


def look(top: Path) -> Look:
    """What a tree is now; nothing where there is none."""
    found: dict[str, tuple[int, ...]] = {}
    pending = [str(top)] if top.is_dir() else []
    while pending:
        directory = pending.pop()
        with os.scandir(directory) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                is_directory = stat.S_ISDIR(status.st_mode)
                size = 0 if is_directory or entry.name.endswith(".json") else status.st_size
                found[entry.path[len(str(top)) :]] = (status.st_mode, size, status.st_uid, status.st_gid)
                if is_directory:
                    pending.append(entry.path)
    return found


@dataclass(frozen=True)
class Ground:
    """What all samples of a kind share: the directory with the sources, the template, and the two looks of the tree."""

    kind: Kind
    top: Path
    old: Look
    new: Look
    moments: int

    @property
    def template(self) -> Path:
        """The backends path that each begins with."""
        return self.top / f"template-{self.kind.name}"

    def run(self, path: Path) -> None:
        """Carry out the run."""
        result = carry_out(self.kind.options(self.top), path, self.kind.exchange)
        assert not result["failed"], result["msg"]


def ground(kind: Kind, top: Path) -> Ground:
    """Make the template of a kind, and carry out its run without any accident."""
    path = top / f"template-{kind.name}" / "backends"
    _install(kind, top, path, _BYSTANDER, str(top / "source-other"))
    for version in kind.before:
        _install(kind, top, path, _NAME, str(top / f"source-{version}"))
    old = look(path / _NAME)
    done = top / "done"
    copy(path.parent, done)
    prepared = Ground(kind, top, old, {}, 0)
    count = kill.moments(lambda: prepared.run(done / "backends"))
    new = look(done / "backends" / _NAME)
    shutil.rmtree(done)
    return Ground(kind, top, old, new, count)


def _install(kind: Kind, top: Path, path: Path, name: str, uri: str) -> None:
    result = carry_out({**kind.options(top, "1"), "name": [name], "uri": uri}, path)
    if result["failed"]:
        sys.exit(result["msg"])


def copy(template: Path, to: Path) -> None:
    """Copy a template; files of backends become hard links, which is quicker, and those of our own files."""
    to.mkdir()
    own = template / "backends/.localai-core"
    subprocess.run(["cp", "-al", str(template / "backends"), str(to)], check=True)
    shutil.rmtree(to / "backends/.localai-core")
    subprocess.run(["cp", "-a", str(own), str(to / "backends")], check=True)


def faults(prepared: Ground, path: Path, further: tuple[int, ...], counts: Counter[str]) -> Iterator[str]:
    """Say what is wrong where a run died, and after the next ones, which die at `further` but for the last."""
    yield from _now(prepared, path)
    for moment in further:
        counts["again"] += kill.killed_at(lambda: prepared.run(path), moment)
        yield from _now(prepared, path)
    options = prepared.kind.options(prepared.top)
    result = carry_out(options, path, prepared.kind.exchange)
    if result["failed"]:
        yield f"the next run fails: {result['msg']}"
        return
    if look(path / _NAME) != prepared.new:
        yield "the next run ends with something else"
    if leftovers(path):
        yield f"the next run leaves {', '.join(leftovers(path))}"
    if carry_out(options, path, prepared.kind.exchange)["changed"]:
        yield "the run after the next one changes something again"


def _now(prepared: Ground, path: Path) -> Iterator[str]:
    found = look(path / _NAME)
    aside = path / ".localai-core/replaced" / _NAME
    is_aside = not prepared.kind.exchange and not found and look(aside) == prepared.old
    if found not in (prepared.old, prepared.new) and not is_aside:
        yield f"it is neither the old nor the new one ({len(found)} entries)"
    if look(path / _BYSTANDER) != look(prepared.template / "backends" / _BYSTANDER):
        yield "a backend that the run does not name was touched"


def sample(prepared: Ground, seed: int, moment: int) -> tuple[list[str], Counter[str]]:
    """Kill one run at a moment, then the next ones; returns what is wrong, and what was counted."""
    chance, counts = random.Random(seed), Counter[str]()
    place = prepared.top / f"sample-{prepared.kind.name}-{seed}"
    try:
        copy(prepared.template, place)
        kill.killed_at(lambda: prepared.run(place / "backends"), moment)
        further = tuple(chance.randrange(20, max(int(prepared.moments * 0.1), 50)) for _run in range(2))
        wrong = [
            f"{prepared.kind.name}, killed at the moments {(moment, *further)}: {fault}"
            for fault in faults(prepared, place / "backends", further, counts)
        ]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    counts["points"] += 1
    return wrong, counts


def cut(prepared: Ground, number: int, moment: int) -> list[str]:
    """Let the power fail at a moment; returns what is wrong with what the device has then."""
    image = prepared.top / f"disk-{prepared.kind.name}"
    ext4.copy(prepared.top / f"before-{prepared.kind.name}", image)
    with ext4.mounted(image) as place:
        kill.killed_at(lambda: prepared.run(place / "backends"), moment)
        if number % 4:
            ext4.commit(place)
        ext4.lose_power(place)
    with ext4.mounted(image) as place:
        found = list(faults(prepared, place / "backends", (), Counter()))
    return [f"{prepared.kind.name}, power lost at the moment {moment}: {fault}" for fault in found]


def _spread(prepared: Ground, count: int) -> list[int]:
    """So many moments of a run, one at random in each of as many parts of it."""
    chance = random.Random(prepared.kind.name)
    part = prepared.moments / max(count, 1)
    return [int(part * number + chance.random() * part) + 1 for number in range(count)]


def _shares(count: int) -> Iterator[tuple[Kind, int]]:
    """Each kind with its number of samples."""
    total = sum(kind.share for kind in KINDS)
    yield from ((kind, -(-count * kind.share // total)) for kind in KINDS)


def _cuts(grounds: Mapping[str, Ground], count: int) -> tuple[int, list[str]]:
    done, wrong = 0, []
    for kind, share in _shares(count) if count else ():
        prepared = grounds[kind.name]
        ext4.make(prepared.top / f"before-{kind.name}", prepared.template, _DISK)
        for number, moment in enumerate(_spread(prepared, share)):
            wrong += cut(prepared, number, moment)
            done += 1
    return done, wrong


def main() -> None:
    """Kill, cut, and count; whatever is wrong is printed and ends in a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=300, help="how many runs are killed")
    parser.add_argument("--cuts", type=int, default=20, help="how many lose the power")
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of directories and files")
    options = parser.parse_args()
    counts, wrong = Counter[str](), []
    with temporary_directory() as top:
        for version in ("1", "2"):
            write_source(top / f"source-{version}", version, options.scale)
        write_source(top / "source-other", "other", 0.002)
        grounds = {kind.name: ground(kind, top) for kind in KINDS}
        jobs: list[Callable[[], tuple[list[str], Counter[str]]]] = []
        for kind, share in _shares(options.samples):
            moments = _spread(grounds[kind.name], share)
            jobs += [functools.partial(sample, grounds[kind.name], seed, moment) for seed, moment in enumerate(moments)]
        context = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), context) as pool:
            for found, counted in pool.map(_call, jobs):
                wrong += found
                counts += counted
        why = no_cuts()
        done, found = (0, []) if why else _cuts(grounds, options.cuts)
        wrong += found
    print("".join(f"{fault}\n" for fault in wrong), end="")
    tree = f"{int(_DIRECTORIES * options.scale)} directories and {int(_FILES * options.scale)} files, {_DEPTH} deep"
    print(f"large trees: {tree}: {counts['points']} killed, and {counts['again']} of the next runs too, ", end="")
    print(f"{done} lost the power{f' (left out, because {why})' if why else ''}, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


def _call(job: Callable[[], tuple[list[str], Counter[str]]]) -> tuple[list[str], Counter[str]]:
    return job()


if __name__ == "__main__":
    main()

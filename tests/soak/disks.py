# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that are full, read-only, or of a kind that cannot do all: on real small file systems, so it takes root.

Each row of CASES is one run. Where it is refused, every backend is as it was, the message says what and what to do,
nothing is left over, and once there is room the same run converges.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator
from unittest import mock

from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._module import apply as _apply
from ansible_collections.localai.core.plugins.module_utils._module import execute
from ansible_collections.localai.core.plugins.module_utils._store.store import Store
from ansible_collections.localai.core.plugins.modules import localai_backend, localai_backend_info

from ..support.archives import Entry, directory, file, hardlink, symlink, tar_archive, write_tree
from ..support.host import Snapshot, snapshot, temporary_directory
from ..support.module import run_module
from .state import leftovers
from .volumes import MIB, VOLUMES, Volume, hindrance

# What each source holds; `large` is small until it is unpacked, so that nothing can foretell that it does not fit.
_FLAT = [file("run.sh", "#!/bin/sh\n", 0o755), directory("lib"), *(file(f"lib/{n}.so", f"{n}" * 900) for n in range(9))]
SOURCES: dict[str, list[Entry]] = {
    "old": [*_FLAT, file("version", "1")],
    "new": [*_FLAT, file("version", "2")],
    "large": [*_FLAT, *(file(f"lib/large-{n}", bytes(MIB)) for n in range(8))],
    "many": [*_FLAT, *(file(f"lib/many-{n}", "x") for n in range(300))],
    "symlinks": [*_FLAT, symlink("lib/0", "0.so")],
    "upper case": [*_FLAT, file("lib/0.SO", "0")],
    "hard links": [*_FLAT, hardlink("lib/0", "lib/0.so")],
}

# Where in a run it happens: what is called next.
MOMENTS: dict[str, tuple[Any, str, int]] = {
    "lock": (execute, "open_store", 1),
    "progress": (Store, "progress", 1),
    "tree": (Store, "stage", 1),
    "layer": (Tree, "file", 5),
    "metadata": (_apply, "contents_of", 1),
    "publish": (Store, "publish", 1),
}
FAULTS: dict[str, Callable[[Volume], None]] = {
    "full": Volume.fill,
    "4 MiB free": lambda volume: volume.fill_to(4 * MIB),
    "no inodes": Volume.use_up_inodes,
    "read-only": lambda volume: volume.remount("ro"),
    "nothing": lambda volume: None,
}
NO_ROOM = r"(No space left on device|Disk quota exceeded)\. (Free some space|Raise the quota)"
TOO_SMALL = r"(bytes|[KM]iB) of free space, but at least .* Free some space"
READ_ONLY = r"mounted read-only\. Mount it for writing, or choose another backends_path"
DEGRADED = r"does not store owners and modes.*Mount it with the uid"
NO_SYMLINKS = r"does not support symlinks.*Choose a backends_path"
ONE_CASE = r"differs in upper and lower case.*Choose a backends_path"
LOWER_LAYER = r"lower layer of an overlay.*Remove it first"


@dataclass(frozen=True)
class Case:
    """One run: what the disk is, what happens to it and when, what the task wants, and how that has to end."""

    volume: str
    fault: str
    moment: str
    action: str
    ends: str
    says: str = ""


def _full() -> Iterator[Case]:
    for volume in ("tmpfs", "ext4", "btrfs, quota", "ext4, quota", "exfat by FUSE", "vfat"):
        yield Case(volume, "full", "before", "upgrade", "refused", f"{NO_ROOM}|{TOO_SMALL}")
        yield Case(volume, "4 MiB free", "before", "large", "refused", NO_ROOM)
        for moment in ("lock", "tree", "layer", "metadata"):
            yield Case(volume, "full", moment, "upgrade", "refused", NO_ROOM)
        yield Case(volume, "full", "lock", "alias", "refused", NO_ROOM)
        # Where even a rename takes space that nobody has, it is refused like the rest.
        renames = ("refused", NO_ROOM) if volume == "btrfs, quota" else ("works", "")
        yield Case(volume, "full", "publish", "upgrade", *renames)
        yield Case(volume, "full", "before", "restore", *renames)
        for moment, action in (("before", "remove"), ("lock", "remove"), ("before", "remove by hand")):
            yield Case(volume, "full", moment, action, "works")


def _without_inodes() -> Iterator[Case]:
    for volume in ("tmpfs, 120 inodes", "ext4, 256 inodes"):
        yield Case(volume, "nothing", "before", "many", "refused for good", NO_ROOM)
        for moment in ("before", "progress", "layer", "metadata"):
            yield Case(volume, "no inodes", moment, "upgrade", "refused", NO_ROOM)
        yield Case(volume, "no inodes", "publish", "upgrade", "works")
        yield Case(volume, "no inodes", "before", "remove", "works")
        yield Case(volume, "no inodes", "before", "remove by hand", "works")


def _read_only() -> Iterator[Case]:
    for volume in ("tmpfs", "ext4"):
        for action in ("install", "upgrade", "alias", "restore", "remove", "remove by hand"):
            yield Case(volume, "read-only", "before", action, "refused", READ_ONLY)
        yield Case(volume, "read-only", "before", "nothing to do", "works")


def _of_a_kind() -> Iterator[Case]:
    everything = ("install", "upgrade", "alias", "restore", "remove", "nothing to do", "hard links", "owner")
    for volume in ("exfat by FUSE", "vfat"):
        for action in everything:
            yield Case(volume, "nothing", "before", action, "works", DEGRADED)
        yield Case(volume, "nothing", "before", "symlinks", "refused for good", NO_SYMLINKS)
        yield Case(volume, "nothing", "before", "upper case", "refused for good", ONE_CASE)
    for volume in ("tmpfs", "path to be made", "parent read-only", "overlay", "overlay, redirecting"):
        for action in (*everything, "symlinks", "upper case"):
            yield Case(volume, "nothing", "before", action, "works")


def _overlays() -> Iterator[Case]:
    yield Case("overlay", "full", "layer", "upgrade", "refused", NO_ROOM)
    yield Case("overlay", "full", "before", "remove", "works")
    yield Case("overlay", "nothing", "before", "upgrade of the lower layer", "refused for good", LOWER_LAYER)
    yield Case("overlay, redirecting", "nothing", "before", "upgrade of the lower layer", "works")
    for volume in ("overlay", "overlay, redirecting"):
        yield Case(volume, "nothing", "before", "remove of the lower layer", "works")


CASES = (*_full(), *_without_inodes(), *_read_only(), *_of_a_kind(), *_overlays())


class Host:
    """What the modules are told, and what is in the backends path."""

    def __init__(self, volume: Volume, sources: Path) -> None:
        self.path = volume.path
        self.sources = sources
        self.options = {
            "backends_path": str(volume.path),
            "backends_system_path": str(sources / "system"),
            "capability": "default",
            "galleries": [],
        }

    def run(self, source: str, **options: Any) -> dict[str, Any]:
        """Run localai_backend for the backend `mine`, from one of SOURCES unless it shall be absent."""
        wanted = {"state": "absent"} if source == "absent" else {"uri": str(self.sources / f"{source}.tar.xz")}
        return run_module(localai_backend.main, {**self.options, "name": ["mine"], **wanted, **options})

    def must(self, source: str, **options: Any) -> None:
        """Run it, and insist that it changes something."""
        result = self.run(source, **options)
        assert (result["changed"], result["failed"]) == (True, False), result

    def info(self) -> dict[str, Any]:
        """Run localai_backend_info."""
        return run_module(localai_backend_info.main, {**self.options, "disk_usage": True})

    @property
    def backends(self) -> Snapshot:
        """All that LocalAI could see."""
        found = snapshot(self.path) if self.path.exists() else {}
        ours = (".localai-core", "filler", "lost+found")
        return {path: entry for path, entry in found.items() if path and not path.startswith(ours)}

    @property
    def contents(self) -> dict[str, Any]:
        """What the files of the backend hold, but for what describes it."""
        mine = self.path / "mine"
        files = (path for path in mine.rglob("*") if path.is_file() and not path.is_symlink())
        return {str(path.relative_to(mine)): path.read_bytes() for path in files if path.suffix != ".json"}

    @property
    def leftovers(self) -> list[str]:
        """What a run must not leave; kept trees are no leftovers."""
        return [*leftovers(self.path), *map(str, self.path.rglob(".fuse_hidden*"))]


# How each action begins, the task that it is, and what is there in the end. "absent" is nothing.
Action = tuple[tuple[tuple[str, dict[str, Any]], ...], tuple[str, dict[str, Any]], str]
_OLD: tuple[str, dict[str, Any]] = ("old", {})
ACTIONS: dict[str, Action] = {
    "install": ((), ("new", {}), "new"),
    "upgrade": ((_OLD,), ("new", {}), "new"),
    "large": ((_OLD,), ("large", {}), "large"),
    "many": ((_OLD,), ("many", {}), "many"),
    "symlinks": ((_OLD,), ("symlinks", {}), "symlinks"),
    "upper case": ((_OLD,), ("upper case", {}), "upper case"),
    "hard links": ((_OLD,), ("hard links", {"verify": True}), "hard links"),
    "owner": (
        (_OLD,),
        ("new", {"owner": "nobody", "group": "nogroup", "directory_mode": "0750", "verify": True}),
        "new",
    ),
    "alias": ((_OLD,), ("old", {"alias": "other"}), "old"),
    "restore": ((_OLD, ("new", {"keep_previous": 1})), ("old", {"keep_previous": 1}), "old"),
    "remove": ((_OLD,), ("absent", {}), "absent"),
    "remove by hand": ((), ("absent", {}), "absent"),
    "nothing to do": ((_OLD,), ("old", {"verify": True}), "old"),
    "upgrade of the lower layer": ((), ("new", {}), "new"),
    "remove of the lower layer": ((), ("absent", {}), "absent"),
}


def check(case: Case, top: Path, sources: Path) -> None:
    """Carry out one case; raises AssertionError."""
    before, (source, options), wanted = ACTIONS[case.action]
    if case.action.endswith("lower layer"):
        write_tree(top / "lower" / "mine", SOURCES["old"])
    with VOLUMES[case.volume](top) as volume:
        host = Host(volume, sources)
        if case.action == "remove by hand":
            write_tree(host.path / "mine", SOURCES["old"])
        for earlier, their_options in before:
            host.must(earlier, **their_options)
        there = host.backends
        with _fault(case, volume):
            result = host.run(source, **options)
            informed = host.info()
        says = result["msg"] if result["failed"] else " ".join(result["warnings"])
        assert re.search(case.says, says, re.DOTALL), says
        assert not informed["failed"], informed
        assert not host.leftovers, host.leftovers
        assert result["failed"] == case.ends.startswith("refused"), result
        if result["failed"]:
            assert host.backends == there, "the old backend changed"
        _release(case, volume)
        if case.ends == "refused":
            host.must(source, **options)
        if case.ends != "refused for good":
            _converged(host, source, options, wanted)


def _converged(host: Host, source: str, options: dict[str, Any], wanted: str) -> None:
    result = host.run(source, **options)
    assert (result["changed"], result["failed"]) == (False, False), result
    expected = {entry.name: entry.data for entry in SOURCES.get(wanted, []) if entry.kind == b"0"}
    expected.update((entry.name, expected[entry.target]) for entry in SOURCES.get(wanted, []) if entry.kind == b"1")
    assert host.contents == expected, sorted(host.contents)
    assert not host.leftovers, host.leftovers


@contextlib.contextmanager
def _fault(case: Case, volume: Volume) -> Iterator[None]:
    """Let it happen now, or inside at the moment of the case."""
    happen = FAULTS[case.fault]
    if case.moment == "before":
        happen(volume)
        yield
        return
    owner, name, count = MOMENTS[case.moment]
    original, calls = getattr(owner, name), 0

    def counted(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            happen(volume)
        return original(*arguments, **keywords)

    with mock.patch.object(owner, name, counted):
        yield
        assert calls >= count, f"it did not come to {case.moment}"


def _release(case: Case, volume: Volume) -> None:
    if case.fault == "read-only":
        volume.remount("rw")
    volume.release()


def _left_out(names: Iterable[str], directory: Path) -> set[str]:
    """Which kinds of file systems this machine does not have; it is told why."""
    reasons = {}
    for name in names:
        with tempfile.TemporaryDirectory(dir=directory) as top:
            reasons[name] = hindrance(name, Path(top))
    told = "; ".join(f"{name} ({why})" for name, why in reasons.items() if why)
    if told:
        print(f"disk faults: left out are {told}")
    return {name for name, why in reasons.items() if why}


def _is_right(case: Case, directory: Path, sources: Path, verbose: bool) -> bool:
    with tempfile.TemporaryDirectory(dir=directory) as top:
        start = time.monotonic()
        try:
            check(case, Path(top), sources)
        except AssertionError as e:
            print(f"WRONG: {case}\n    {e}")
            return False
        if verbose:
            print(f"{time.monotonic() - start:5.2f} s {case}")
        return True


def main() -> None:
    """Carry out all cases, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="", help="only those that this regular expression finds")
    parser.add_argument("--verbose", action="store_true", help="tell of each")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("disk faults: left out, because it takes root to mount file systems.")
        return
    cases = [case for case in CASES if re.search(options.cases, str(case))]
    with temporary_directory() as directory:
        sources = directory / "sources"
        sources.mkdir()
        for name, entries in SOURCES.items():
            (sources / f"{name}.tar.xz").write_bytes(tar_archive(entries, "xz"))
        missing = _left_out(dict.fromkeys(case.volume for case in cases), directory)
        cases = [case for case in cases if case.volume not in missing]
        wrong = sum(not _is_right(case, directory, sources, options.verbose) for case in cases)
    kinds = len({case.volume for case in cases})
    print(f"disk faults: {len(cases)} cases on {kinds} kinds of file systems, {wrong} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

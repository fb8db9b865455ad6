# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A models path on a disk that is full at each write of a run in turn: a tmpfs that is a page larger each time.

A run for which there is no room has to say so, whatever it has done by then. Each model is whole at that moment, and
once there is room the same run converges. Removals have to work without any room.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator
from unittest import mock

from ansible_collections.localai.core.plugins.module_utils._module.models import execute

from ..support.host import IS_ROOT, temporary_directory
from .model_scenarios import ModelScenario, begin, model_sources
from .model_state import ModelJudge, ModelState

_PAGE = 4096
_LARGE = 64 * 1024**2
_NO_ROOM = re.compile(r"No space left on device\. Free some space|of free space, but at least .* Free some space")
# The first of them cannot fail for want of room.
_CHOSEN = ("model removal", "model install", "model upgrade", "model config", "model resumed")
_ROUNDS = 400


def checks(scenario: ModelScenario, judge: ModelJudge, top: Path, every: int) -> Iterator[list[str]]:
    """Run a scenario with more and more room, until there is enough; yields what is wrong each time."""
    template = top / "template"
    for number in range(_ROUNDS):
        with _mounted(top / f"disk-{number}") as disk:
            subprocess.run(["cp", "-a", str(template), str(disk)], check=True)
            _resize(disk, _used(disk) + number * every * _PAGE)
            # The check before the first write would leave most writes untested.
            foretelling = mock.patch.object(execute, "check_space", return_value=None)
            with foretelling if number % 4 else contextlib.nullcontext():
                result = scenario.carry_out(disk / "template")
            faults = list(judge.now(disk / "template"))
            if result["failed"] and not _NO_ROOM.search(result["msg"]):
                faults.append(f"it says {result['msg']}")
            if not result["failed"] and not judge.is_done(disk / "template"):
                faults.append("it ends with something else")
            _resize(disk, _LARGE)
            faults += judge.faults(disk / "template")
            yield [f"{scenario.name}, {number * every} free pages: {fault}" for fault in faults]
            if not result["failed"]:
                return
    yield [f"{scenario.name}: {_ROUNDS * every} free pages are not enough"]


@contextlib.contextmanager
def _mounted(path: Path) -> Iterator[Path]:
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_LARGE}", "localai-test", str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def _resize(path: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(path)], check=True)


def _used(path: Path) -> int:
    status = os.statvfs(path)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def main() -> None:
    """Run all, and count; whatever is wrong is printed and ends in a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="by how many pages the disk grows each time")
    options = parser.parse_args()
    if not IS_ROOT:
        print("models on full disks: left out, because it takes root to mount file systems.")
        return
    wrong: list[str] = []
    runs = 0
    with temporary_directory() as path, model_sources(path / "sources") as sources:
        for scenario in (row for row in sources.scenarios() if row.name in _CHOSEN):
            top = path / scenario.name.replace(" ", "-")
            begin(scenario, sources, top / "template")
            subprocess.run(["cp", "-a", str(top / "template"), str(top / "done")], check=True)
            done = scenario.carry_out(top / "done")
            assert not done["failed"], done["msg"]
            old, new = (ModelState.of(top / name) for name in ("template", "done"))
            for faults in checks(scenario, ModelJudge(scenario, top / "template", old, new), top, options.every):
                runs += 1
                wrong += faults
    print("".join(f"{fault}\n" for fault in wrong), end="")
    print(f"models on full disks: {runs} sizes of a disk, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

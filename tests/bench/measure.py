# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of one variant, and what it took."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from .served import Served
from .variants import Place, Variant

_STOPWATCH = str(Path(__file__).with_name("stopwatch.py"))


@dataclass(frozen=True)
class Run:
    """What a run took: seconds, and bytes.

    `wall` and `cpu` of ours are those of the install inside the library, `process` is the wall time of the whole
    process. For the others both are the same. `disk` is what was occupied at the peak beyond the final tree.
    """

    case: str
    variant: str
    round: int
    wall: float
    cpu: float
    process: float
    memory: int
    disk: int


def measure(case: str, variant: Variant, served: Served, number: int, work: Path) -> Run:
    """Run a variant for a case in a new directory, which is removed afterwards."""
    place = Place(work / "run" / "tree", work / "run" / "scratch")
    place.scratch.mkdir(parents=True)
    os.sync()  # what an earlier run left to be written is no concern of this one
    with Usage(work) as usage:
        lines = _output(variant, served, place)
    figures = json.loads(lines[-1])
    inner = json.loads(lines[0]) if variant.inner else figures
    if not list(place.tree.glob(variant.leaves or served.proof)):
        sys.exit(f"{variant.name} did not fetch {served.name}.")
    shutil.rmtree(place.scratch)
    os.sync()
    disk = max(0, usage.peak - occupied(work))
    shutil.rmtree(work / "run")
    return Run(
        case,
        variant.name,
        number,
        wall=inner["wall"],
        cpu=inner["cpu"],
        process=figures["wall"],
        memory=figures["memory"],
        disk=disk,
    )


def _output(variant: Variant, served: Served, place: Place) -> list[str]:
    command = [sys.executable, "-I", "-S", _STOPWATCH, *variant.command(served, place)]
    # Whatever they keep in temporary files or at home counts as their disk.
    own = {"HOME": str(place.scratch), "TMPDIR": str(place.scratch), "no_proxy": "127.0.0.1"}
    environment = {**os.environ, **own}
    done = subprocess.run(
        command, check=False, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{variant.name} failed with {served.reference}.")
    return done.stdout.splitlines()


def cpu_of_children() -> float:
    """The seconds of processor time that ended child processes have used so far, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def occupied(work: Path) -> int:
    """The bytes that a file system holds."""
    status = os.statvfs(work)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


class Usage:
    """Watches in a thread how much of a file system is occupied."""

    def __init__(self, work: Path) -> None:
        self.peak = 0
        self._work = work
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, occupied(self._work))
            if self._over.wait(0.02):
                return

    def __enter__(self) -> Usage:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._thread.join()

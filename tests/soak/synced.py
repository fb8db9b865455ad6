# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it costs that a backend is on the disk before it is seen: how long an installation waits for its syncs.

The source is a directory, so that nothing but copying takes time beside them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable
from unittest import mock

from ansible_collections.localai.core.plugins.module_utils._fs import sync
from ansible_collections.localai.core.plugins.module_utils._store import store

from .scenarios import carry_out


def trees(scale: float) -> dict[str, tuple[int, int]]:
    """The backends to measure, shared libraries and a virtual environment: how many files, and how large each is."""
    return {"llama": (7, int(50_000_000 * scale)), "python": (int(40_000 * scale), 28_000)}


def write_source(top: Path, count: int, size: int) -> None:
    """Write a backend of so many files."""
    content = os.urandom(size)
    for number in range(count):
        path = top / f"{number // 100}" / f"{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (top / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")


def installed(source: Path, path: Path) -> tuple[float, float]:
    """Install a backend and remove it; returns how long the installation took, and how much of that its syncs."""
    waited = 0.0

    def timed(call: Callable[[int], None]) -> Callable[[int], None]:
        def wait(fd: int) -> None:
            nonlocal waited
            begun = time.perf_counter()
            call(fd)
            waited += time.perf_counter() - begun

        return wait

    os.sync()  # what was written before counts for nobody
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(store, "write_out", timed(sync.write_out)))
        stack.enter_context(mock.patch.object(sync, "write_out_entries", timed(sync.write_out_entries)))
        start = time.perf_counter()
        result = carry_out({"name": ["measured"], "uri": str(source), "capability": "default"}, path)
        taken = time.perf_counter() - start
    if result["failed"]:
        sys.exit(result["msg"])
    shutil.rmtree(path)
    return taken, waited


def main() -> None:
    """Measure, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="on the file system to measure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes of a few files, of the number of many")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        for name, (count, size) in trees(options.scale).items():
            top = Path(directory, name)
            write_source(top / "source", count, size)
            rounds = [installed(top / "source", top / "backends") for _round in range(options.rounds)]
            taken, waited = (statistics.median(values) for values in zip(*rounds))
            amount = f"{count} files, {count * size / 1e6:.0f} MB"
            print(f"syncs, {name}: {amount}, {waited:.2f} s of the {taken:.2f} s of an installation", flush=True)


if __name__ == "__main__":
    main()

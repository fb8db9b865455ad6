# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the verification of a signature adds to an installation: the same image with and without, in turns.

Each installation is a process of its own, as of Ansible, so that the libraries are loaded each time. The image is small
and the registry is on this machine, so that nothing else takes long.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ansible_collections.localai.core.plugins.modules import localai_backend

from ..support.module import run_module
from ..support.playbook import COLLECTIONS
from ..support.registry import Registry
from ..support.signed_world import SignedWorld

# Seconds and requests that a verified image may take more.
MOST_SECONDS, MOST_REQUESTS = 0.1, 3


def install(options: dict[str, Any]) -> None:
    """Install the backend as the module does, and print the seconds that the run took."""
    start = time.perf_counter()
    result = run_module(localai_backend.main, options)
    if result["failed"]:
        sys.exit(result["msg"])
    print(time.perf_counter() - start)


def measured(world: SignedWorld, directory: Path, number: int, mode: str) -> tuple[float, int]:
    """Return the seconds and the requests of one installation."""
    world.registry.requests.clear()
    options = {
        **world.options,
        "signatures": mode,
        "name": ["piper"],
        "backends_path": str(directory / f"{mode}{number}"),
        "backends_system_path": str(directory / "system"),
        "capability": "default",
    }
    command = [sys.executable, "-m", __spec__.name if __spec__ else "", "--install", json.dumps(options)]
    output = subprocess.run(command, cwd=COLLECTIONS, check=True, capture_output=True, text=True).stdout
    return float(output), len(world.registry.requests)


def main() -> None:
    """Measure in turns, print a table, and fail if it takes more than the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--sample", action="store_true", help="without a goal for the time, on a busy machine")
    parser.add_argument("--install", type=json.loads)
    options = parser.parse_args()
    if options.install:
        install(options.install)
        return
    with Registry(referrers=True) as registry, tempfile.TemporaryDirectory() as top:
        world = SignedWorld(registry, Path(top))
        world.sign()
        measured(world, Path(top), -1, "enforce")
        rounds = [
            {mode: measured(world, Path(top), number, mode) for mode in ("ignore", "enforce")}
            for number in range(options.rounds)
        ]
    seconds = {mode: statistics.median(row[mode][0] for row in rounds) for mode in ("ignore", "enforce")}
    added = statistics.median(row["enforce"][0] - row["ignore"][0] for row in rounds)
    requests = max(row["enforce"][1] - row["ignore"][1] for row in rounds)
    print(f"signatures: ignore {seconds['ignore']:.3f} s, enforce {seconds['enforce']:.3f} s; in a round, verification")
    print(f"adds {added:.3f} s (goal {MOST_SECONDS}) and {requests} requests (goal {MOST_REQUESTS}).")
    sys.exit(requests > MOST_REQUESTS or (added > MOST_SECONDS and not options.sample))


if __name__ == "__main__":
    main()

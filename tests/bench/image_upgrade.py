# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An upgrade of one backend: as a layer of a container image with the server and all else, and by `localai_backend`.

The container image has a layer that stays the same and the layer of the backend, as an image that is built with its
backends in it. `localai_backend` gets the same backend from an image of its own. Before each measured run, the host has
the first build. Then the run gets the second one.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Sequence

from ansible_collections.localai.core.plugins.modules import localai_backend

from ..support.archives import file
from ..support.backends import RUN_SH
from ..support.docker_registry import docker_registry
from ..support.images import host_platform, image_around
from ..support.module import run_module
from ..support.playbook import COLLECTIONS
from ..support.push import Pusher, Target
from .images import MIB, Material, libraries, modules, push_layer
from .measure import Usage, cpu_of_children, occupied
from .report import table
from .volume import volume

SERVER, BACKEND = "bench/server", "bench/backend"
_MB = 1000**2


@dataclass(frozen=True)
class Way:
    """A command that brings a build to the host, for a registry, the number of the build and a directory.

    What this machine cannot run is left out, except ours.
    """

    name: str
    command: Callable[[str, int, Path], Sequence[str]]
    proof: str  # a pattern for the file that tells which build there is
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """What one upgrade took: seconds, and bytes. `peak` and `left` are beyond what was there before it."""

    wall: float
    cpu: float
    transfer: int
    peak: int
    left: int


class LeftOut(Exception):
    """A way that this machine cannot run."""


def push_builds(host: str, scale: float, scratch: Path) -> None:
    """Push two builds of the backend, each as an image of its own and in an image with the server."""
    pusher = Pusher(Target(host, plain_http=True))
    same = push_layer(modules(0, int(10000 * scale), Material(scale)), pusher, [SERVER], scratch)
    for number in (1, 2):
        run_file = [file("run.sh", RUN_SH, 0o755), file("build", str(number).encode())]
        content = libraries("lib", 12, int(28 * MIB * scale), Material(scale, seed=number + 1))
        backend = push_layer([*run_file, *content], pusher, [SERVER, BACKEND], scratch)
        for repository, layers in ((SERVER, [same, backend]), (BACKEND, [backend])):
            around = image_around([each[0] for each in layers], [each[1] for each in layers], host_platform())
            pusher.push(repository, str(number), around)
    scratch.unlink()


def _ours(host: str, number: int, directory: Path) -> list[str]:
    options = {
        "name": ["benchmark"],
        "uri": f"{host}/{BACKEND}:{number}",
        "state": "latest",
        "keep_previous": 1,  # as the others keep the first build
        "backends_path": str(directory / "backends"),
        "backends_system_path": str(directory / "system"),
        "capability": "default",
    }
    module = __spec__.name if __spec__ else ""
    return ["env", "-C", str(COLLECTIONS), sys.executable, "-m", module, "--install", json.dumps(options)]


def _podman(host: str, number: int, directory: Path) -> list[str]:
    storage = ["--root", str(directory / "root"), "--runroot", str(directory / "run")]
    return [
        "podman",
        *storage,
        "--storage-driver",
        "overlay",
        "pull",
        "-q",
        "--tls-verify=false",
        f"{host}/{SERVER}:{number}",
    ]


def _skopeo(host: str, number: int, directory: Path) -> list[str]:
    """The layout keeps the layers from build to build. The tree is new each time, as that of a container."""
    layout, tree = shlex.quote(str(directory / "layout")), shlex.quote(str(directory / f"tree{number}"))
    copy = f"skopeo copy -q --insecure-policy --src-tls-verify=false docker://{host}/{SERVER}:{number} oci:{layout}:new"
    unpack = "umoci --log error raw unpack" + ("" if os.geteuid() == 0 else " --rootless")
    return ["bash", "-c", f"set -e; {copy}; {unpack} --image {layout}:new {tree}"]


OURS = Way("ours", _ours, "backends/benchmark/build")
WAYS = (
    OURS,
    Way("podman pull", _podman, "root/overlay/*/diff/build", ("podman",)),
    Way("skopeo, umoci", _skopeo, "tree*/build", ("skopeo", "umoci")),
)


def measure(way: Way, host: str, log: Path, work: Path) -> Run:
    """Bring the first build, and measure how the second one comes."""
    missing = [need for need in way.needs if shutil.which(need) is None]
    if missing:
        raise LeftOut(f"there is no {' and no '.join(missing)}")
    directory = work / "host"
    (directory / "tmp").mkdir(parents=True)
    try:
        _run(way, host, 1, directory)
    except subprocess.CalledProcessError as error:
        if way is OURS:
            sys.exit(f"{way.name}:\n{error.stdout}{error.stderr}")
        shutil.rmtree(directory)
        raise LeftOut(f"it does not work here: {error.stderr.strip()}") from error
    os.sync()
    before, sent_before = occupied(work), sent(log)
    with Usage(work) as usage:
        wall, cpu = time.perf_counter(), cpu_of_children()
        _run(way, host, 2, directory)
        subprocess.run(["sync", "-f", str(directory)], check=True)
        wall, cpu = time.perf_counter() - wall, cpu_of_children() - cpu
    builds = {path.read_text(encoding="ascii") for path in directory.glob(way.proof)}
    if "2" not in builds:
        sys.exit(f"{way.name} left the builds {builds}.")
    os.sync()
    run = Run(wall, cpu, sent(log) - sent_before, max(0, usage.peak - before), max(0, occupied(work) - before))
    shutil.rmtree(directory)
    return run


def _run(way: Way, host: str, number: int, directory: Path) -> None:
    own = {"TMPDIR": str(directory / "tmp"), "HOME": str(directory / "tmp"), "no_proxy": "127.0.0.1"}
    command = way.command(host, number, directory)
    subprocess.run(command, check=True, env={**os.environ, **own}, capture_output=True, text=True)


def sent(log: Path) -> int:
    """The bytes that the registry has sent so far."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if "response completed" in line and "http.request.method=GET" in line]
    return sum(int(found[1]) for line in lines if (found := re.search(r"http\.response\.written=(\d+)", line)))


def markdown(runs: dict[str, list[Run]]) -> str:
    """A table, with times as ratios to ours in the same round."""
    rows = []
    for name, mine in runs.items():
        times = [
            statistics.median(
                getattr(run, figure) / getattr(other, figure) for run, other in zip(mine, runs[OURS.name])
            )
            for figure in ("wall", "cpu")
        ]
        sizes = [statistics.median(getattr(run, size) for run in mine) / _MB for size in ("transfer", "peak", "left")]
        seconds = statistics.median(run.wall for run in mine)
        rows.append([name, f"{seconds:.2f}", *[f"{ratio:.2f}" for ratio in times], *[f"{size:.0f}" for size in sizes]])
    return table(["way", "seconds", "wall", "CPU", "transfer MB", "disk at the peak, MB", "disk left, MB"], rows)


def _install(options: dict[str, Any]) -> None:
    result = run_module(localai_backend.main, options)
    if result["failed"] or not result["changed"]:
        sys.exit(result.get("msg", "nothing changed"))


def main() -> None:
    """Measure in turns, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", type=Path, help="the program docker-registry")
    parser.add_argument("--directory", type=Path, help="for the images, and for the runs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--install", type=json.loads)
    options = parser.parse_args()
    if options.install:
        _install(options.install)
        return
    directory = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    runs: dict[str, list[Run]] = {}
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(docker_registry(options.registry, directory / "upgrade-registry"))
        work = stack.enter_context(volume(directory, os.environ.get("BENCH_DIR", "")))
        push_builds(registry["host"], options.scale, directory / "layer")
        log = directory / "upgrade-registry" / "registry.log"
        for number, way in itertools.product(range(options.rounds), WAYS):
            try:
                run = measure(way, registry["host"], log, work)
            except LeftOut as reason:
                print(f"Left out, because {reason}: {way.name}.", flush=True)
                continue
            runs.setdefault(way.name, []).append(run)
            print(f"{way.name:16} round {number + 1} {run.wall:6.2f} s", flush=True)
    shutil.rmtree(directory / "upgrade-registry")
    print(f"\n{options.rounds} rounds, medians:\n\n{markdown(runs)}")


if __name__ == "__main__":
    main()

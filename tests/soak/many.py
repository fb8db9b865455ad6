# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How times grow with what there is: backends, entries of a gallery, files of a backend.

Each thing is done with a quarter, half and all of it, in turns, and the best of the rounds counts, in seconds of the
processor, so that a busy machine is no slower. What grows in proportion is twice as much each time. The factors are
printed; nothing is concluded from them here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from pathlib import Path
from typing import Any, Callable, Iterator

from ansible_collections.localai.core.plugins.modules import localai_backend, localai_backend_info

from ..bench.volume import volume
from ..support.archives import file, write_tar
from ..support.module import run_module

Module = Callable[[], None]


class Times:
    """The best time of each thing that was done, by how much there was of it."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._best: dict[str, dict[int, float]] = {}

    def take(self, what: str, count: int, module: Module, options: dict[str, Any], changed: bool) -> Any:
        """Run a module and note how long it took; what it has to say about `changed` is insisted on."""
        start = time.process_time()
        result = run_module(module, options)
        taken = time.process_time() - start
        assert (result["failed"], result["changed"]) == (False, changed), result
        best = self._best.setdefault(what, {})
        best[count] = min(taken, best.get(count, taken))
        return result

    def tell(self) -> None:
        """Print the times, and by what each is more than the one before."""
        for what, best in self._best.items():
            counts, times = sorted(best), [best[count] for count in sorted(best)]
            factors = [f"{longer / shorter:.1f}" for shorter, longer in zip(times, times[1:])]
            print(
                f"{what}: {' '.join(f'{count:,}' for count in counts)} {self._unit} take "
                f"{' '.join(f'{taken:.3f}' for taken in times)} s, times {' and '.join(factors)}",
                flush=True,
            )


def _host(top: Path, gallery: Path) -> dict[str, Any]:
    return {
        "backends_path": str(top / "backends"),
        "backends_system_path": str(top / "system"),
        "capability": "default",
        "galleries": [{"name": "many", "url": str(gallery)}],
    }


def _write_gallery(path: Path, count: int, source: Path) -> None:
    """A gallery of `count` entries, half of them metas, each with what entries of LocalAI's own gallery have."""
    common = "  license: mit\n  description: |\n    Some lines of text\n    about a backend.\n  tags: [text, CPU]\n"
    with path.open("w", encoding="utf-8") as text:
        for number in range(count // 2):
            name = f"b{number:05}"
            text.write(f"- name: {name}\n  alias: {name}\n{common}")
            text.write(f"  capabilities:\n    default: cpu-{name}\n    nvidia: cuda-{name}\n")
            text.write(f"- name: cpu-{name}\n  alias: {name}\n  uri: {source}\n{common}")


def _backends(counts: list[int], rounds: int, top: Path) -> None:
    """Each name is a meta and the build that it points to: two directories."""
    times = Times("backends")
    source = top / "source"
    source.mkdir()
    (source / "run.sh").write_text("#!/bin/sh\n")
    _write_gallery(top / "gallery.yaml", counts[-1], source)
    for count in counts * rounds:
        host = _host(top, top / "gallery.yaml")
        names = [f"b{number:05}" for number in range(count // 2)]
        all_of_them = {**host, "name": names}
        times.take("install all", count, localai_backend.main, all_of_them, True)
        times.take("list", count, localai_backend_info.main, host, False)
        times.take("find one converged", count, localai_backend.main, {**host, "name": names[:1]}, False)
        times.take("find all converged", count, localai_backend.main, all_of_them, False)
        times.take("verify all", count, localai_backend.main, {**all_of_them, "verify": True}, False)
        times.take("install all again", count, localai_backend.main, {**all_of_them, "force": True}, True)
        times.take("remove all", count, localai_backend.main, {**all_of_them, "state": "absent"}, True)
        shutil.rmtree(top / "backends")
    times.tell()


def _galleries(counts: list[int], rounds: int, top: Path) -> None:
    times = Times("entries of a gallery")
    source = top / "source"
    source.mkdir()
    (source / "run.sh").write_text("#!/bin/sh\n")
    for count in counts:
        _write_gallery(top / f"{count}.yaml", count, source)
    for count in counts * rounds:
        host = _host(top, top / f"{count}.yaml")
        one = {**host, "name": [f"b{count // 2 - 1:05}"]}
        times.take("install one", count, localai_backend.main, one, True)
        times.take("list what is available", count, localai_backend_info.main, {**host, "available": True}, False)
        shutil.rmtree(top / "backends")
    times.tell()


def _files(counts: list[int], rounds: int, top: Path) -> None:
    times = Times("files of a backend")
    for count in counts:
        with (top / f"{count}.tar").open("wb") as stream:
            write_tar(stream, (file(name, name) for name in _paths(count)))
    for count in counts * rounds:
        host = {**_host(top, top), "galleries": []}
        one = {**host, "name": ["large"], "uri": str(top / f"{count}.tar")}
        times.take("install it", count, localai_backend.main, one, True)
        times.take("find it converged", count, localai_backend.main, one, False)
        times.take("verify it", count, localai_backend.main, {**one, "verify": True}, False)
        usage = {**host, "disk_usage": True}
        rows = times.take("tell its disk usage", count, localai_backend_info.main, usage, False)["backends"]
        assert rows[0]["disk_usage"] > count, rows
        absent = {**host, "name": ["large"], "state": "absent"}
        times.take("remove it", count, localai_backend.main, absent, True)
    times.tell()


def _paths(count: int) -> Iterator[str]:
    """Paths as those of Python packages: 100 files in each directory, a few directories deep."""
    yield "run.sh"
    for number in range(count - 1):
        yield f"venv/lib/site-packages/package{number // 2000}/part{number // 100 % 20}/module{number % 100}.py"


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="how much of 504 backends, 20,000 entries and so on")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--directory", type=Path, required=True, help="where to write")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    with volume(options.directory, os.environ.get("BENCH_DIR", "")) as work:
        for measure, most in ((_backends, 504), (_galleries, 20_000), (_files, 300_000)):
            whole = max(int(most * options.scale), 8) // 8 * 8
            top = work / measure.__name__
            top.mkdir()
            measure([whole // 4, whole // 2, whole], options.rounds, top)
            shutil.rmtree(top)


if __name__ == "__main__":
    main()

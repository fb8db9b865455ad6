# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a bundle that is ten times as large needs more memory: to fill it, and to install from it.

The content is in models with one file each. The figure is the peak of the resident memory of a process of its own.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator

from ansible_collections.localai.core.plugins.modules import localai_bundle, localai_model

from ..support.host import temporary_directory
from ..support.module import run_module
from .model_large import LargeFile, content

_GIB = 1024**3
# What may differ between two runs, for example because lists have more rows.
_MOST_RATIO = 1.15


class _Files(LargeFile):
    """Serves files of one size with different contents, by their numbers: `/7.gguf`."""

    def content(self, path: str, first: int, end: int) -> Iterator[bytes]:
        """Yield a part of a file."""
        match = re.match(r"/(\d+)\.gguf$", path)
        start = int(match[1]) * (self.size + 1024**2 - self.size % 1024**2) if match else 0
        return content(start + first, start + end)


def _peak(work: Callable[[], dict[str, Any]]) -> float:
    """Run a module in a process of its own; returns its peak of memory in MiB."""
    pid = os.fork()
    if not pid:
        result = work()
        print(result["msg"], file=sys.stderr)
        os._exit(1 if result["failed"] else 0)
    _pid, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "the run failed"
    return usage.ru_maxrss / 1024


def _models(count: int, url: str) -> list[dict[str, Any]]:
    return [
        {
            "name": f"model{number}",
            "files": [{"filename": f"{number}.gguf", "uri": f"{url}/{number}.gguf"}],
            "config": {"backend": "", "parameters": {"model": f"{number}.gguf"}},
        }
        for number in range(count)
    ]


def _peaks(count: int, server: _Files, top: Path) -> tuple[float, float]:
    """Fill a bundle with models, and install one of them from it; returns both peaks in MiB."""
    models = _models(count, f"http://127.0.0.1:{server.server_port}")
    bundle = {"path": str(top / "bundle"), "models": models, "model_galleries": []}
    filled = _peak(lambda: run_module(localai_bundle.main, bundle))
    task = {"models_path": str(top / "models"), "models": models[-1:], "galleries": [], "bundle": str(top / "bundle")}
    return filled, _peak(lambda: run_module(localai_model.main, task))


def main() -> None:
    """Compare both sizes; more memory for the larger one ends in a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1.0, help="of each model, in GiB")
    parser.add_argument(
        "--models", type=int, default=4, help="in the smaller bundle; the other one has ten times as many"
    )
    options = parser.parse_args()
    start = time.monotonic()
    peaks = []
    for count in (options.models, 10 * options.models):
        with temporary_directory() as top, _Files(int(options.size * _GIB) + 12_345) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            peaks.append(_peaks(count, server, top))
            server.shutdown()
    ratios = [large / small for small, large in zip(*peaks)]
    for what, small, large, ratio in zip(("filled", "installed"), *peaks, ratios):
        print(f"{what}: {small:.0f} MiB of memory, ten times the content: {large:.0f} MiB, ratio {ratio:.2f}")
    print(
        f"memory of bundles: {options.models} and {10 * options.models} models of {options.size} GiB, in "
        f"{time.monotonic() - start:.0f} s"
    )
    sys.exit(1 if max(ratios) > _MOST_RATIO else 0)


if __name__ == "__main__":
    main()

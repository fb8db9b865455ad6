# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transfers into a backends path: whole ones in this process, and ones that are killed in a process of their own.

As a program: carries out the transfer that its argument describes, in JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, Mapping

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._sources import resume
from ansible_collections.localai.core.plugins.module_utils._sources.source import Delivered

from . import delivery
from .interpreter import environment
from .module import run_module
from .trees import opened

_PATIENCE = 20.0


def transfer(path: Path, *uris: str, sha256: str = "", is_file: bool = False, **settings: Any) -> Delivered:
    """Install what is at one of these addresses as `x`; a single file becomes `x/file`."""
    accept = delivery.Anything() if is_file else None
    kinds = delivery.sources(accept, **settings)
    addresses = list(map(Address, uris))
    artifact = kinds.find_file(addresses, sha256, "file") if is_file else kinds.find(addresses, sha256)
    with opened(path) as store, kinds.deliver(artifact, store.stage, partials=store.partials) as (tree, delivered):
        store.publish(tree, "x")
    return delivered


def killed(path: Path, *uris: str, when: Callable[[], bool], **options: Any) -> None:
    """Begin such a transfer, and kill it when something has happened. All that arrives slowly is kept."""
    _kill({"path": str(path), "uris": uris, "options": options}, when)


def killed_task(task: Mapping[str, Any], when: Callable[[], bool], module: str = "localai_backend") -> None:
    """Begin a run of a module, and kill it in the same way."""
    _kill({"task": task, "module": module}, when)


def _kill(arguments: Mapping[str, Any], when: Callable[[], bool]) -> None:
    process = subprocess.Popen([sys.executable, "-m", __name__, json.dumps(arguments)], env=environment())
    deadline = time.monotonic() + _PATIENCE
    while not when():
        assert process.poll() is None, "the transfer ended before it could be killed"
        assert time.monotonic() < deadline, "the moment to kill the transfer never came"
        time.sleep(0.005)
    process.kill()
    assert process.wait() < 0


def partial_files(path: Path) -> list[Path]:
    """The partial files of a backends path."""
    return sorted((path / ".localai-core/partial").glob("*"))


def kept(path: Path) -> int:
    """How many bytes they have."""
    return sum(file.stat().st_size for file in partial_files(path))


def main() -> None:
    """Transfer as the arguments say."""
    arguments = json.loads(sys.argv[1])
    resume._LONG = 0.0
    if "task" in arguments:
        module = import_module(f"ansible_collections.localai.core.plugins.modules.{arguments['module']}")
        run_module(module.main, arguments["task"])
        return
    transfer(Path(arguments["path"]), *arguments["uris"], **arguments["options"])


if __name__ == "__main__":
    main()

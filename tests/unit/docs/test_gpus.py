# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example `gpu-hosts.yml` finds the hosts that do not have their GPU, or whose service may not open it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment
from ansible_collections.localai.core.tests.support.running_server import (
    KEY,
    LocalAI,
    Systemd,
    path_with,
    process_with,
)

# Without a GPU, a device that every machine has stands for the one of a GPU.
SITE = """
import glob

_glob = glob.glob
glob.glob = lambda pattern, **options: ["/dev/null"] if pattern == "/dev/dri/renderD*" else _glob(pattern, **options)
"""


class Site:
    """This machine as several hosts, each with a Python that sees other hardware and another unit."""

    def __init__(self, work: Path, pid: int) -> None:
        self._work, self._pid = work, pid
        self._hosts: dict[str, dict[str, Any]] = {}

    def add(
        self, name: str, capability: str, expected: Any = None, allow: str = "char-mem rw", gpu: bool = True
    ) -> None:
        """Add a host: its capability, what the inventory expects, and what its unit may open."""
        top = self._work / name
        top.mkdir()
        systemd = Systemd(top / "bin")
        systemd.states({"MainPID": self._pid, "DevicePolicy": "closed", "DeviceAllow": [allow]})
        (top / "sitecustomize.py").write_text(SITE if gpu else "", encoding="utf-8")
        variables = {
            "PATH": path_with(systemd),
            "PYTHONPATH": str(top),
            "LOCALAI_FORCE_META_BACKEND_CAPABILITY": capability,
        }
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        python = top / "python"
        python.write_text(f'#!/bin/sh\nexport {exports}\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
        python.chmod(0o755)
        self._hosts[name] = {"ansible_python_interpreter": str(python), "localai_home": str(top)}
        if expected is not None:
            self._hosts[name]["localai_expected_capability"] = expected

    def run(self) -> tuple[int, str, dict[str, tuple[int, int]]]:
        """Return the exit code, the output, and for each host how many tasks were good and how many failed."""
        variables = {"ansible_connection": "local", "ansible_become": False}
        inventory = {"localai": {"hosts": self._hosts, "vars": variables}}
        (self._work / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ansible", "playbook", "--inventory", str(self._work / "inventory.json")),
                str(COLLECTION / "docs" / "examples" / "gpu-hosts.yml"),
            ],
            env=environment(self._work),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        recap = re.findall(r"(?m)^(\w+) +: ok=(\d+) .* failed=(\d+) ", done.stdout)
        return done.returncode, done.stdout, {name: (int(ok), int(failed)) for name, ok, failed in recap}


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Iterator[Site]:
    with LocalAI() as server, process_with({"LOCALAI_ADDRESS": server.host, "LOCALAI_API_KEY": KEY}) as process:
        yield Site(tmp_path, process.pid)
        process.kill()


def test_hosts_without_their_gpu_are_found(site: Site) -> None:
    site.add("good", "nvidia-cuda-12", ["nvidia-cuda-12", "nvidia-cuda-13"])
    site.add("text", "amd", "amd")
    site.add("processor", "default", gpu=False)
    site.add("another", "default", "amd")
    site.add("forbidden", "amd", "amd", allow="char-kfd rw")
    site.add("bare", "intel", "intel", gpu=False)
    # A host that is left out has no line at the end.
    code, output, tasks = site.run()
    assert code == 2, output
    assert tasks == {
        "good": (5, 0),
        "text": (5, 0),
        "another": (1, 1),
        "forbidden": (3, 1),
        "bare": (3, 1),
    }
    text = re.sub(r"\s+", " ", output)
    assert "The capability is default (forced)." in text
    assert "/dev/null: DeviceAllow of the unit does not have it (char-mem or /dev/null)." in text
    assert "The server is ready. There are 0 devices of GPUs." in text

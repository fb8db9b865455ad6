# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs an example on this machine, except for what it does with the packages, accounts and services of a host."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

_OF_THE_HOST = {
    f"ansible.builtin.{name}" for name in ("command", "group", "package", "service", "systemd_service", "user")
}


def configured(
    work: Path, example: str, programs: Path | None = None, inventory: dict[str, Any] | None = None, **variables: Any
) -> str:
    """Run an example with variables of `-e`, and return what it prints.

    `programs` is a directory that comes first in PATH. `inventory` has variables of the hosts.
    """
    (play,) = yaml.safe_load((COLLECTION / "docs" / "examples" / example).read_text(encoding="utf-8"))
    play["tasks"] = [task for task in play["tasks"] if not _OF_THE_HOST & set(task)]
    play["handlers"] = [{"name": row["name"], "ansible.builtin.debug": {}} for row in play.get("handlers", [])]
    (work / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    local = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
    hosts = {"hosts": {"host": {}}, "vars": {**local, **(inventory or {})}}
    (work / "inventory.json").write_text(json.dumps({play["hosts"]: hosts}), encoding="utf-8")
    own = environment(work)
    if programs is not None:
        own["PATH"] = f"{programs}{os.pathsep}{own['PATH']}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "playbook", "--inventory", str(work / "inventory.json")),
            *(str(work / "play.json"), "--extra-vars", json.dumps(variables)),
        ],
        env={**own, "XDG_DATA_HOME": str(work / "data"), "XDG_CONFIG_HOME": str(work / "config")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host for the module that creates the role's directories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.localai.core.plugins.modules.localai_directory import main

from .module import run_module
from .playbook import COLLECTION

LAYOUT = ("home", "home/backends", "home/models", "home/data")
# In namespaces of its own, with ORIGINAL the path of the test: runs the module with arguments after some mounts.
MOUNTED = """
import json, subprocess, sys
from ansible_collections.localai.core.plugins.modules.localai_directory import main
from ansible_collections.localai.core.tests.support.module import run_module
mounts, arguments, check_mode = json.loads(sys.argv[1])
for mount in mounts:
    subprocess.run(mount, check=True)
print(json.dumps(run_module(main, arguments, check_mode)))
"""


class DirectoryHost:
    """A directory in which everything is, and the module there."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.record = top / "memory" / "directories.json"

    def run(self, state: str, *paths: str, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        return run_module(main, self.arguments(state, *paths, **options), check_mode)

    def arguments(self, state: str, *paths: str, mode: str = "0750", **options: Any) -> dict[str, Any]:
        rows = [{"path": str(self.top / path), "mode": mode} for path in paths]
        options["keep"] = [str(self.top / path) for path in options.get("keep", [])]
        return {"state": state, "directories": rows, "record": str(self.record), **options}

    def mounted(
        self, mounts: list[list[str]], state: str, *paths: str, check_mode: bool = False, **options: Any
    ) -> Any:
        arguments = json.dumps([mounts, self.arguments(state, *paths, **options), check_mode])
        output = subprocess.check_output(
            ["unshare", "--mount", sys.executable, "-c", MOUNTED, arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(COLLECTION.parents[2]), *sys.path])},
        )
        return json.loads(output)

    def recorded(self) -> list[str]:
        if not self.record.exists():
            return []
        document = json.loads(self.record.read_text())
        assert document["format"] == 1
        return [os.path.relpath(row["path"], self.top) for row in document["directories"]]

    def write(self, path: str, text: str = "") -> Path:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def all(self) -> list[str]:
        own = {self.record, self.record.parent} if self.record.exists() else set()
        return sorted(str(path.relative_to(self.top)) for path in self.top.rglob("*") if path not in own)


def can_mount() -> bool:
    """Return whether this user may mount something in namespaces of its own."""
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0

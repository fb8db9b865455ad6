# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for Ollama, as far as roles for it need one to manage models: the program, and the HTTP interface.

Both know the models of one directory, which has an empty file for each. Nothing is transferred, so a role is charged
for its own work only.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Sequence

from ..support.server import Answer, Request, Server

_PROGRAM = """#!/bin/sh
cd {directory} || exit 1
tagged() {{ case "$1" in *:*) echo "$1" ;; *) echo "$1:latest" ;; esac; }}
case "$1" in
    list) echo "NAME ID"; for name in *; do [ ! -e "$name" ] || echo "$name 0123456789ab"; done ;;
    pull) shift $(($# - 1)); echo "pulling manifest"; : > "$(tagged "$1")" ;;
    rm) rm "$(tagged "$2")" ;;
    *) exit 64 ;;
esac
"""


class Ollama(Server):
    """Answers `/api/tags`, `/api/pull` and `/api/delete`, and has a program in `prefix/bin`. A context manager."""

    def __init__(self, directory: Path) -> None:
        """The models and the program are below `directory`."""
        super().__init__(self._respond)
        self.models = directory / "models"
        self.prefix = directory / "prefix"
        self.models.mkdir()
        (self.prefix / "bin").mkdir(parents=True)
        program = self.prefix / "bin" / "ollama"
        program.write_text(_PROGRAM.format(directory=shlex.quote(str(self.models))), encoding="ascii")
        program.chmod(0o755)

    @property
    def port(self) -> str:
        """The port of the HTTP interface."""
        return self.host.rpartition(":")[2]

    @property
    def installed(self) -> list[str]:
        """The names of the models, with their tags."""
        return sorted(path.name for path in self.models.iterdir())

    def reset(self, names: Sequence[str]) -> None:
        """Have these models, and no others."""
        for path in self.models.iterdir():
            path.unlink()
        for name in names:
            (self.models / name).touch()

    def _respond(self, request: Request) -> Answer:
        if request.path == "/api/tags":
            return Answer(200, {"Content-Type": "application/json"}, json.dumps(self._tags()).encode())
        name = str(json.loads(request.body)["model"])
        name = name if ":" in name else f"{name}:latest"
        if request.path == "/api/pull":
            (self.models / name).touch()
        elif request.path == "/api/delete":
            (self.models / name).unlink()
        else:
            return Answer(404)
        return Answer(200, {"Content-Type": "application/json"}, b'{"status": "success"}')

    def _tags(self) -> dict[str, list[dict[str, str]]]:
        return {"models": [{"name": name, "model": name} for name in self.installed]}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A LocalAI server that runs: its HTTP interface on loopback, its process, and systemd's view of both.

It answers as LocalAI does, by its own rules: nothing here is shared with the collection.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from pathlib import Path
from typing import Any, Mapping
from urllib.parse import unquote

from .server import Answer, Request, Server

KEY = "sk-0123456789abcdef"
_OPEN = ("/readyz", "/healthz")

# Prints the first state, then the next with each call; the last one for ever.
_SYSTEMCTL = """#!/bin/sh
cd {directory} || exit 99
echo "$TZ $*" >> calls.systemctl
n=$(wc -l < calls.systemctl)
while [ "$n" -gt 1 ] && [ ! -e "state.$n" ]; do n=$((n - 1)); done
. ./before
cat "state.$n"
"""
_JOURNALCTL = """#!/bin/sh
cd {directory} || exit 99
echo "$*" >> calls.journalctl
cat journal
"""


class Systemd:
    """A directory with `systemctl` and `journalctl`, for PATH."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        (directory / "journal").touch()
        (directory / "before").touch()
        for name, script in (("systemctl", _SYSTEMCTL), ("journalctl", _JOURNALCTL)):
            (directory / name).write_text(script.format(directory=shlex.quote(str(directory))))
            (directory / name).chmod(0o755)
        self.states({})

    def states(self, *states: Mapping[str, Any]) -> None:
        """Let systemd tell one state after the other, each over that of a unit that runs."""
        for old in self.directory.glob("state.*"):
            old.unlink()
        for number, state in enumerate(states, 1):
            lines = [f"{name}={value}\n" for name, value in {**RUNNING, **state}.items() if not isinstance(value, list)]
            lines += [f"{name}={item}\n" for name, value in state.items() if isinstance(value, list) for item in value]
            (self.directory / f"state.{number}").write_text("".join(lines))
        (self.directory / "calls.systemctl").write_text("")

    def first(self, shell: str) -> None:
        """Let `systemctl` do something before it answers."""
        (self.directory / "before").write_text(shell)

    def journal(self, *lines: str) -> None:
        (self.directory / "journal").write_text("".join(f"{line}\n" for line in lines))

    def calls(self, name: str) -> list[str]:
        path = self.directory / f"calls.{name}"
        return path.read_text().splitlines() if path.exists() else []


RUNNING = {
    "Id": "localai.service",
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "Result": "success",
    "MainPID": 0,
    "NRestarts": 0,
    "UnitFileState": "enabled",
    "FragmentPath": "/etc/systemd/system/localai.service",
    "ExecMainStartTimestamp": "Sun 2026-11-29 19:58:22 UTC",
    "ExecMainCode": 0,
    "ExecMainStatus": 0,
    "User": "root",
    "DevicePolicy": "auto",
}


def process_with(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a process that has only this environment, and wait until the kernel shows that."""
    process = subprocess.Popen(["sleep", "600"], env=dict(environment))
    expected = b"".join(f"{name}={value}\0".encode() for name, value in environment.items())
    while Path(f"/proc/{process.pid}/environ").read_bytes() != expected:
        time.sleep(0.01)
    return process


class LocalAI(Server):
    """The server: what it has in memory, and what it was asked to do.

    `configurations` has the models by name, `loaded` those that run, `busy` how often a model refuses to be unloaded.
    """

    def __init__(self, key: str = KEY) -> None:
        super().__init__(self._respond)
        self.key = key
        self.ready = True
        self.registered = ["llama-cpp"]
        self.external: Path | None = None
        self.configurations: dict[str, dict[str, Any]] = {"qwen": {"name": "qwen", "backend": "llama-cpp"}}
        self.loaded: set[str] = set()
        self.busy: dict[str, int] = {}
        self.load_error: str | None = None
        self.text: Any = "Hello!"
        self.answers: dict[str, Answer] = {}

    def posts(self) -> list[tuple[str, Any]]:
        """What it was asked to do, in order."""
        return [(each.path, json.loads(each.body)) for each in self.requests if each.method == "POST"]

    def _respond(self, request: Request) -> Answer:
        if request.path in self.answers:
            return self.answers[request.path]
        if request.path in _OPEN:
            if request.method != "GET":
                return _error(401, "no key")
            return Answer(200 if self.ready else 503)
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return _error(401, f"this is not a key: {request.headers.get('authorization')}")
        return self._get(request) if request.method == "GET" else self._post(request)

    def _get(self, request: Request) -> Answer:
        if request.path == "/version":
            return _json({"version": "v4.9.0"})
        if request.path == "/system":
            external = json.loads(self.external.read_bytes()) if self.external and self.external.exists() else {}
            models = [{"id": name} for name in sorted(self.loaded)]
            return _json({"backends": [*external, *self.registered], "loaded_models": models})
        if request.path == "/v1/models":
            return _json({"object": "list", "data": [{"id": name, "object": "model"} for name in self.configurations]})
        prefix = "/api/models/config-json/"
        if request.path.startswith(prefix) and unquote(request.path[len(prefix) :]) in self.configurations:
            return _json(self.configurations[unquote(request.path[len(prefix) :])])
        return _error(404, "Resource not found")

    def _post(self, request: Request) -> Answer:
        if request.path == "/models/reload":
            return _json({"success": True, "message": "Model configurations reloaded successfully"})
        model = json.loads(request.body)["model"]
        if request.path == "/backend/shutdown":
            if self.busy.get(model):
                self.busy[model] -= 1
                return _error(500, "model is still busy")
            if model not in self.loaded:
                return _error(404, "Resource not found")
            self.loaded.discard(model)
            return _json({"message": "model stopped"})
        if request.path == "/backend/load":
            if self.load_error:
                return _json({"loaded": None, "message": self.load_error}, 500)
            self.loaded.add(model)
            return _json({"loaded": [model], "message": "model loaded"})
        if request.path == "/v1/chat/completions":
            return _json({"choices": [{"index": 0, "message": {"role": "assistant", "content": self.text}}]})
        return _error(404, "Resource not found")


def path_with(systemd: Systemd) -> str:
    """A PATH on which the programs of systemd come first."""
    return f"{systemd.directory}{os.pathsep}{os.environ['PATH']}"


def _json(document: Any, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(document).encode())


def _error(status: int, message: str) -> Answer:
    return _json({"error": {"code": status, "message": message, "type": ""}}, status)

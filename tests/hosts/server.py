# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the program `local-ai`, in what the role has to do with: its environment, its start and its answers.

It is packed with the model of LocalAI's listing into one file, which any Python runs. What is below /stand-in LocalAI
does not have: there a test loads models, and asks which run files the names stand for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from ..support.localai import run_files

_START_TAKES = 0.5
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_OPEN = ("/healthz", "/readyz")


@dataclass(frozen=True)
class _Start:
    """One start of it; what it found then, it never looks for again."""

    version: str
    ready_at: float
    run_files: dict[str, str]
    loaded: set[str] = field(default_factory=set)

    def load(self, model: str, backend: str) -> str:
        """Load a model, and return what its backend prints."""
        said = subprocess.check_output([self.run_files[backend]], text=True)
        self.loaded.add(model)
        return said.strip()


class _Handler(BaseHTTPRequestHandler):
    start: ClassVar[_Start]

    def do_GET(self) -> None:
        self._answer(*self._get() if self._may() else (401, None))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(*self._post(body) if self._may() else (401, None))

    def _get(self) -> tuple[int, Any]:
        if self.path == "/healthz":
            return 200, None
        if self.path == "/readyz":
            return (200 if time.monotonic() > self.start.ready_at else 503), None
        if self.path == "/system":
            models = [{"id": model} for model in sorted(self.start.loaded)]
            return 200, {"backends": sorted(self.start.run_files), "loaded_models": models}
        if self.path == "/stand-in":
            return 200, {"version": self.start.version, "run_files": self.start.run_files}
        return 404, None

    def _post(self, body: dict[str, str]) -> tuple[int, Any]:
        if self.path == "/backend/shutdown":
            known = body["model"] in self.start.loaded
            self.start.loaded.discard(body["model"])
            return (200 if known else 500), None
        if self.path == "/stand-in/load":
            return 200, self.start.load(body["model"], body["backend"])
        return 404, None

    def _may(self) -> bool:
        key = os.environ.get("LOCALAI_API_KEY", "")
        return not key or self.path in _OPEN or self.headers.get("Authorization") == f"Bearer {key}"

    def _answer(self, status: int, body: Any) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode("utf-8"))

    def log_message(self, *_arguments: object) -> None:
        """Nothing of it."""


def main(version: str, gets_ready: bool) -> None:
    """Serve as `local-ai run` does; one that does not get ready answers with 503 for ever."""
    if sys.argv[1:] != ["run"]:
        sys.exit("usage: local-ai run")
    host, _colon, port = os.environ.get("LOCALAI_ADDRESS", ":8080").rpartition(":")
    host = host.strip("[]")
    guarded = any(os.environ.get(name) for name in ("LOCALAI_API_KEY", "LOCALAI_AUTH"))
    if host not in _LOOPBACK and not guarded and os.environ.get("LOCALAI_ALLOW_INSECURE_PUBLIC_BIND") != "true":
        sys.exit("refusing to serve everybody without a key")
    models = Path(os.environ["LOCALAI_MODELS_PATH"])
    os.listdir(models)  # which may be somebody else's
    own = ["LOCALAI_MODELS_PATH"] if models.stat().st_uid == os.getuid() else []
    for name in (*own, "LOCALAI_DATA_PATH", "LOCALAI_CONFIG_DIR", "LOCALAI_BACKENDS_PATH"):
        probe = Path(os.environ[name], ".probe")
        probe.touch()
        probe.unlink()
    print(f"LocalAI {version} starts", flush=True)
    ready_at = time.monotonic() + _START_TAKES if gets_ready else float("inf")
    _Handler.start = _Start(version, ready_at, _backends(version))
    ThreadingHTTPServer((host, int(port)), _Handler).serve_forever()


def _backends(version: str) -> dict[str, str]:
    """The names that a server started now knows, with their run files."""
    return run_files(
        Path(os.environ["LOCALAI_BACKENDS_PATH"]),
        Path(os.environ["LOCALAI_BACKENDS_SYSTEM_PATH"]),
        os.environ.get("LOCALAI_FORCE_META_BACKEND_CAPABILITY", "default"),
        version,
    )

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the program `local-ai`, in what the role has to do with: its environment, its start and its answers.

It is packed with the model of LocalAI's listing into one file, which any Python runs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from localai import run_files  # type: ignore[import-not-found]  # beside this file in the packed one

_START_TAKES = 0.5
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main(version: str, gets_ready: bool) -> None:
    """Serve as `local-ai run` does; one that does not get ready answers with 503 for ever."""
    if sys.argv[1:] != ["run"]:
        sys.exit("usage: local-ai run")
    host, _colon, port = os.environ.get("LOCALAI_ADDRESS", ":8080").rpartition(":")
    host = host.strip("[]")
    guarded = any(os.environ.get(name) for name in ("LOCALAI_API_KEY", "LOCALAI_AUTH"))
    if host not in _LOOPBACK and not guarded and os.environ.get("LOCALAI_ALLOW_INSECURE_PUBLIC_BIND") != "true":
        sys.exit("refusing to serve everybody without a key")
    for name in ("LOCALAI_MODELS_PATH", "LOCALAI_DATA_PATH", "LOCALAI_CONFIG_DIR", "LOCALAI_BACKENDS_PATH"):
        probe = Path(os.environ[name], ".probe")
        probe.touch()
        probe.unlink()
    ready_at = time.monotonic() + _START_TAKES if gets_ready else float("inf")
    print(f"LocalAI {version} starts", flush=True)
    ThreadingHTTPServer((host, int(port)), _handler(version, _backends(), ready_at)).serve_forever()


def _backends() -> dict[str, str]:
    """The names that a server started now knows, with their run files; it never looks again."""
    return dict(
        run_files(
            Path(os.environ["LOCALAI_BACKENDS_PATH"]),
            Path(os.environ["LOCALAI_BACKENDS_SYSTEM_PATH"]),
            os.environ.get("LOCALAI_FORCE_META_BACKEND_CAPABILITY", "default"),
        )
    )


def _handler(version: str, backends: dict[str, str], ready_at: float) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                self._answer(200)
            elif self.path == "/readyz":
                self._answer(200 if time.monotonic() > ready_at else 503)
            elif self.path == "/system" and self._has_key():
                self._answer(200, {"version": version, "backends": backends, "loaded_models": []})
            else:
                self._answer(401 if self.path == "/system" else 404)

        def _has_key(self) -> bool:
            key = os.environ.get("LOCALAI_API_KEY", "")
            return not key or self.headers.get("Authorization") == f"Bearer {key}"

        def _answer(self, status: int, body: object = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode("utf-8"))

        def log_message(self, *_arguments: object) -> None:
            """Nothing of it."""

    return Handler

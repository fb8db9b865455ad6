# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server for the demo and the daily check: by default the stand-in for LocalAI, which runs real backends.

It runs as an ordinary user.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any, Iterator

from ..hosts.releases import pack

_START_TIMEOUT = 60.0
# A real model is loaded by the first question.
_ANSWER_TIMEOUT = 300.0


@contextlib.contextmanager
def server(work: Path, program: Path | None = None) -> Iterator[str]:
    """Run a program with the backends and models below a directory; yields its URL when it is ready.

    It installs nothing by itself.
    """
    if program is None:
        program = work / "local-ai"
        pack(program, "v0.0.0")
        program.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    paths = {name: str(work / name) for name in ("backends", "models", "data", "configuration")}
    variables = {
        "LOCALAI_ADDRESS": f"127.0.0.1:{port}",
        "LOCALAI_BACKENDS_PATH": paths["backends"],
        "LOCALAI_BACKENDS_SYSTEM_PATH": str(work / "system"),
        "LOCALAI_MODELS_PATH": paths["models"],
        "LOCALAI_DATA_PATH": paths["data"],
        "LOCALAI_CONFIG_DIR": paths["configuration"],
        "LOCALAI_GENERATED_CONTENT_PATH": str(work / "data" / "generated"),
        "LOCALAI_UPLOAD_PATH": str(work / "data" / "uploads"),
        "LOCALAI_BACKEND_GALLERIES": "[]",
        "LOCALAI_GALLERIES": "[]",
    }
    with subprocess.Popen([program, "run"], env={**os.environ, **variables}, stdout=subprocess.DEVNULL) as process:
        try:
            _wait(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def chat(url: str, model: str, prompt: str) -> str:
    """What a model answers."""
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    asked = urllib.request.Request(
        f"{url}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=_ANSWER_TIMEOUT) as answer:
        return str(json.load(answer)["choices"][0]["message"]["content"])


def _wait(url: str) -> None:
    end = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")

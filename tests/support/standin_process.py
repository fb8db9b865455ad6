# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in for LocalAI's server as a process of its own, on a port of this machine."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

from ..hosts.releases import pack

CHAT = "name: chat\nbackend: Echo\nparameters:\n  model: chat.bin\n"


@dataclass
class Standin:
    """A program with directories of its own."""

    directory: Path
    port: int
    process: subprocess.Popen[str] | None = None

    def pack(self, version: str, kind: str) -> None:
        """Replace the program."""
        (self.directory / "local-ai").unlink()
        pack(self.directory / "local-ai", version, kind)

    def run_file(self, backend: str, script: str) -> Path:
        """Write a backend."""
        path = self.directory / "backends" / backend / "run.sh"
        self.write(str(path.relative_to(self.directory)), f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def write(self, name: str, text: str) -> None:
        """Rename a file into its place."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name("new-file.json")
        new.write_text(text, encoding="utf-8")
        new.rename(path)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start it, without waiting for anything."""
        settings = {
            "LOCALAI_ADDRESS": f"127.0.0.1:{self.port}",
            "STANDIN_START": "0",
            "STANDIN_LOAD_FAILURE": "0",
            "STANDIN_BUSY": "0.3",
            "TMPDIR": str(self.directory),
            "PATH": os.environ["PATH"],
        }
        self.process = subprocess.Popen(
            [sys.executable, str(self.directory / "local-ai"), "run"],
            cwd=self.directory,
            env={**settings, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self.process

    def ready(self, **environment: str) -> Standin:
        """Start it, and wait until it is ready."""
        process = self.start(**environment)
        end = time.monotonic() + 20
        while self.ask("/readyz")[0] != 200:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end, "it does not get ready"
            time.sleep(0.02)
        return self

    def ask(self, path: str, body: Any = None, method: str = "", **headers: str) -> tuple[int, Any]:
        """The status and the content of an answer; 0 if nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = None if body is None else json.dumps(body)
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method or ("GET" if body is None else "POST"), path, data, names)
            answer = connection.getresponse()
            text = answer.read()
        except ConnectionRefusedError:
            return 0, None
        finally:
            connection.close()
        return answer.status, json.loads(text) if text else None

    def eventually(self, path: str, expected: Any, **headers: str) -> bool:
        """Whether it answers, in some seconds at most, with this status, or with this content."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if expected in self.ask(path, **headers):
                return True
            time.sleep(0.02)
        return False

    def for_a_while(self, path: str, **headers: str) -> Iterator[tuple[int, Any]]:
        """Its answers for half a second, in which a change of a file would count."""
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            yield self.ask(path, **headers)
            time.sleep(0.02)

    def ended(self) -> tuple[int, str]:
        """The exit code and the errors of one that ends."""
        assert self.process is not None
        _output, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors

    def answer(self, model: str, seconds: float = 0) -> tuple[int, str]:
        """The status and the text of a chat completion."""
        body = {"model": model, "messages": [], "stand_in_seconds": seconds}
        status, content = self.ask("/v1/chat/completions", body)
        return status, content["choices"][0]["message"]["content"] if status == 200 else ""

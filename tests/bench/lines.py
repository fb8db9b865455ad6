# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines to a server: how fast they are, and what the server at their end does; each can be run as a process."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

_START_TIMEOUT = 30.0


@dataclass(frozen=True)
class Line:
    """Rates are in bytes a second, the time to the first byte of each answer in seconds; 0 is no limit."""

    per_connection: int = 0
    per_client: int = 0
    first_byte: float = 0.0
    ranges: bool = True
    most: int = 0  # requests at a time; more are answered with 429
    redirects: bool = False  # a registry sends clients to another port for blobs

    @property
    def arguments(self) -> list[str]:
        """The options of `throttled_server`."""
        return [
            f"--per-connection={self.per_connection}",
            f"--per-client={self.per_client}",
            f"--first-byte={self.first_byte}",
            f"--most={self.most}",
            *([] if self.ranges else ["--no-ranges"]),
            *(["--redirects"] if self.redirects else []),
        ]


@contextlib.contextmanager
def running(line: Line, files: Path, storage: Path, state: Path) -> Iterator[str]:
    """Run a server at the end of a line, as a process of its own; the value is its `host:port`."""
    state.unlink(missing_ok=True)
    server = [sys.executable, "-m", f"{__package__}.throttled_server", "run", "--state", str(state)]
    content = ["--files", str(files), "--storage", str(storage), "--lifetime", "86400"]
    with subprocess.Popen([*server, *content, *line.arguments], stdin=subprocess.DEVNULL) as process:
        try:
            yield _host(process, state)
        finally:
            state.unlink(missing_ok=True)  # which ends it


def _host(process: subprocess.Popen[bytes], state: Path) -> str:
    end = time.monotonic() + _START_TIMEOUT
    while not state.exists():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            sys.exit("The throttled server did not start.")
        time.sleep(0.02)
    return str(json.loads(state.read_text(encoding="utf-8"))["host"])

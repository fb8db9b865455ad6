# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the installation of a model with one file of several GiB goes on where it died.

The run is killed again and again in the middle of the transfer, and between that the server drops the connection. In
the end the file has the right digest, and what was transferred for it is little more than its size.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator, Mapping

from ..support.host import temporary_directory
from .model_scenarios import carry_out
from .state import leftovers
from .strace import started

_GIB, _MIB = 1024**3, 1024**2
# The content: zeros, with its own offset at the start of each MiB.
_BLOCK = _MIB
_LONGEST = 600.0
# What is on its way between the server and the disk.
_LOST = 64 * _MIB


class LargeFile(ThreadingHTTPServer):
    """Serves one made-up file of `size` bytes, with ranges; drops each connection after `most` bytes if that is set."""

    daemon_threads = True

    def __init__(self, size: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.size = size
        self.most = 0
        self.sent = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where the file is."""
        return f"http://127.0.0.1:{self.server_port}/large.gguf"

    def content(self, _path: str, first: int, end: int) -> Iterator[bytes]:
        """Yield a part of the file."""
        return content(first, end)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that die are part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LargeFile

    def do_HEAD(self) -> None:
        """Describe the file."""
        self._begin(0)

    def do_GET(self) -> None:
        """Send the file, from the offset that is asked for."""
        match = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("Range", ""))
        first, last = (int(match[1]), int(match[2] or self.server.size - 1)) if match else (0, self.server.size - 1)
        last = min(last, self.server.size - 1)
        self._begin(first if match else None, last)
        end = min(last + 1, first + (self.server.most or self.server.size))
        for chunk in self.server.content(self.path, first, end):
            self.wfile.write(chunk)
            with self.server.lock:
                self.server.sent += len(chunk)
        self.close_connection = end <= last

    def _begin(self, first: int | None, last: int | None = None) -> None:
        size = self.server.size
        is_part = first is not None and last is not None
        self.send_response(206 if is_part else 200)
        if first is not None and last is not None:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str((last if last is not None else size - 1) + 1 - (first or 0)))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"1"')
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Requests are counted, not printed."""


def content(first: int, end: int) -> Iterator[bytes]:
    """Yield the content of the file from one offset to another."""
    while first < end:
        start = first - first % _BLOCK
        block = start.to_bytes(16, "big").ljust(_BLOCK, b"\0")
        yield block[first - start : end - start]
        first = start + _BLOCK


def killed_after(task: dict[str, Any], path: Path, server: LargeFile, count: int) -> bool:
    """Let a run die when so many more bytes were sent to it; returns whether it came so far."""
    before, deadline = server.sent, time.monotonic() + _LONGEST
    pid = started(lambda: _succeed(task, path))
    os.kill(pid, signal.SIGCONT)
    while server.sent - before < count:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0, "the run failed by itself"
            return False
        assert time.monotonic() < deadline, "the transfer takes too long"
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def _succeed(task: dict[str, Any], path: Path) -> None:
    result = carry_out(task, path)
    assert not result["failed"], result["msg"]


def faults(size: int, kills: int, proved: bool, top: Path) -> Iterator[str]:
    """Install the model while runs die; yields what is wrong."""
    digest = _digest(size)
    with LargeFile(size) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        path = top / "models"
        row = {"filename": "large.gguf", "uri": server.url, **({"sha256": digest} if proved else {})}
        config = {"backend": "llama-cpp", "parameters": {"model": "large.gguf"}}
        task = {"name": ["large"], "galleries": [], "files": [row], "config": config}
        for number in range(kills):
            # Each other run also meets a server that drops its connections.
            server.most = size // 7 if number % 2 else 0
            if not killed_after(task, path, server, size // (kills + 1)):
                yield "a run came to its end before it was killed"
            if (path / "large.yaml").exists() or (path / "large.gguf").exists():
                yield "a part of the file is visible"
        server.most = size // 5
        result = carry_out(task, path)
        server.shutdown()
        if result["failed"]:
            yield f"the last run fails: {result['msg']}"
            return
        # A killed run may not have written all that it had got.
        lost = kills * _LOST
        yield from _wrong_result(result["models"][0], size, digest, size // (kills + 1) + lost)
        if server.sent > size + lost:
            yield f"{server.sent} bytes were sent for a file of {size}"
        if carry_out({**task, "verify": True}, path)["changed"]:
            yield "its content is not the one that was served"
        yield from (f"{left} is left" for left in leftovers(path))


def _wrong_result(row: Mapping[str, Any], size: int, digest: str, most: int) -> Iterator[str]:
    (file,) = row["files"]
    if (file["size"], file["sha256"]) != (size, digest):
        yield f"it reports {json.dumps(file)}"
    if row["bytes_transferred"] > most:
        yield f"the last run transferred {row['bytes_transferred']} bytes"


def _digest(size: int) -> str:
    hasher = hashlib.sha256()
    for chunk in content(0, size):
        hasher.update(chunk)
    return hasher.hexdigest()


def main() -> None:
    """Install it with and without a known digest; whatever is wrong is printed and ends in a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=4.0, help="of the file, in GiB")
    parser.add_argument("--kills", type=int, default=5, help="how many runs are killed")
    options = parser.parse_args()
    size = int(options.size * _GIB) + 12_345
    wrong: list[str] = []
    start = time.monotonic()
    for proved in (True, False):
        with temporary_directory() as top:
            wrong += faults(size, options.kills, proved, top)
    print("".join(f"{fault}\n" for fault in wrong), end="")
    told = f"two files of {options.size} GiB, {options.kills} runs killed for each"
    print(f"large models: {told}, in {time.monotonic() - start:.0f} s, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server and registry whose line is slow in the ways that lines and servers of the Internet are.

As a program: `start --state FILE --files DIR`, with what `--help` lists, later `stop --state FILE`. The state file
tells its address. It must never be the bottleneck itself, so it sends files by `sendfile` and sleeps meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Iterator, Mapping

from ..support import daemon
from .lines import Line
from .pacing import Pacer
from .sites import Elsewhere, Resource, Site

_SLICE_TIME = 0.005  # seconds
_LARGEST_SLICE = 4 * 1024**2
_REASONS = {
    200: "OK",
    206: "Partial Content",
    307: "Temporary Redirect",
    400: "Bad Request",
    404: "Not Found",
    416: "Range Not Satisfiable",
    429: "Too Many Requests",
}


@dataclass(frozen=True)
class _Request:
    """What this server reads of a request; the names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


class ThrottledServer:
    """Serves a site over a line, on free ports of loopback; its threads end with the process."""

    def __init__(self, line: Line, site: Site, port: int = 0) -> None:
        self._line = line
        self._site = site
        self._shared = [Pacer(line.per_client)] if line.per_client else []
        rates = [rate for rate in (line.per_connection, line.per_client) if rate]
        self._slice = max(1, int(min(rates) * _SLICE_TIME)) if rates else _LARGEST_SLICE
        self._lock = threading.Lock()
        self._busy = 0
        self.host = self._listen(port)
        self._storage_host = self._listen(0)

    def _listen(self, port: int) -> str:
        """Accept connections in a thread; returns the address."""
        listener = socket.create_server(("127.0.0.1", port), backlog=128)

        def accept() -> None:
            while True:
                connection, _address = listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    def _serve(self, connection: socket.socket) -> None:
        """Answer the requests of one connection; clients may go away whenever they like."""
        line = self._line
        pacers = [*([Pacer(line.per_connection)] if line.per_connection else []), *self._shared]
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                request = _read(stream)
                if request is None:
                    connection.sendall(_head(400, {"Content-Length": "0", "Connection": "close"}))
                    return
                with self._counted() as busy:
                    if line.first_byte:
                        time.sleep(line.first_byte)
                    if line.most and busy > line.most:
                        connection.sendall(_head(429, {"Content-Length": "0"}))
                    else:
                        self._answer(request, connection, pacers)
                if request.headers.get("connection", "").lower() == "close":
                    return

    @contextlib.contextmanager
    def _counted(self) -> Iterator[int]:
        """Count a request while it is answered; the value is the number of those with it."""
        with self._lock:
            self._busy += 1
            busy = self._busy
        try:
            yield busy
        finally:
            with self._lock:
                self._busy -= 1

    def _answer(self, request: _Request, connection: socket.socket, pacers: list[Pacer]) -> None:
        found = self._site.find(request.path.partition("?")[0])
        if isinstance(found, Resource):
            self._send(found, request, connection, pacers)
        elif isinstance(found, Elsewhere):
            location = f"http://{self._storage_host}{found.path}"
            connection.sendall(_head(307, {"Location": location, "Content-Length": "0"}))
        else:
            connection.sendall(_head(404, {"Content-Length": "0"}))

    def _send(self, resource: Resource, request: _Request, connection: socket.socket, pacers: list[Pacer]) -> None:
        with resource.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            status, first, end = 200, 0, size
            headers = {"Content-Type": resource.content_type, "ETag": resource.etag}
            if resource.digest:
                headers["Docker-Content-Digest"] = resource.digest
            if self._line.ranges:
                headers["Accept-Ranges"] = "bytes"
                status, first, end = extent(request.headers, size, resource.etag)
            if status == 206:
                headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
            elif status == 416:
                headers["Content-Range"] = f"bytes */{size}"
            headers["Content-Length"] = str(end - first)
            connection.sendall(_head(status, headers))
            while first < end and request.method != "HEAD":
                count = min(self._slice, end - first)
                pause = max((pacer.reserve(count) for pacer in pacers), default=0.0)
                if pause:
                    time.sleep(pause)
                first += _sent(connection, file, first, count)


def extent(headers: Mapping[str, str], size: int, etag: str) -> tuple[int, int, int]:
    """The status, the first byte and the one after the last for a request's Range and If-Range; one range at most."""
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
    if not match or headers.get("if-range", etag) != etag:
        return 200, 0, size
    first, end = int(match[1]), min(int(match[2] or size) + 1, size)
    return (206, first, end) if first < end else (416, 0, 0)


def _sent(connection: socket.socket, file: BinaryIO, offset: int, count: int) -> int:
    """Send some bytes of a file, all of them unless the file ends; returns their number."""
    left = count
    while left:
        sent = os.sendfile(connection.fileno(), file.fileno(), offset + count - left, left)
        if not sent:
            raise OSError("The file became shorter.")
        left -= sent
    return count


def _read(stream: BinaryIO) -> _Request | None:
    """The next request; None for what is none, as a greeting for TLS. Raises OSError at the end."""
    first = stream.readline(8192)
    if not first:
        raise ConnectionError("The client is done.")
    words = first.decode("latin-1").split()
    if len(words) != 3 or words[0] not in ("GET", "HEAD"):
        return None
    headers: dict[str, str] = {}
    while True:
        line = stream.readline(65536).decode("latin-1").strip()
        if not line:
            return _Request(words[0], words[1], headers)
        name, _colon, value = line.partition(":")
        headers[name.lower()] = value.strip()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", *[f"{name}: {value}" for name, value in headers.items()]]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--files", type=Path, required=True, help="the directory to serve")
    parser.add_argument("--storage", type=Path, default=Path(os.devnull), help="of a registry, served at /v2/")
    parser.add_argument("--port", type=int, default=0, help="a free one by default")
    parser.add_argument("--per-connection", type=int, default=0, help="bytes a second of each connection")
    parser.add_argument("--per-client", type=int, default=0, help="bytes a second of all connections together")
    parser.add_argument("--first-byte", type=float, default=0.0, help="seconds to the first byte of each answer")
    parser.add_argument("--most", type=int, default=0, help="requests at a time; more are answered with 429")
    parser.add_argument("--no-ranges", dest="ranges", action="store_false", help="ignore Range")
    parser.add_argument("--redirects", action="store_true", help="send clients to another port for blobs")


@contextlib.contextmanager
def _service(options: argparse.Namespace) -> Iterator[Mapping[str, str]]:
    line = Line(
        options.per_connection,
        options.per_client,
        options.first_byte,
        ranges=options.ranges,
        most=options.most,
        redirects=options.redirects,
    )
    site = Site(options.files.resolve(), options.storage.resolve(), options.redirects)
    server = ThrottledServer(line, site, options.port)
    yield {"host": server.host, "url": f"http://{server.host}"}


if __name__ == "__main__":
    daemon.main(_add_options, _service)

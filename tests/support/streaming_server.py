# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server on loopback that sends tokens one by one when a test lets it, as LocalAI does when a model has made one.

`/readyz` is for everybody, and `/v1/models` needs the key. `/stream` sends each event after `release`, `/slow` its
first byte after some seconds, `/upload` the size of the body, and `/realtime` speaks WebSocket as far as the handshake,
then sends back each byte.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Mapping
from urllib.parse import parse_qs, urlsplit

KEY = "a-key"
_WEB_SOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_value(key: str) -> str:
    """Return the header with which a server accepts a WebSocket handshake (RFC 6455, section 4.2.2)."""
    # The protocol wants SHA-1, and no secret depends on it.
    digest = hashlib.sha1(f"{key}{_WEB_SOCKET_GUID}".encode("ascii"))
    return base64.b64encode(digest.digest()).decode("ascii")


class StreamingServer:
    """The server. `headers` has the headers of the last request, by their names in lower case."""

    def __init__(self) -> None:
        """Listen, and answer nothing yet."""
        self.headers: Mapping[str, str] = {}
        self.paths: list[str] = []
        self.wants_key = True
        self.client_is_gone = threading.Event()
        self.stopping = threading.Event()
        self._released: queue.Queue[str | None] = queue.Queue()
        self._http = _HTTPServer(self)
        self.host = f"127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> StreamingServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def release(self, event: str | None) -> None:
        """Let the server send an event, or with None the end of the stream."""
        self._released.put(event)

    def forget(self) -> None:
        """Forget what an earlier test released."""
        self._released = queue.Queue()
        self.client_is_gone.clear()

    def next_event(self) -> str | None:
        """Wait until a test lets the server send the next event."""
        while not self.stopping.is_set():
            with contextlib.suppress(queue.Empty):
                return self._released.get(timeout=0.05)
        return None


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: StreamingServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HTTPServer

    def log_message(self, *_arguments: object) -> None:
        """Be silent."""

    def do_GET(self) -> None:
        """Answer a request without a body."""
        self._answer()

    def do_POST(self) -> None:
        """Answer a request with a body."""
        self._answer()

    def _answer(self) -> None:
        url, owner = urlsplit(self.path), self.server.owner
        # Proxies ask for it by themselves.
        if url.path != "/readyz":
            owner.paths.append(self.path)
            owner.headers = {name.lower(): value for name, value in self.headers.items()}
        if url.path.endswith("/stream"):
            self._stream()
        elif url.path.endswith("/slow"):
            owner.stopping.wait(float(parse_qs(url.query)["seconds"][0]))
            self._send(200, b"at last")
        elif url.path.endswith("/upload"):
            self._send(200, str(self._size_of_body()).encode("ascii"))
        elif url.path.endswith("/realtime"):
            self._realtime()
        elif url.path == "/readyz":
            self._send(200, b"OK")
        else:
            has_key = self.headers["Authorization"] == f"Bearer {KEY}"
            self._send(200 if has_key or not owner.wants_key else 401, b"{}")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self._size_of_body()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        owner = self.server.owner
        with contextlib.suppress(ConnectionError):
            while True:
                event = owner.next_event()
                if event is None:
                    self.wfile.write(b"0\r\n\r\n")
                    return
                data = f"data: {event}\n\n".encode("ascii")
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        owner.client_is_gone.set()
        self.close_connection = True

    def _size_of_body(self) -> int:
        """Read the body, and return its size."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        total = 0
        while True:
            size = int(self.rfile.readline(), 16)
            total += len(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return total

    def _realtime(self) -> None:
        connection = self.headers.get("Connection", "").lower()
        if self.headers.get("Upgrade", "").lower() != "websocket" or "upgrade" not in connection:
            self._send(426, b"")
            return
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept_value(self.headers["Sec-WebSocket-Key"]))
        self.end_headers()
        while data := self.connection.recv(4096):
            self.connection.sendall(data)
        self.close_connection = True

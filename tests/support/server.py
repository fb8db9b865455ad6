# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small HTTP/1.1 server on loopback for tests: it records requests, serves ranges and misbehaves when told to."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Callable, Iterator, Mapping, TypeVar
from urllib.parse import parse_qs

AnyServer = TypeVar("AnyServer", bound="Server")


@dataclass(frozen=True)
class Request:
    """One request as it came in; the names of its headers are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    at: float = field(default=0.0, compare=False)  # time.monotonic() of its arrival

    def parameter(self, name: str) -> str:
        """The first value of a query parameter, empty when it is not there."""
        return parse_qs(self.query).get(name, [""])[0]


@dataclass(frozen=True)
class Answer:
    """What to send: the response, and how badly to send it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ranges: bool = False  # Range requests are served from this body
    offset: int = 0  # where `body` starts in the whole of it
    delay: float = 0.0  # seconds before anything is sent
    cut: int | None = None  # close the connection after so many bytes of the body
    reset: bool = False  # with RST instead of FIN
    stall: tuple[int, float] | None = None  # after so many bytes send nothing for so many seconds
    rate: int | None = None  # bytes per second
    raw: bytes | None = None  # these bytes instead of a response, then close

    def with_headers(self, headers: Mapping[str, str | None]) -> Answer:
        """The same with some headers set or, where None, left out."""
        changed = {name.lower() for name in headers}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in changed}
        kept.update((name, value) for name, value in headers.items() if value is not None)
        return replace(self, headers=kept)


@dataclass(frozen=True)
class Fault:
    """A deviation from the right answer for requests whose path and method match; subclasses say which deviation."""

    path: str = ""  # regular expression, searched in the path
    method: str = ""  # every method when empty
    skip: int = 0  # let so many matching requests through first
    times: int | None = None  # then act so many times; None: for ever

    def matches(self, request: Request) -> bool:
        """Whether this fault is about that request."""
        return self.method in ("", request.method) and re.search(self.path, request.path) is not None

    def request(self, request: Request) -> Request:
        """The request as the server shall see it."""
        return request

    def answer(self, request: Request, answer: Answer) -> Answer:
        """What is sent in place of the right answer."""
        return answer


class Server:
    """Sends what `answer` returns for each request, on a free port of one address; a context manager.

    The first of `faults` that matches a request changes its answer. One with `times` leaves the list when it is used
    up, so an empty list in the end proves that the client met them all.
    """

    def __init__(
        self, answer: Callable[[Request], Answer], tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
    ) -> None:
        """`tls` is a context for the server side; without one the server speaks plain HTTP."""
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self.connections = 0
        self.most_at_once = 0  # requests that were being answered at the same time
        self.stopping = threading.Event()
        self._answer = answer
        self._lock = threading.Lock()
        self._at_once = 0
        self._http = _HTTPServer(self, tls, address)
        self.host = f"{address}:{self._http.server_port}"
        self.url = "{}://{}".format("https" if tls else "http", self.host)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self: AnyServer) -> AnyServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def exchange(self, request: Request) -> Answer:
        """Record the request and find what to send, faults included."""
        with self._lock:
            self.requests.append(request)
            fault = self._next_fault(request)
        seen = fault.request(request)
        answer = _in_range(seen, self._answer(seen))
        return fault.answer(request, answer.with_headers({"Content-Length": str(len(answer.body))}))

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request for as long as it is being answered."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def _next_fault(self, request: Request) -> Fault:
        for number, fault in enumerate(self.faults):
            if not fault.matches(request):
                continue
            if fault.skip:
                self.faults[number] = replace(fault, skip=fault.skip - 1)
                continue
            if fault.times is not None:
                self.faults[number : number + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
            return fault
        return Fault()


def _in_range(request: Request, answer: Answer) -> Answer:
    """Apply the request's Range header (a single range) to a whole body."""
    if not answer.ranges or answer.status != 200:
        return answer
    answer = answer.with_headers({"Accept-Ranges": "bytes"})
    match = re.match(r"bytes=(\d*)-(\d*)$", request.headers.get("range", ""))
    etag = answer.headers.get("ETag", "")
    if not match or not any(match.groups()) or request.headers.get("if-range", etag) != etag:
        return answer
    total = len(answer.body)
    if match[1]:
        first, last = int(match[1]), min(int(match[2] or total), total - 1)
    else:
        first, last = max(total - int(match[2]), 0), total - 1
    if first > last:
        return replace(answer, status=416, body=b"").with_headers({"Content-Range": f"bytes */{total}"})
    part = replace(answer, status=206, body=answer.body[first : last + 1], offset=first)
    return part.with_headers({"Content-Range": f"bytes {first}-{last}/{total}"})


class _HTTPServer(ThreadingHTTPServer):
    """A thread and, if wanted, TLS per connection; none stays open after the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, owner: Server, tls: ssl.SSLContext | None, address: str) -> None:
        self.owner = owner
        self._tls = tls
        self._open: set[socket.socket] = set()
        super().__init__((address, 0), _Handler)

    def server_bind(self) -> None:
        """As HTTPServer does it, but without asking the resolver for a name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()[:2]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls:  # the handshake takes place at the first read, in the connection's own thread
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.owner.connections += 1
        self._open.add(connection)
        return connection, address

    def close_request(self, request: Any) -> None:
        self._open.discard(request)
        super().close_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # its own thread, or the client, was faster
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests; anything else is a mistake in the test and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Turns what comes over the wire into a Request and an Answer into what goes over it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HTTPServer

    def exchange(self) -> None:
        """Serve one request, whatever its method."""
        with self.server.owner.answering():
            self._exchange()

    def _exchange(self) -> None:
        path, _sep, query = self.path.partition("?")
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            headers[name.lower()] = ", ".join([headers[name.lower()], value]) if name.lower() in headers else value
        body = self.rfile.read(int(headers.get("content-length", "0")))
        answer = self.server.owner.exchange(Request(self.command, path, query, headers, body, time.monotonic()))
        if answer.delay:
            self.server.owner.stopping.wait(answer.delay)
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
        else:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self._send_body(answer)
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _send_body(self, answer: Answer) -> None:
        body = memoryview(b"" if self.command == "HEAD" else answer.body)[: answer.cut]
        framed = "Transfer-Encoding" in answer.headers or answer.headers.get("Content-Length") == str(len(answer.body))
        if not framed or answer.cut is not None:
            self.close_connection = True
        if answer.stall:
            self._send_paced(body[: answer.stall[0]], answer.rate)
            self.server.owner.stopping.wait(answer.stall[1])
            body = body[answer.stall[0] :]
        self._send_paced(body, answer.rate)

    def _send_paced(self, data: memoryview, rate: int | None) -> None:
        step = max(rate // 20, 1) if rate else max(len(data), 1)
        for start in range(0, len(data), step):
            self.wfile.write(data[start : start + step])
            if rate:
                self.server.owner.stopping.wait(step / rate)

    def log_message(self, *_arguments: Any) -> None:
        """Requests are recorded, not printed."""


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_Handler, "do_" + _method, _Handler.exchange)

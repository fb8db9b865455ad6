# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client for LocalAI's own HTTP interface: no proxy, no redirects, one time limit for a whole exchange."""

from __future__ import annotations

import enum
import http.client
import io
import json
import socket
import ssl
import time
import typing as t
from dataclasses import dataclass

from .address import ServerUrl

# The largest answer that is read, in bytes.
_MAX_BODY = 16 * 1024**2


class Outcome(enum.Enum):
    """How an exchange ended."""

    ANSWERED = "answered"
    CLOSED = "closed"
    SILENT = "silent"
    BROKEN = "broken"


@dataclass(frozen=True)
class Answer:
    """The outcome of a request: an answer, or in `problem` why there is none.

    `CLOSED`: nothing accepts connections there. `SILENT`: the time was over. `BROKEN`: anything else, such as an answer
    that is cut off or is not HTTP.
    """

    outcome: Outcome
    status: int = 0
    body: bytes = b""
    problem: str = ""


class Client:
    """Sends requests to one server, with a key if there is one."""

    def __init__(self, url: ServerUrl, key: str = "") -> None:
        self.url = url
        self._key = key

    def get(self, path: str, seconds: float) -> Answer:
        """Return the answer to a GET, after at most `seconds`."""
        return self._exchange("GET", path, None, seconds)

    def post(self, path: str, document: t.Mapping[str, t.Any], seconds: float) -> Answer:
        """Return the answer to a POST of JSON, after at most `seconds`."""
        return self._exchange("POST", path, json.dumps(document).encode("ascii"), seconds)

    def _exchange(self, method: str, path: str, body: bytes | None, seconds: float) -> Answer:
        deadline = time.monotonic() + seconds
        try:
            with self._connected(deadline) as connected:
                connection = http.client.HTTPConnection(self.url.host, self.url.port)
                connection.sock = _TimedSocket(connected, deadline)
                connection.request(method, self.url.path + path, body, self._headers(body))
                response = connection.getresponse()
                content = response.read(_MAX_BODY + 1)
        except ConnectionRefusedError:
            return Answer(Outcome.CLOSED, problem="the port is closed")
        except socket.timeout:
            return Answer(Outcome.SILENT, problem=f"there was no answer within {seconds:.3g} seconds")
        except OSError as e:
            return Answer(Outcome.BROKEN, problem=e.strerror or type(e).__name__)
        except http.client.HTTPException as e:
            return Answer(Outcome.BROKEN, problem=f"the answer is not HTTP, or is cut off ({type(e).__name__})")
        except ValueError:
            # Its text would contain the key.
            return Answer(Outcome.BROKEN, problem="the key or the URL has characters that cannot be sent")
        if len(content) > _MAX_BODY:
            return Answer(Outcome.BROKEN, response.status, problem=f"the answer has more than {_MAX_BODY} bytes")
        if response.length:
            return Answer(Outcome.BROKEN, response.status, problem="the answer is cut off")
        return Answer(Outcome.ANSWERED, response.status, content)

    def _connected(self, deadline: float) -> socket.socket:
        connected = socket.create_connection((self.url.host, self.url.port), _left(deadline))
        if self.url.scheme == "http":
            return connected
        try:
            return ssl.create_default_context().wrap_socket(connected, server_hostname=self.url.host)
        except BaseException:
            connected.close()
            raise

    def _headers(self, body: bytes | None) -> dict[str, t.Any]:
        headers: dict[str, t.Any] = {"Accept": "application/json", "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._key:
            headers["Authorization"] = b"Bearer " + self._key.encode("utf-8", "surrogateescape")
        return headers


class _TimedSocket:
    """A socket with a deadline: the time limit of a plain one starts again with each byte."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(_left(self._deadline))
        self._socket.sendall(data)

    def makefile(self, *_arguments: t.Any, **_settings: t.Any) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._socket, self._deadline))

    def close(self) -> None:
        """Leave it open: http.client closes it before the body is read."""


class _TimedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: float) -> None:
        super().__init__()
        self._socket = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        self._socket.settimeout(_left(self._deadline))
        return self._socket.recv_into(buffer)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout
    return left

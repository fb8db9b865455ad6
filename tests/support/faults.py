# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with a server's answer: put these into the `faults` of a Server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Mapping

from .server import Answer, Fault, Request


@dataclass(frozen=True)
class Status(Fault):
    """Another status, e.g. 500 three times, or 429 with `{"Retry-After": "1"}`."""

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def answer(self, request: Request, answer: Answer) -> Answer:
        return Answer(self.status, dict(self.headers, **{"Content-Length": str(len(self.body))}), self.body)


@dataclass(frozen=True)
class Headers(Fault):
    """Other headers; None leaves one out. A wrong or missing digest, length, range or media type, or a huge header."""

    headers: Mapping[str, str | None] = field(default_factory=dict)

    def answer(self, request: Request, answer: Answer) -> Answer:
        return answer.with_headers(self.headers)


@dataclass(frozen=True)
class Redirect(Fault):
    """To another place, in which `{path}` points to the requested path: `{path}` alone is a loop."""

    location: str = "{path}"
    status: int = 307

    def answer(self, request: Request, answer: Answer) -> Answer:
        location = self.location.replace("{path}", request.path)
        return Answer(self.status, {"Location": location, "Content-Length": "0"})


@dataclass(frozen=True)
class Delay(Fault):
    """Silence before the first byte of the response."""

    seconds: float = 3600.0

    def answer(self, request: Request, answer: Answer) -> Answer:
        return replace(answer, delay=self.seconds)


@dataclass(frozen=True)
class Stall(Fault):
    """Silence after so many bytes of the body, then the rest."""

    after: int = 0
    seconds: float = 3600.0

    def answer(self, request: Request, answer: Answer) -> Answer:
        return replace(answer, stall=(self.after, self.seconds))


@dataclass(frozen=True)
class Rate(Fault):
    """A slow body."""

    bytes_per_second: int = 1000

    def answer(self, request: Request, answer: Answer) -> Answer:
        return replace(answer, rate=self.bytes_per_second)


@dataclass(frozen=True)
class Cut(Fault):
    """The connection ends after so many bytes of the body."""

    after: int = 0
    reset: bool = False

    def answer(self, request: Request, answer: Answer) -> Answer:
        return replace(answer, cut=self.after, reset=self.reset)


@dataclass(frozen=True)
class Corrupt(Fault):
    """One byte, counted from the start of the whole file, is another one; also in the part that a range asks for."""

    at: int = 0

    def answer(self, request: Request, answer: Answer) -> Answer:
        body = bytearray(answer.body)
        if 0 <= self.at - answer.offset < len(body):
            body[self.at - answer.offset] ^= 0xFF
        return replace(answer, body=bytes(body))


@dataclass(frozen=True)
class CorruptAndCut(Corrupt):
    """One byte is another one, and the connection ends after so many bytes of the body."""

    after: int = 0

    def answer(self, request: Request, answer: Answer) -> Answer:
        return replace(super().answer(request, answer), cut=self.after)


@dataclass(frozen=True)
class IgnoreRange(Fault):
    """200 with everything, whatever range was asked for."""

    def request(self, request: Request) -> Request:
        return replace(request, headers={name: text for name, text in request.headers.items() if name != "range"})


@dataclass(frozen=True)
class Chunked(Fault):
    """A body of unknown length in chunks of a few bytes."""

    size: int = 1000

    def answer(self, request: Request, answer: Answer) -> Answer:
        pieces = [answer.body[start : start + self.size] for start in range(0, len(answer.body), self.size)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
        chunked = answer.with_headers({"Content-Length": None, "Transfer-Encoding": "chunked"})
        return replace(chunked, body=body)


@dataclass(frozen=True)
class Raw(Fault):
    """These bytes instead of an HTTP response, then the end; by default just the end."""

    data: bytes = b""

    def answer(self, request: Request, answer: Answer) -> Answer:
        return replace(answer, raw=self.data)

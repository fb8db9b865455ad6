# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retries: which statuses and errors are transient, how often to try again, and how long to wait before."""

from __future__ import annotations

import enum
import random
import re
import socket
import ssl
import time
import typing as t

from .._errors import TransportError

# The statuses that a later attempt may not get again, with 499 of nginx and its relatives, whose client went away, and
# 529 and 598 to 599 of overloaded services and proxies. Of Cloudflare, 520 to 524, 527 and 530 mean that the server
# behind it does not answer now. 525 and 526 mean a faulty certificate there, and 501, 505, 507, 508, 510 and 511 also
# need somebody to act.
TRANSIENT_STATUSES = frozenset((408, 425, 429, 499, 500, 502, 503, 504, *range(520, 525), 527, 529, 530, 598, 599))
# The statuses that a later attempt would get again.
LASTING_STATUSES = frozenset(range(200, 600)) - TRANSIENT_STATUSES
# In seconds: the longest pause of our own, and the longest one that a server may ask for.
LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 120.0
# The seconds for each retry that attempts without a connection may take, pauses not counted.
CONNECTING_SECONDS = 10.0

# The name may have an address later. POSIX calls all other errors of getaddrinfo permanent.
_TRANSIENT_NAME_ERRORS = (socket.EAI_AGAIN, socket.EAI_SYSTEM)
_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3}) ?(.*)", re.DOTALL)

_Result = t.TypeVar("_Result")


class Fault(enum.Enum):
    """The consequence of a connection error for the next attempt, and for other requests to the same server."""

    # Something broke that may work the next time.
    TRANSIENT = enum.auto()
    # The server sent nothing for too long. It may work the next time.
    SILENT = enum.auto()
    # There was no connection. It may work the next time.
    UNREACHABLE = enum.auto()
    # No request to this server can work during this run.
    UNUSABLE = enum.auto()
    # This request cannot work.
    LASTING = enum.auto()


class Transient(Exception):
    """An error that a later attempt may not meet.

    `after` is the pause in seconds that the server asks for, `status` that of its answer, `advice` what to do about the
    error. `server` is the one that did not answer at all, and `connected` whether it accepted the connection.
    """

    def __init__(
        self,
        reason: str,
        after: float | None = None,
        status: int | None = None,
        *,
        advice: str = "",
        server: str = "",
        connected: bool = True,
    ) -> None:
        super().__init__(reason)
        self.after = after
        self.status = status
        self.advice = advice
        self.server = server
        self.connected = connected


class Retry:
    """The attempts of one request, with a back-off between them.

    When `retries` are used up without progress, `give_up` gets the last error, and TransportError names all of them.
    So it is when several attempts without a connection took `CONNECTING_SECONDS` for each retry: a server that does not
    answer at all must not hold up its mirrors for long.
    """

    def __init__(
        self,
        request: str,
        retries: int,
        sleep: t.Callable[[float], None],
        give_up: t.Callable[[Transient], None],
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._retries = retries
        self._sleep = sleep
        self._give_up = give_up
        self._clock = clock
        self._reasons: dict[str, None] = {}
        self._failures = 0
        self._waited = 0.0
        self._attempted = 0.0
        self._began = clock()

    def call(self, attempt: t.Callable[[], _Result]) -> _Result:
        """Return the result of the first attempt that raises no transient error; raises TransportError."""
        while True:
            try:
                return attempt()
            except Transient as e:
                self.wait_after(e)

    def progress(self) -> None:
        """Begin a new budget of retries."""
        self._failures = 0
        self._attempted = 0.0
        self._began = self._clock()

    def wait_after(self, error: Transient) -> None:
        """Wait before the next attempt; raises TransportError if there is none."""
        self._reasons[str(error)] = None
        self._failures += 1
        self._attempted += self._clock() - self._began
        took_long = self._attempted >= self._retries * CONNECTING_SECONDS
        is_too_long = took_long and self._failures > 1 and not error.connected
        if self._failures > self._retries or is_too_long:
            self._give_up(error)
            raise TransportError(
                f"{self._request}: {'; '.join(self._reasons)} (tried {self._failures} times without progress, "
                f"waited {self._waited:.0f} s in all){error.advice and '. ' + error.advice}",
                error.status,
            ) from error
        pause = error.after
        if pause is None:
            spread = random.uniform(0.5, 1.0)  # noqa: S311 -- not a secret
            pause = min(2.0 ** (self._failures - 1), LONGEST_PAUSE) * spread
        self._waited += pause
        self._sleep(pause)
        self._began = self._clock()


def fault_of(error: BaseException) -> Fault:
    """Return the kind of an error of requests, urllib3 or the standard library."""
    import urllib3
    from requests import exceptions

    known = list(causes(error))
    innermost = known[-1]
    tunnel = tunnel_answer(error)
    if tunnel is not None:
        return Fault.UNREACHABLE if tunnel[0] in TRANSIENT_STATUSES else Fault.UNUSABLE
    if isinstance(innermost, socket.gaierror):
        return Fault.UNREACHABLE if innermost.errno in _TRANSIENT_NAME_ERRORS else Fault.UNUSABLE
    is_tls = is_certificate_error(error) or _has(known, ssl.SSLError, exceptions.SSLError)
    if is_tls and not is_cut_off(innermost):
        # After the handshake, it is a broken record of a body.
        return Fault.TRANSIENT if isinstance(error, urllib3.exceptions.HTTPError) else Fault.UNUSABLE
    if _has(known, urllib3.exceptions.ConnectTimeoutError, exceptions.ConnectTimeout):
        return Fault.UNREACHABLE
    if _has(known, urllib3.exceptions.ReadTimeoutError, exceptions.Timeout, socket.timeout):
        return Fault.SILENT
    if _has(known, urllib3.exceptions.NewConnectionError):
        return Fault.UNREACHABLE
    may_work = (exceptions.ConnectionError, urllib3.exceptions.HTTPError, ConnectionError)
    return Fault.TRANSIENT if isinstance(error, may_work) and not isinstance(error, ValueError) else Fault.LASTING


def tunnel_answer(error: BaseException) -> tuple[int, str] | None:
    """Return the status and the text with which a proxy refused a connection; None for any other error."""
    *_outer, innermost = causes(error)
    answer = _TUNNEL.match(str(innermost)) if isinstance(innermost, OSError) else None
    return (int(answer.group(1)), answer.group(2).strip()) if answer else None


def is_certificate_error(error: BaseException) -> bool:
    """Return whether a certificate was refused, by either side.

    Also if it has another name, for which some versions of urllib3 have an error of their own.
    """
    return any(
        (isinstance(cause, ssl.SSLError) and "CERTIFICATE" in (getattr(cause, "reason", None) or ""))
        or type(cause).__name__ == "CertificateError"
        for cause in causes(error)
    )


def is_cut_off(error: BaseException) -> bool:
    """Return whether a connection ended during the handshake, as with a server that is busy or restarts."""
    kinds = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError, ConnectionError)
    return isinstance(error, kinds) or getattr(error, "reason", None) == "UNEXPECTED_EOF_WHILE_READING"


def _has(errors: t.Iterable[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(error, kinds) for error in errors)


def causes(error: BaseException) -> t.Iterator[BaseException]:
    """Yield an error, then the one that it wraps as urllib3 and requests do, and so on.

    Of the operating system's errors, urllib3 before 2 keeps only the text, so the context of an error counts too.
    """
    inner: BaseException | None = error
    seen: set[int] = set()
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        yield inner
        context = inner.__context__ if isinstance(inner.__context__, OSError) else None
        wrapped = (getattr(inner, "reason", None), *inner.args, inner.__cause__, context)
        inner = next((item for item in wrapped if isinstance(item, BaseException)), None)


def retry_after(header: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most `LONGEST_RETRY_AFTER`; None if it is invalid."""
    import urllib3

    if header is None:
        return None
    try:
        # Python refuses to read numbers of thousands of digits.
        seconds = urllib3.util.retry.Retry().parse_retry_after(header[:100])
    except (urllib3.exceptions.HTTPError, ValueError, TypeError, IndexError, OverflowError):
        # Python's versions raise different errors for an invalid date.
        return None
    return min(float(seconds), LONGEST_RETRY_AFTER)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retries: which statuses and errors are transient, how often to try again, and how long to wait before."""

from __future__ import annotations

import enum
import random
import ssl
import typing as t

from .._errors import TransportError

TRANSIENT_STATUSES = frozenset((408, 429, 500, 502, 503, 504))
# The statuses that a later attempt would get again.
LASTING_STATUSES = frozenset(range(200, 600)) - TRANSIENT_STATUSES
# In seconds: the longest pause of our own, and the longest one that a server may ask for.
LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 120.0

_Result = t.TypeVar("_Result")


class Fault(enum.Enum):
    """What an error of a connection means for the next attempt."""

    TRANSIENT = enum.auto()
    SILENT = enum.auto()
    UNREACHABLE = enum.auto()
    LASTING = enum.auto()


class Transient(Exception):
    """An error that a later attempt may not meet.

    `after` is the pause in seconds that the server asks for, `status` that of its answer, `silent_server` the one that
    sent nothing for too long.
    """

    def __init__(
        self, reason: str, after: float | None = None, status: int | None = None, silent_server: str = ""
    ) -> None:
        super().__init__(reason)
        self.after = after
        self.status = status
        self.silent_server = silent_server


class Retry:
    """The attempts of one request, with a back-off between them.

    When `retries` are used up without progress, `give_up` gets the last error, and TransportError names all of them.
    """

    def __init__(
        self, request: str, retries: int, sleep: t.Callable[[float], None], give_up: t.Callable[[Transient], None]
    ) -> None:
        self._request = request
        self._retries = retries
        self._sleep = sleep
        self._give_up = give_up
        self._reasons: dict[str, None] = {}
        self._failures = 0
        self._waited = 0.0

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

    def wait_after(self, error: Transient) -> None:
        """Wait before the next attempt; raises TransportError if there is none."""
        self._reasons[str(error)] = None
        self._failures += 1
        if self._failures > self._retries:
            self._give_up(error)
            raise TransportError(
                f"{self._request}: {'; '.join(self._reasons)} (tried {self._failures} times without progress, "
                f"waited {self._waited:.0f} s in all)",
                error.status,
            ) from error
        pause = error.after
        if pause is None:
            spread = random.uniform(0.5, 1.0)  # noqa: S311 -- not a secret
            pause = min(2.0 ** (self._failures - 1), LONGEST_PAUSE) * spread
        self._waited += pause
        self._sleep(pause)


def fault_of(error: BaseException) -> Fault:
    """Return the kind of an error of requests, urllib3 or the standard library.

    UNREACHABLE are errors of TLS, of the proxy and of the connection itself: no retry is spent on them.
    """
    import urllib3
    from requests import exceptions

    if isinstance(error, (exceptions.SSLError, exceptions.ProxyError, exceptions.ConnectTimeout)):
        return Fault.UNREACHABLE
    if isinstance(error, (exceptions.Timeout, urllib3.exceptions.ReadTimeoutError)):
        return Fault.SILENT
    if isinstance(error, exceptions.ConnectionError):
        # Of urllib3, also the error of a name that has no address.
        is_new = any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes(error))
        return Fault.UNREACHABLE if is_new else Fault.TRANSIENT
    if isinstance(error, (exceptions.RequestException, ValueError)):
        return Fault.LASTING
    return Fault.TRANSIENT if isinstance(error, (urllib3.exceptions.HTTPError, ConnectionError)) else Fault.LASTING


def is_certificate_error(error: BaseException) -> bool:
    """Return whether a certificate was refused, by either side, or is in a file that cannot be used."""
    return any(
        (isinstance(cause, ssl.SSLError) and "CERTIFICATE" in (getattr(cause, "reason", None) or ""))
        # For a missing file, requests raises it without a number.
        or (cause.__class__ is OSError and getattr(cause, "errno", None) is None)
        for cause in causes(error)
    )


def causes(error: BaseException) -> t.Iterator[BaseException]:
    """Yield an error, then the one that it wraps as urllib3 and requests do, and so on."""
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        wrapped = (getattr(inner, "reason", None), *inner.args)
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

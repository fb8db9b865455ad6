# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transfer of one body: over one connection, and over several where one does not fill the line."""

from __future__ import annotations

import contextlib
import time
import typing as t

from .download import Download, Split
from .parallel import Connections, PartsRefused
from .parts import MIB
from .retry import Transient
from .url import is_from

if t.TYPE_CHECKING:
    from .client import HeaderSource, Http

# The first connection is measured for so long, and over so many bytes.
_SECONDS = 0.1
_BYTES = 2 * MIB
# It goes on with so many bytes while the others are opened. The rest has to be worth that.
_MEANWHILE = 2 * MIB
_WORTH_IT = 6 * MIB
# As much as arrives at once.
_CHUNK = 64 * 1024
# In seconds. A connection that only helps does not get as much time as the option `timeout` gives to an only one.
_STALLED = 5.0
# What the target of a redirect answers when its signature has expired.
_EXPIRED = (400, 401, 403, 404, 410)


class Transfer:
    """The body at a URL; the parameters are those of `Http.download`."""

    def __init__(
        self,
        http: Http,
        url: str,
        headers: HeaderSource,
        size: int | None,
        renew: t.Callable[[str], None] | None,
        *,
        begun: t.Callable[[str, int | None], None] | None = None,
    ) -> None:
        self._http = http
        self._url = url
        self._headers = headers
        self._size = size
        self._renew = renew
        self._begun = begun
        # Where a redirect led to: the parts are requested there.
        self._target = url
        self._are_parts_refused = False

    def chunks(self, offset: int) -> t.Iterator[bytes]:
        """Yield the bytes from `offset` on in their order; raises TransportError."""
        download = Download(self._url, self._size, offset, self._begun)
        retry = self._http.retry("GET", self._url)
        while not download.is_complete:
            try:
                for chunk in self._attempt(download):
                    retry.progress()
                    yield chunk
                if download.until is None:
                    return
            except Transient as e:
                retry.wait_after(e)

    def _attempt(self, download: Download) -> t.Iterator[bytes]:
        """Yield what one connection sends, to the end or until several connections go on, and what these send.

        Raises Transient, TransportError.
        """
        download.until = None
        with contextlib.ExitStack() as stack:
            connections: Connections | None = None
            with self._open(download.headers()) as response:
                if response.status_code not in (200, 206, 416):
                    raise self._http.status_error("GET", self._url, response, is_advised=self._renew is None)
                self._target = response.url
                pace = _Pace()
                for chunk in download.body(response, pace.timed(self._http.chunks(response))):
                    if connections is None:
                        split = download.split(response) if self._is_helpful(pace) else None
                        if split is not None and split.length - download.offset > _WORTH_IT:
                            download.hand_over(split, _MEANWHILE)
                            connections = stack.enter_context(self._connections(split, download.offset + _MEANWHILE))
                    elif connections.are_lost and download.offset != download.until:
                        self._are_parts_refused = connections.are_refused
                        connections = download.until = None
                    yield chunk
            if connections is not None:
                for chunk in connections.chunks():
                    download.arrived(len(chunk))
                    yield chunk
                self._are_parts_refused = connections.are_refused

    def _is_helpful(self, pace: _Pace) -> bool:
        """Return whether more connections may make the transfer faster."""
        ramp = self._http.ramp(self._url)
        if ramp.count == 1 and pace.count >= _BYTES and pace.seconds >= _SECONDS:
            ramp.measured(pace.count / pace.seconds, time.monotonic(), is_waiting=pace.waited > pace.seconds / 2)
            pace.restart()
        return ramp.count > 1 and not self._are_parts_refused

    def _connections(self, split: Split, offset: int) -> Connections:
        def part(position: int, end: int) -> t.Generator[bytes, None, None]:
            with self._open_part(split.headers(position, end)) as response:
                if response.status_code not in (200, 206, 416):
                    raise self._http.status_error("GET", self._url, response)
                if not split.has_part(response, position, end):
                    raise PartsRefused("the server sent something else than the requested part")
                yield from self._http.chunks(response, _CHUNK)

        return Connections(part, self._http.ramp(self._url), offset, split.length)

    def _open_part(self, headers: t.Mapping[str, str]) -> t.Any:
        """Request a part from where the last redirect led to, and as the first time if that has expired."""
        target = self._target
        if target != self._url:
            own = self._headers() if is_from(target, self._url) else {}
            response = self._http.open("GET", target, {**own, **headers}, _STALLED)
            if response.status_code not in _EXPIRED:
                return response
            response.close()
        response = self._open(headers, _STALLED)
        self._target = response.url
        return response

    def _open(self, headers: t.Mapping[str, str], timeout: float | None = None) -> t.Any:
        """Request the URL, once more with other credentials if the server demands them."""
        response = self._http.open("GET", self._url, {**self._headers(), **headers}, timeout)
        if response.status_code == 401 and self._renew is not None and is_from(response.url, self._url):
            response.close()
            self._renew(response.headers.get("WWW-Authenticate", ""))
            response = self._http.open("GET", self._url, {**self._headers(), **headers}, timeout)
        return response


class _Pace:
    """The `count` of bytes and the `seconds` since the first ones came, and how many of these were `waited`."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin again with the next bytes."""
        self.count = 0
        self.seconds = 0.0
        self.waited = 0.0
        self._start: float | None = None

    def timed(self, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
        """Yield the same chunks."""
        while True:
            before = time.monotonic()
            chunk = next(chunks, None)
            if chunk is None:
                return
            now = time.monotonic()
            if self._start is None:
                self._start = now
            else:
                self.count += len(chunk)
                self.seconds = now - self._start
                self.waited += now - before
            yield chunk

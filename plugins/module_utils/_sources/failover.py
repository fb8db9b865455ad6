# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same bytes from several origins: where one fails, the next one goes on at the byte where it stopped."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import TransportError
from .._http.failover import ORIGIN_ERRORS, Failures

# Takes the number of bytes read so far, and the name of the origin of the last ones; none if an earlier run read them.
Watcher = t.Callable[[int, str], None]


@dataclass(frozen=True, eq=False)
class Origin:
    """Where bytes come from: `read` takes what to read, and last the byte to begin at. `local` means on this host.

    `version` returns the identity of the version that it gave bytes of last, for content without a digest.
    """

    name: str
    read: t.Callable[..., t.Iterator[bytes]]
    local: bool = False
    version: t.Callable[[], str] = str


class FailoverReader:
    """Reads contents from origins; `served` are those that gave bytes, `transferred` counts bytes from the network."""

    def __init__(self, watch: Watcher | None = None) -> None:
        self.served: list[Origin] = []
        self.transferred = 0
        self._read = 0
        self._watch = watch

    def read(self, origins: t.Sequence[Origin], *what: t.Any, offset: int = 0) -> t.Generator[bytes, None, None]:
        """Yield one content from `offset` on, from the first origin as long as it can.

        Raises TransportError if all failed.
        """
        failures = Failures()
        for origin in origins:
            try:
                for chunk in origin.read(*what, offset):
                    offset += len(chunk)
                    self._note(origin, len(chunk))
                    yield chunk
                return
            except ORIGIN_ERRORS as e:
                failures.add(origin.name if len(origins) > 1 else "", e)
        raise TransportError(str(failures))

    def note_kept(self, count: int) -> None:
        """Count bytes that an earlier run has read."""
        self._read += count
        if self._watch is not None:
            self._watch(self._read, "")

    def _note(self, origin: Origin, count: int) -> None:
        if origin not in self.served:
            self.served.append(origin)
        if not origin.local:
            self.transferred += count
        self._read += count
        if self._watch is not None:
            self._watch(self._read, origin.name)


class OriginSelector:
    """Selects the origins to read from: all of them together, and after a digest mismatch each one by itself.

    Iterate, and call `failed` for each selection that did not work.
    """

    def __init__(self, origins: t.Sequence[Origin]) -> None:
        self._left = list(origins)
        self._together = True

    def __iter__(self) -> t.Iterator[tuple[Origin, ...]]:
        while self._left:
            yield self._selected

    @property
    def _selected(self) -> tuple[Origin, ...]:
        return tuple(self._left if self._together else self._left[:1])

    def failed(self, error: Exception, served: t.Sequence[Origin]) -> None:
        """Drop the origin to blame: the only one that gave bytes, or all that were queried and gave none."""
        if isinstance(error, TransportError):
            self._left = self._left[len(self._selected) :]
        elif self._together and len(served) > 1:
            self._together = False
        else:
            # A layer may come from a URL in the manifest too, which is none of the origins here.
            blamed = [origin for origin in self._left if origin in served] or self._selected
            self._left = [origin for origin in self._left if origin not in blamed]

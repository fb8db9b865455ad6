# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same bytes from several places: where one fails, the next goes on at the byte where it stopped."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import SourceError, TransportError


@dataclass(frozen=True, eq=False)
class Place:
    """Where bytes come from: C(read) takes what to read, and last the byte to begin at; C(local) is this host."""

    name: str
    read: t.Callable[..., t.Iterator[bytes]]
    local: bool = False


# How many bytes have come so far, and from where the last ones.
Watcher = t.Callable[[int, str], None]


class Relay:
    """Reads one content after the other, remembering the places that gave some, and the bytes from the network."""

    def __init__(self, watch: Watcher | None = None) -> None:
        self.served: list[Place] = []
        self.transferred = 0
        self._came = 0
        self._watch = watch

    def read(self, places: t.Sequence[Place], *what: t.Any) -> t.Iterator[bytes]:
        """Yield one content, from the first of C(places) as long as it can; raises TransportError when all failed."""
        offset = 0
        tried = []
        for place in places:
            try:
                for chunk in place.read(*what, offset):
                    offset += len(chunk)
                    self._note(place, len(chunk))
                    yield chunk
                return
            except (SourceError, TransportError) as e:
                tried.append(f"{place.name}: {e}" if len(places) > 1 else str(e))
        raise TransportError("; ".join(tried))

    def _note(self, place: Place, count: int) -> None:
        if place not in self.served:
            self.served.append(place)
        if not place.local:
            self.transferred += count
        self._came += count
        if self._watch is not None:
            self._watch(self._came, place.name)


class Attempts:
    """Which places to read from: all of them together, and when they gave wrong bytes, each by itself.

    Iterate, and tell C(failed) of an attempt that did not work.
    """

    def __init__(self, places: t.Sequence[Place]) -> None:
        self._left = list(places)
        self._together = True

    def __iter__(self) -> t.Iterator[tuple[Place, ...]]:
        while self._left:
            yield tuple(self._left if self._together else self._left[:1])

    def failed(self, error: Exception, served: t.Sequence[Place]) -> None:
        """Leave out who is to blame: the only one that gave bytes, or everybody who was asked and gave none."""
        tried = self._left if self._together else self._left[:1]
        if isinstance(error, TransportError):
            self._left = self._left[len(tried) :]
        elif len(served) > 1:
            self._together = False
        else:
            self._left = [place for place in self._left if place not in (served or tried)]

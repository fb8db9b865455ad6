# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lookups of names in all galleries of a task. Pure.

Follows LocalAI's `FindGalleryElement` (`core/gallery/gallery.go`), for backends and for models.
"""

from __future__ import annotations

import difflib
import typing as t

from .._errors import GalleryError, UnknownGalleryError, UnknownNameError
from .gallery import Index, NamedEntry

_MOST_SIMILAR = 3
# Shorter texts are in too many names.
_LEAST_CONTAINED = 3


class Lookup(t.Generic[NamedEntry]):
    """The galleries of a task, in order; `index_of` returns the index of a gallery, or raises GalleryError."""

    def __init__(self, galleries: t.Sequence[str], index_of: t.Callable[[str], Index[NamedEntry]]) -> None:
        self._galleries = galleries
        self._index_of = index_of

    def entries(self) -> list[NamedEntry]:
        """Return all entries of all galleries, in order; raises GalleryError."""
        return [entry for gallery in self._galleries for entry in self._index_of(gallery).entries.values()]

    def has(self, requested: str) -> bool:
        """Return whether a gallery has an entry for a requested name; raises GalleryError."""
        galleries, name = self._searched(requested)
        return any(self._index_of(gallery).find(name) is not None for gallery in galleries)

    def find(self, requested: str) -> NamedEntry:
        """Return the entry for a requested `name` or `gallery@name`; raises GalleryError."""
        galleries, name = self._searched(requested)
        if "@" in requested and not galleries:
            raise UnknownGalleryError(requested, self._galleries)
        for gallery in galleries:
            index = self._index_of(gallery)
            entry = index.find(name)
            if entry is not None:
                return entry
            if name.lower() in index.skipped:
                raise GalleryError(f"{name}: the gallery {gallery} has it, but {index.skipped[name.lower()]}")
        raise self._unknown(name, galleries)

    def _searched(self, requested: str) -> tuple[list[str], str]:
        """Return the galleries that `name` or `gallery@name` is looked up in, and the bare name."""
        selected, _at, name = requested.rpartition("@")
        return [gallery for gallery in self._galleries if not selected or gallery.lower() == selected.lower()], name

    def _unknown(self, name: str, galleries: t.Sequence[str]) -> UnknownNameError:
        indexes = [self._index_of(gallery) for gallery in galleries]
        similar = _similar(name.lower(), [entry for index in indexes for entry in index.entries.values()])
        searched = ", ".join(f"{index.gallery} ({len(index.entries)} entries)" for index in indexes)
        return UnknownNameError(name, searched or "none, because galleries is empty", similar)


def _similar(name: str, entries: t.Sequence[NamedEntry]) -> list[str]:
    """Return names like a lower-case `name`, which no entry has: by its alias, by spelling, and with it inside."""
    aliases = [f"{entry.name} (its alias is {entry.alias})" for entry in entries if entry.alias.lower() == name]
    names = list(dict.fromkeys(entry.name.lower() for entry in entries))
    close = difflib.get_close_matches(name, names, n=_MOST_SIMILAR)
    containing = sorted((other for other in names if len(name) >= _LEAST_CONTAINED and name in other), key=len)
    return list(dict.fromkeys([*aliases, *close, *containing]))[:_MOST_SIMILAR]

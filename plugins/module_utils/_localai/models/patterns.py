# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The patterns that select files of a repository. Pure.

Follows `path.Match` of Go, with which LocalAI's `pkg/huggingface-api/snapshot.go` compares paths. A star matches no
slash, and each star is extended only as far as what follows it needs.
"""

from __future__ import annotations

import posixpath
import typing as t

from ..._errors import GalleryError

_SLASH = (("/", "/"),)


class _Characters(t.NamedTuple):
    """One character: in one of the ranges, or in none of them."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def has(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) != self.negated


class Pattern:
    """A pattern of paths. One without a slash is compared with the name of a file too."""

    def __init__(self, text: str) -> None:
        """Raise GalleryError for a malformed pattern."""
        self._tokens = tuple(_tokens(text))
        self._is_of_names = "/" not in text

    def matches(self, path: str) -> bool:
        """Return whether a path matches."""
        return self._is_match(path) or (self._is_of_names and self._is_match(posixpath.basename(path)))

    def _is_match(self, text: str) -> bool:
        tokens, position, at = self._tokens, 0, 0
        # The last star, and where it ends at present.
        star, star_end = -1, 0
        while position < len(text) or at < len(tokens):
            token = tokens[at] if at < len(tokens) else _END
            if token is None:
                star, star_end = at, position
                at += 1
            elif position < len(text) and token.has(text[position]):
                position, at = position + 1, at + 1
            elif star >= 0 and star_end < len(text) and text[star_end] != "/":
                star_end += 1
                position, at = star_end, star + 1
            else:
                return False
        return True


_END = _Characters(())


def selected(path: str, allow: t.Sequence[Pattern], ignore: t.Sequence[Pattern]) -> bool:
    """Return whether a file is part of a snapshot; without patterns in `allow`, all are that `ignore` does not name."""
    is_allowed = not allow or any(pattern.matches(path) for pattern in allow)
    return is_allowed and not any(pattern.matches(path) for pattern in ignore)


def _tokens(pattern: str) -> t.Iterator[_Characters | None]:
    """Yield the parts of a pattern, None for a star; raises GalleryError."""
    rest = pattern
    while rest:
        character, rest = rest[0], rest[1:]
        if character == "*":
            yield None
        elif character == "?":
            yield _Characters(_SLASH, negated=True)
        elif character == "[":
            token, rest = _class(pattern, rest)
            yield token
        else:
            if character == "\\":
                character, rest = _escaped(pattern, rest)
            yield _Characters(((character, character),))


def _class(pattern: str, rest: str) -> tuple[_Characters, str]:
    """Return a class of characters whose text begins after its bracket, and what follows it."""
    negated = rest.startswith("^")
    rest = rest[negated:]
    ranges: list[tuple[str, str]] = []
    while not (ranges and rest.startswith("]")):
        low, rest = _bound(pattern, rest)
        high = low
        if rest.startswith("-"):
            high, rest = _bound(pattern, rest[1:])
        ranges.append((low, high))
    return _Characters(tuple(ranges), negated), rest[1:]


def _bound(pattern: str, rest: str) -> tuple[str, str]:
    """Return an end of a range, and what follows it."""
    if not rest or rest[0] in "-]":
        raise _malformed(pattern)
    if rest[0] == "\\":
        return _escaped(pattern, rest[1:])
    return rest[0], rest[1:]


def _escaped(pattern: str, rest: str) -> tuple[str, str]:
    if not rest:
        raise _malformed(pattern)
    return rest[0], rest[1:]


def _malformed(pattern: str) -> GalleryError:
    return GalleryError(f"{pattern!r} is a malformed pattern: check its brackets.")

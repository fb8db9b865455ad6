# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The header WWW-Authenticate of a registry: what it demands. RFC 9110, section 11.6.1."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

_SEPARATORS = re.compile(r"[\s,]*")
_WORD = re.compile(r'[^\s,="]+')
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s,"]*)')


@dataclass(frozen=True)
class Challenge:
    """The challenge of a registry: a password (`basic`), or a token (`bearer`) from the server `realm`."""

    scheme: t.Literal["basic", "bearer"]
    realm: str = ""
    service: str = ""
    scope: str = ""


def parse_challenge(header: str) -> Challenge | None:
    """Return what a header demands, bearer before basic; None if it is neither."""
    challenges: dict[str, dict[str, str]] = {}
    parameters: dict[str, str] = {}
    for name, value in _challenge_words(header):
        if value is None:
            # A word by itself begins the next challenge.
            parameters = challenges.setdefault(name, {})
        else:
            parameters.setdefault(name, value)
    bearer, basic = challenges.get("bearer", {}), challenges.get("basic")
    if bearer.get("realm"):
        return Challenge("bearer", *(bearer.get(key, "") for key in ("realm", "service", "scope")))
    return Challenge("basic", basic.get("realm", "")) if basic is not None else None


def _challenge_words(header: str) -> t.Iterator[tuple[str, str | None]]:
    """Yield the schemes of a header, with None, and their parameters; nothing from a syntax error on."""
    position = 0
    while True:
        position = t.cast("re.Match[str]", _SEPARATORS.match(header, position)).end()
        token = _WORD.match(header, position)
        if token is None:
            return
        position = token.end()
        equals = _EQUALS.match(header, position)
        if equals is None:
            yield token.group().lower(), None
            continue
        value = t.cast("re.Match[str]", _VALUE.match(header, equals.end()))
        position = value.end()
        yield token.group().lower(), re.sub(r"\\(.)", r"\1", value.group(1)) if value.group(1) else value.group(2) or ""

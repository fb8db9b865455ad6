# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a registry can be locked: openly readable, with basic authentication, or with bearer tokens."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass
from typing import Union
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Open:
    """Everybody may do everything."""


@dataclass(frozen=True)
class Basic:
    """User and password with every request."""

    user: str = "user"
    password: str = "pass:word"


@dataclass(frozen=True)
class Bearer:
    """Tokens from `/token`; if a user is named, only for those who know the password."""

    user: str = ""
    password: str = ""
    lifetime: float = 300.0  # seconds
    uses: int | None = None  # a token is good for so many requests
    key: str = "token"  # some registries answer with access_token
    realm: str = ""  # where clients are sent for a token, if that is another server's address


Auth = Union[Open, Basic, Bearer]
OPEN = Open()


@dataclass(frozen=True)
class Scope:
    """What a token allows."""

    kind: str
    name: str
    actions: tuple[str, ...]


def basic(user: str, password: str) -> str:
    """The Authorization header of that user."""
    return "Basic " + base64.b64encode((f"{user}:{password}").encode()).decode()


def scopes(query: str) -> tuple[Scope, ...]:
    """The scopes that a request to a token endpoint asks for."""
    asked = " ".join(parse_qs(query).get("scope", [])).split()
    parts = (scope.split(":", 1)[:1] + scope.split(":", 1)[1].rsplit(":", 1) for scope in asked)
    return tuple(Scope(kind, name, tuple(actions.split(","))) for kind, name, actions in parts)


class Tokens:
    """The tokens that were given out: opaque random strings."""

    def __init__(self) -> None:
        self._given: dict[str, _Token] = {}

    def issue(self, allowed: tuple[Scope, ...], lifetime: float, uses: int | None) -> str:
        """A new token."""
        token = secrets.token_urlsafe(24)
        self._given[token] = _Token(allowed, time.monotonic() + lifetime, uses)
        return token

    def allow(self, token: str, repository: str, action: str) -> bool:
        """Whether the token is good for this; each good use is counted."""
        known = self._given.get(token)
        if known is None or known.expires <= time.monotonic() or known.uses == 0:
            return False
        if repository and not any(scope.name == repository and action in scope.actions for scope in known.scopes):
            return False
        known.uses = known.uses if known.uses is None else known.uses - 1
        return True

    def expire(self) -> None:
        """Let all of them have expired."""
        self._given.clear()


@dataclass
class _Token:
    scopes: tuple[Scope, ...]
    expires: float
    uses: int | None

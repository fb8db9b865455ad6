# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a LocalAI server listens, and the keys that it accepts, by the environment of its process. Pure.

Follows `core/cli/run.go` in LocalAI: each variable counts without its prefix too, and the one with the prefix wins,
even if it is empty.
"""

from __future__ import annotations

import re
import shlex
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from .._address import redacted_url
from .._errors import OptionError

_DEFAULT_ADDRESS = "127.0.0.1:8080"
# `[host]:port` or `host:port`, as Go's net.Listen takes it.
_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)(?:%[^\]]*)?\]|(?P<host>[^\s:/@\[\]]*)):(?P<port>[0-9]{1,5})")
# Connections to a wildcard go to the loopback address of its family.
_LOOPBACK_OF = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1", "0:0:0:0:0:0:0:0": "::1"}  # noqa: S104
# Variables whose values are secrets, by a part of their names, and the length from which such a value is hidden.
_SECRET_NAME = re.compile("(?:KEY|TOKEN|SECRET|PASSW|CREDENTIAL)(?!.*(?:FILE|PATH|DIR)$)", re.IGNORECASE)
_SHORTEST_SECRET = 8


@dataclass(frozen=True)
class ServerUrl:
    """The URL of a server; `path` has no slash at its end."""

    host: str
    port: int
    scheme: str = "http"
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def parse_url(text: str) -> ServerUrl:
    """Return the URL in the option `url`; raises OptionError."""
    try:
        parts = urlsplit(text)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise OptionError(
            f"url: {redacted_url(text)} is not a URL such as http://127.0.0.1:8080, without user, password and query. "
            "Set the key with api_key."
        )
    return ServerUrl(parts.hostname, port, parts.scheme, parts.path.rstrip("/"))


def url_of(environ: t.Mapping[str, str]) -> ServerUrl:
    """Return where a server with this environment listens; the default address if it has none or a malformed one."""
    match = _ADDRESS.fullmatch(_variable(environ, "ADDRESS") or _DEFAULT_ADDRESS) or _ADDRESS.fullmatch(
        _DEFAULT_ADDRESS
    )
    values = t.cast("re.Match[str]", match).groupdict()
    host = values["v6"] or values["host"] or ""
    return ServerUrl(_LOOPBACK_OF.get(host, host), int(values["port"]))


def keys_of(environ: t.Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys that a server with this environment accepts."""
    return tuple(key.strip() for key in _variable(environ, "API_KEY").split(",") if key.strip())


def secrets_of(environ: t.Mapping[str, str]) -> set[str]:
    """Return the values of an environment that must not be printed."""
    secrets = {value for name, value in environ.items() if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET}
    return secrets | set(keys_of(environ))


def parse_environment(content: bytes) -> dict[str, str]:
    """Return the variables in `/proc/<pid>/environ`."""
    entries = content.decode("utf-8", "surrogateescape").split("\0")
    return {name: value for name, equals, value in (entry.partition("=") for entry in entries) if equals}


def parse_assignments(text: str) -> dict[str, str]:
    """Return the variables in the property `Environment` of a unit, which is quoted as in a shell."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    return {name: value for name, equals, value in (word.partition("=") for word in words) if equals}


def parse_environment_file(text: str) -> dict[str, str]:
    """Return the variables in a file of `EnvironmentFile`, whose values may be in quotes."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition("=") for line in lines if not line.startswith(("#", ";"))]
    return {name.strip(): _unquoted(value.strip()) for name, equals, value in pairs if equals}


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


def _variable(environ: t.Mapping[str, str], name: str) -> str:
    return environ.get(f"LOCALAI_{name}", environ.get(name, "")).strip()

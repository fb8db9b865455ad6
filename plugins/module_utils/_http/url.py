# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""URLs as text: whether they are valid, and whether two are of one server."""

from __future__ import annotations

import ipaddress
import typing as t
from urllib.parse import urlsplit

from .._address import redacted_url
from .._errors import OptionError

DEFAULT_PORTS = {"http": 80, "https": 443}
# The names of Docker Hub: that of its images, that of its logins, and that of its server.
DOCKER_HUB_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io")


def checked_url(url: str) -> t.Any:
    """Return the parts of an HTTP URL; raises OptionError for one that is malformed or carries credentials."""
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise OptionError("A URL is malformed: check its host and its port.") from None
    if "@" in parts.netloc:
        raise OptionError(
            f"{redacted_url(url)} contains a user name, which would end up in logs. Put credentials in endpoints."
        )
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not port_is_valid:
        raise OptionError(f"{redacted_url(url)} is not an http:// or https:// URL with a host.")
    return parts


def is_http_url(url: str) -> bool:
    """Return whether `checked_url` accepts a URL."""
    try:
        checked_url(url)
    except OptionError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether a host, a name or an address, is this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def split_host(text: str) -> tuple[str, str]:
    """Return the host and the port in `host`, `host:port`, `[IPv6]:port`, `[IPv6]` or `IPv6`; the port may be empty."""
    if text.startswith("["):
        host, _bracket, rest = text[1:].partition("]")
        return host, rest[1:]
    host, colon, port = text.rpartition(":")
    return (host, port) if colon and ":" not in host else (text, "")


def is_from(answered: str, requested: str) -> bool:
    """Return whether the requested server answered itself, and not another one that it redirects to."""
    return origin(answered) == origin(requested)


def origin(url: str) -> str:
    """Return scheme, host and port of a URL; raises OptionError."""
    parts = checked_url(url)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


def server_and_scheme(url: str) -> tuple[str, str]:
    """Return the server of a URL, `name` or `name:port` as it is written, and the scheme; raises OptionError."""
    parts = checked_url(url)
    return parts.netloc, parts.scheme


def host_and_port(server: str) -> str:
    """Return the `host:port` in what `origin` returns."""
    return server.partition("://")[2]

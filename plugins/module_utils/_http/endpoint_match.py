# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entry of the option `endpoints` is for a server, and which ones only look as if they were."""

from __future__ import annotations

import ipaddress
import typing as t

from .._request import Endpoint
from .url import DEFAULT_PORTS, DOCKER_HUB_NAMES, is_loopback, split_host


def endpoint_for(endpoints: t.Iterable[Endpoint], server: str, scheme: str = "") -> Endpoint:
    """Return the entry for a server, `name` or `name:port`; one with default settings if there is none.

    Without a port, both mean the default port of the scheme. Without a scheme, as for a registry that was not contacted
    yet, the scheme is HTTP if the entry allows it with `plain_http`, else HTTPS.
    """
    return next((known for known in endpoints if _is_for(known, server, scheme)), Endpoint(server))


def near_miss(endpoints: t.Iterable[Endpoint], server: str, scheme: str = "") -> str:
    """Return a sentence about entries for the same host with another port or in another spelling, or nothing.

    If an entry is for the server itself, there is nothing to say.
    """
    endpoints = tuple(endpoints)
    if any(_is_for(known, server, scheme) for known in endpoints):
        return ""
    name, _port = _canonical(server)
    others = [known.host for known in endpoints if _is_same_machine(_canonical(known.host)[0], name)]
    return f"The entry of endpoints for {' and '.join(others)} does not apply to {server}." if others else ""


def _is_same_machine(name: str, other: str) -> bool:
    return name == other or (is_loopback(name) and is_loopback(other))


def _is_for(known: Endpoint, server: str, scheme: str) -> bool:
    default = DEFAULT_PORTS[scheme or ("http" if known.plain_http else "https")]
    (known_name, known_port), (name, port) = _canonical(known.host), _canonical(server)
    return known_name == name and (known_port or default) == (port or default)


def _canonical(host: str) -> tuple[str, int | None]:
    """Return one spelling for all names and addresses that mean the same host, and the port."""
    name, port = split_host(host.lower())
    try:
        name = ipaddress.ip_address(name).compressed
    except ValueError:
        name = DOCKER_HUB_NAMES[0] if name in DOCKER_HUB_NAMES else name
    return name, int(port) if port.isdecimal() else None

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy for a URL, by the variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`.

`no_proxy` follows the rules of Go (`golang.org/x/net/http/httpproxy`), which docker and LocalAI use: an environment
that works for them works here. There are three differences: loopback addresses need an entry too, blanks also separate
entries, and an IPv6 address may be in brackets without a port.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import typing as t
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from .._errors import TransportError
from .redact import without_secrets
from .url import DEFAULT_PORTS, checked_url, host_and_port, origin, split_host

_PROXY_PORTS = {**DEFAULT_PORTS, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True)
class Proxy:
    """A proxy. Its repr and `name`, which is `host:port`, have no user and no password."""

    url: str = field(repr=False)
    name: str
    scheme: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def redact(self, text: str) -> str:
        """Return a text without the password for the proxy, in all forms in which the proxy may echo it."""
        if not self.password:
            return text
        login = f"{unquote(self.user)}:{unquote(self.password)}"
        # requests encodes it as Latin-1, others as UTF-8.
        encoded = (login.encode("utf-8", "surrogateescape"), login.encode("latin-1", "replace"))
        headers = (base64.b64encode(form).decode() for form in encoded)
        return without_secrets(text, (*headers, self.password, unquote(self.password)))


def proxy_for(url: str, variables: t.Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a URL, None to connect directly; raises TransportError for a proxy that is no valid URL.

    `variables` are those that `urllib.request.getproxies_environment` returns: their names without `_proxy`.
    """
    parts = checked_url(url)
    text = variables.get(parts.scheme) or variables.get("all") or ""
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    if not text or bypasses_proxy(parts.hostname, port, variables.get("no", "")):
        return None
    return _parsed(text.strip(), host_and_port(origin(url)))


def _parsed(text: str, server: str) -> Proxy:
    full = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(full)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    scheme = parts.scheme.lower()
    if scheme not in _PROXY_PORTS or not parts.hostname or port == 0:
        raise TransportError(
            f"The proxy for {server} in the environment is not a valid URL. Write it as in "
            "http://proxy.example.com:3128, with an http, https or socks5 scheme."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Proxy(full, f"{host}:{port or _PROXY_PORTS[scheme]}", scheme, parts.username or "", parts.password or "")


def bypasses_proxy(host: str, port: int, no_proxy: str) -> bool:
    """Return whether `no_proxy` exempts a server from the proxy.

    An entry is `*`, an address, a network in CIDR notation, or a domain, which stands for its subdomains too. `.domain`
    and `*.domain` stand for the subdomains only. All but networks may have a port. Case does not matter, nor does the
    zone of the server's address, and an entry that is none of this is ignored.
    """
    entries = [entry.lower() for entry in re.split(r"[\s,]+", no_proxy) if entry]
    return "*" in entries or any(_matches(entry, _ascii(host.lower()), port) for entry in entries)


def _matches(entry: str, host: str, port: int) -> bool:
    address = _address(host.partition("%")[0])
    if "/" in entry:
        return address is not None and _is_in(address, entry)
    name, entry_port = split_host(entry)
    if not name or (entry_port and entry_port != str(port)):
        return False
    exempt = _address(name)
    if exempt is not None or address is not None:
        return bool(address == exempt)
    name = _ascii(name[1:] if name.startswith("*.") else name)
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _address(text: str) -> t.Any:
    """Return an IP address, None for any other text. An IPv4 address may be written as an IPv6 one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(address: t.Any, text: str) -> bool:
    """Return whether an address is in a network. Python alone would also accept a zone, and a mask for the length."""
    if not re.fullmatch(r"[^%]+/[0-9]+", text):
        return False
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None:
        network = ipaddress.ip_network((mapped, network.prefixlen - 96))
    return bool(address in network)


def _ascii(name: str) -> str:
    """Return an international name in its ASCII form, as it is in DNS."""
    labels = [label if label.isascii() else _idna(label) for label in name.split(".")]
    return ".".join(labels)


def _idna(label: str) -> str:
    try:
        return label.encode("idna").decode()
    except UnicodeError:
        return label

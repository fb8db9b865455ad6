# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether others can reach an address, by the rule that LocalAI's `core/cli/run_safety.go` has."""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import Path

_TRUSTED = [
    ipaddress.ip_network(text)
    for text in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
]


def is_trusted(address: str) -> bool:
    """Whether only this machine and private networks reach the address; for a wildcard all interfaces count."""
    host, colon, _port = address.rpartition(":")
    if not colon:
        return False
    host = host.strip("[]")
    if host in ("", "0.0.0.0", "::"):
        return _all_trusted(interface_addresses())
    try:
        return _all_trusted([str(ipaddress.ip_address(host))])
    except ValueError:
        pass
    try:
        return _all_trusted([str(found[4][0]) for found in socket.getaddrinfo(host, None)])
    except OSError:
        return False


def interface_addresses() -> list[str]:
    """The addresses of all interfaces, as the kernel's files have them."""
    found = []
    with_masks = Path("/proc/net/fib_trie")
    if with_masks.exists():
        text = with_masks.read_text(encoding="ascii")
        found += re.findall(r"\|-- ([0-9.]+)\n +/32 host LOCAL", text)
    sixth = Path("/proc/net/if_inet6")
    if sixth.exists():
        digits = [line.split()[0] for line in sixth.read_text(encoding="ascii").splitlines()]
        found += [str(ipaddress.ip_address(int(text, 16))) for text in digits]
    return sorted(set(found))


def _all_trusted(addresses: list[str]) -> bool:
    parsed = [ipaddress.ip_address(text.partition("%")[0]) for text in addresses]
    return bool(parsed) and all(any(address in network for network in _TRUSTED) for address in parsed)

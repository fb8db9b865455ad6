# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task can ask of each module: its own argument spec, and the same as frozen values."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ._address import Address

LAYOUT_SCHEME = "ocilayout:"


@dataclass(frozen=True)
class Pin:
    """One row of the option C(pins): what C(name) is on hosts of one capability and platform."""

    name: str
    capability: str
    platform: str
    backend: str
    uri: Address
    digest: str
    alias: str = ""


@dataclass(frozen=True)
class BackendOptions:
    """What C(localai_backend) is asked for; C(directory_mode) is already a number, None where it was not given.

    C(pins) has the row of the option that counts on this host for each name in lower case; None without the option.
    """

    names: tuple[str, ...]
    state: str = "present"
    uri: Address | None = None
    alias: str | None = None
    force: bool = False
    owner: str | None = None
    group: str | None = None
    directory_mode: int | None = None
    lock_timeout: int = 60
    release: str | None = None
    digest: str | None = None
    pins: t.Mapping[str, Pin] | None = None
    exclusive: bool = False
    keep_previous: int | None = None
    verify: bool = False

    @property
    def mode(self) -> int:
        """The mode of the top directory of new trees."""
        return 0o755 if self.directory_mode is None else self.directory_mode

    @property
    def bare_names(self) -> tuple[str, ...]:
        """The names without the galleries that they pick."""
        return tuple(bare_name(name) for name in self.names)

    def pin(self, name: str) -> Pin | None:
        """Return the row of C(pins) for a bare name; what is not asked for itself has none."""
        return self.pins.get(name.lower()) if self.pins is not None else None

    def digest_of(self, name: str) -> str | None:
        """Return the digest that a bare name is pinned to; what is not asked for itself has none."""
        if self.digest is None:
            return None
        return self.digest if name.lower() in [each.lower() for each in self.bare_names] else None

    @property
    def takes_kept(self) -> bool:
        """Whether a tree that was kept will do, if it is what is pinned."""
        return self.state == "present" and not self.force


@dataclass(frozen=True)
class InfoOptions:
    """What C(localai_backend_info) is asked for; without C(names) it is all that is installed."""

    names: tuple[str, ...] | None = None
    available: bool = False
    upgrades: bool = False
    pins: bool = False
    pin_capabilities: tuple[str, ...] = ()
    disk_usage: bool = False

    @property
    def wanted(self) -> frozenset[str] | None:
        """The names in lower case, without their galleries and with them, as LocalAI may spell metas; None for all."""
        if self.names is None:
            return None
        return frozenset(spelled.lower() for name in self.names for spelled in (name, bare_name(name)))


@dataclass(frozen=True)
class GallerySource:
    """One gallery of the C(galleries) option."""

    name: str
    url: Address
    mirrors: tuple[Address, ...] = ()
    sha256: str | None = None


@dataclass(frozen=True)
class Mirror:
    """Another place of a registry's images: C(http(s)://host[/prefix][?query]) or C(ocilayout:/path).

    C(resolve): it says what a tag is too, and the registry is not asked.
    """

    url: Address
    resolve: bool = False


@dataclass(frozen=True)
class Endpoint:
    """Settings for one host, C(name) or C(name:port), whatever it serves; secrets stay out of its repr."""

    host: str
    username: str | None = None
    password: str | None = None
    token: str | None = None
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool | None = None
    plain_http: bool | None = None
    mirrors: tuple[Mirror, ...] = ()

    def __repr__(self) -> str:
        return f"Endpoint({self.host})"


@dataclass(frozen=True)
class Connection:
    """How this run talks to servers: TLS, proxies and patience (seconds) for all hosts, and the C(endpoints)."""

    endpoints: tuple[Endpoint, ...] = ()
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool = True
    use_proxy: bool = True
    auth_file: str | None = None
    timeout: int = 30
    retries: int = 5


@dataclass(frozen=True)
class HostOptions:
    """What both modules are told about the host and its surroundings."""

    backends_path: str
    backends_system_path: str
    galleries: tuple[GallerySource, ...] = ()
    capability: str | None = None
    platform: str | None = None
    connection: Connection = Connection()


def bare_name(name: str) -> str:
    """Return the name without the gallery that C(gallery@name) picks."""
    return name.rpartition("@")[2]

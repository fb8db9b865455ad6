# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task can ask of each module: its own argument spec, and the same as frozen values."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._options import (
    asked_name,
    bare_name,
    check_range,
    checked_name,
)

_RELEASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}")

BACKEND_SPEC: dict[str, dict[str, t.Any]] = {
    "name": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "latest", "absent"], "default": "present"},
    "uri": {"type": "str"},
    "alias": {"type": "str"},
    "release": {"type": "str"},
    "digest": {"type": "str"},
    "pins": {
        "type": "dict",
        "options": {
            "format": {"type": "int", "required": True},
            "backends": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "capability": {"type": "str", "required": True},
                    "platform": {"type": "str", "required": True},
                    "backend": {"type": "str", "required": True},
                    "alias": {"type": "str"},
                    "uri": {"type": "str", "required": True},
                    "digest": {"type": "str", "required": True},
                },
            },
        },
    },
    "exclusive": {"type": "bool", "default": False},
    "keep_previous": {"type": "int"},
    "verify": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "directory_mode": {"type": "raw"},
    "lock_timeout": {"type": "int", "default": 60},
}

INFO_SPEC: dict[str, dict[str, t.Any]] = {
    "name": {"type": "list", "elements": "str"},
    "available": {"type": "bool", "default": False},
    "upgrades": {"type": "bool", "default": False},
    "pins": {"type": "bool", "default": False},
    "pin_capabilities": {"type": "list", "elements": "str"},
    "disk_usage": {"type": "bool", "default": False},
}


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


def backend_options(params: t.Mapping[str, t.Any]) -> BackendOptions:
    """Return what C(localai_backend) is asked for; raises OptionError for what contradicts itself."""
    names = tuple(asked_name(name) for name in params["name"])
    if params["state"] != "absent":
        _check_galleries(names)
    _check_source(params, names)
    _check_pins(params, names)
    if params["exclusive"]:
        _refuse(params["state"] == "absent", "exclusive says what stays, so it does not go with state=absent.")
        _refuse(
            not names,
            "exclusive with an empty name would remove all backends. Check the variable that name comes from, or "
            "remove them by their names with state=absent.",
        )
    if params["keep_previous"] is not None:
        check_range(params, "keep_previous", 0, 100)
    check_range(params, "lock_timeout", 0, 10 * 86400)
    return BackendOptions(
        names=names,
        state=params["state"],
        uri=Address(params["uri"].strip()) if params["uri"] is not None else None,
        alias=params["alias"],
        force=params["force"],
        owner=params["owner"],
        group=params["group"],
        directory_mode=None if params["directory_mode"] is None else octal_mode(params["directory_mode"]),
        lock_timeout=params["lock_timeout"],
        release=params["release"],
        digest=params["digest"].lower() if params["digest"] is not None else None,
        exclusive=params["exclusive"],
        keep_previous=params["keep_previous"],
        verify=params["verify"],
    )


def info_options(params: t.Mapping[str, t.Any]) -> InfoOptions:
    """Return what C(localai_backend_info) is asked for; raises NameRefused."""
    names = params["name"]
    return InfoOptions(
        names=None if names is None else tuple(asked_name(name) for name in names),
        available=params["available"],
        upgrades=params["upgrades"],
        pins=params["pins"],
        pin_capabilities=tuple(params["pin_capabilities"] or ()),
        disk_usage=params["disk_usage"],
    )


def octal_mode(mode: t.Any) -> int:
    """Return the permission bits that C(directory_mode) means; raises OptionError."""
    try:
        number = mode if isinstance(mode, int) and not isinstance(mode, bool) else int(str(mode), 8)
    except ValueError:
        raise OptionError(f"directory_mode: {mode!r} is not an octal mode such as '0755'.") from None
    if not 0o700 <= number <= 0o777:
        raise OptionError(
            f"directory_mode: {number:04o} is refused: the owner needs all of rwx, and nothing above 0777 is allowed. "
            "Write it in quotes, as in '0755'."
        )
    return number


def _check_galleries(names: t.Iterable[str]) -> None:
    """Refuse one backend from two galleries: there is one directory for both."""
    picked: dict[str, str] = {}
    for name in names:
        gallery, picks, bare = name.rpartition("@")
        if picks and picked.setdefault(bare.lower(), gallery.lower()) != gallery.lower():
            both = " and ".join(each for each in dict.fromkeys(names) if bare_name(each).lower() == bare.lower())
            raise OptionError(f"name: {both} are one backend from two galleries, and only one can be installed.")


def _check_source(params: t.Mapping[str, t.Any], names: t.Sequence[str]) -> None:
    uri, alias = params["uri"], params["alias"]
    if uri is not None:
        _refuse(len(names) != 1, f"uri installs one backend, but name lists {len(names)}.")
        _refuse("@" in names[0], "uri installs without a gallery, so name must not pick one with an @.")
        _refuse(params["state"] == "absent", "uri says where to install from, so it does not go with state=absent.")
        _refuse(not uri.strip(), "uri is empty.")
    if alias is not None:
        _refuse(uri is None, "alias needs uri: the alias of a gallery's backend is the one that the gallery declares.")
        checked_name(alias, "alias")


def _check_pins(params: t.Mapping[str, t.Any], names: t.Sequence[str]) -> None:
    """Refuse pins that contradict each other or the state; each of them alone says what to install."""
    given = [option for option in ("uri", "release", "digest", "pins") if params[option] is not None]
    if len(given) > 1:
        advice = " Write the digest into the uri, as in repository:tag@sha256:…" if given == ["uri", "digest"] else ""
        raise OptionError(f"{' and '.join(given)} each say what to install: give one of them.{advice}")
    if params["digest"] is not None:
        _refuse(len(names) != 1, f"digest pins one backend, but name lists {len(names)}.")
        _refuse(params["state"] == "absent", "digest says what to install, so it does not go with state=absent.")
    for option in ("digest", "pins"):
        if params[option] is not None:
            _refuse(
                params["state"] == "latest",
                f"{option} says exactly what to install, so it does not go with state=latest.",
            )
    if params["release"] is not None and not _RELEASE.fullmatch(params["release"]):
        raise OptionError(f"release: {params['release']!r} is not how a tag begins. Write it as in v4.9.0.")


def _refuse(contradiction: bool, sentence: str) -> None:
    if contradiction:
        raise OptionError(sentence)

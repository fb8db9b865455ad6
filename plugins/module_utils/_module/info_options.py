# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `localai_backend_info`: the argument spec, and the validated options as frozen values."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._request import bare_name
from .argspec import BACKENDS_OPTIONS, CLIENT_KEY, CONNECTION_OPTIONS, SIGNATURE_OPTIONS, Options
from .build_options import check_release, refuse
from .options import requested_names, spellings_of

_INFO_OPTIONS: Options = {
    "name": {"type": "list", "elements": "str"},
    "available": {"type": "bool", "default": False},
    "upgrades": {"type": "bool", "default": False},
    "pins": {"type": "bool", "default": False},
    "pin_capabilities": {"type": "list", "elements": "str"},
    "release": {"type": "str"},
    "disk_usage": {"type": "bool", "default": False},
}

BACKEND_INFO: dict[str, t.Any] = {
    "argument_spec": {**CONNECTION_OPTIONS, **BACKENDS_OPTIONS, **SIGNATURE_OPTIONS, **_INFO_OPTIONS},
    **CLIENT_KEY,
}


@dataclass(frozen=True)
class InfoOptions:
    """The options of `localai_backend_info`; `names` is None for all installed backends.

    `spellings` maps names to their spelling in the task, if it differs.
    """

    names: tuple[str, ...] | None = None
    available: bool = False
    upgrades: bool = False
    pins: bool = False
    pin_capabilities: tuple[str, ...] = ()
    disk_usage: bool = False
    release: str | None = None
    spellings: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> frozenset[str] | None:
        """The names in lower case, with and without their galleries; None for all.

        LocalAI names meta backends in both ways.
        """
        if self.names is None:
            return None
        return frozenset(spelling.lower() for name in self.names for spelling in (name, bare_name(name)))


def info_options(params: t.Mapping[str, t.Any]) -> InfoOptions:
    """Return the options of `localai_backend_info`; raises OptionError or NameRefused."""
    names = None if params["name"] is None else requested_names(params["name"])
    release = params["release"]
    check_release(release)
    refuse(
        release is not None and not params["pins"],
        "release selects the builds to pin. Set pins to true, or omit release.",
    )
    refuse(
        bool(params["pin_capabilities"]) and not params["pins"],
        "pin_capabilities selects the hosts to pin builds for. Set pins to true, or omit pin_capabilities.",
    )
    return InfoOptions(
        names=names,
        available=params["available"],
        upgrades=params["upgrades"],
        pins=params["pins"],
        pin_capabilities=tuple(params["pin_capabilities"] or ()),
        disk_usage=params["disk_usage"],
        release=release,
        spellings=spellings_of(params["name"] or (), names or ()),
    )

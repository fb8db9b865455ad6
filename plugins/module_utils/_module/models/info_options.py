# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `localai_model_info`: the argument spec, and the validated options as frozen values."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..._errors import NameRefused, OptionError
from ..._localai.models.names import requested_model
from ..argspec import CLIENT_KEY, CONNECTION_OPTIONS, SIGNATURE_OPTIONS, Options
from .argspec import MODELS_OPTIONS

_INFO_OPTIONS: Options = {
    "name": {"type": "list", "elements": "str"},
    "available": {"type": "bool", "default": False},
    "upgrades": {"type": "bool", "default": False},
    "pins": {"type": "bool", "default": False},
    "verify": {"type": "bool", "default": False},
    "service_user": {"type": "str"},
}

MODEL_INFO: dict[str, t.Any] = {
    "argument_spec": {**CONNECTION_OPTIONS, **MODELS_OPTIONS, **SIGNATURE_OPTIONS, **_INFO_OPTIONS},
    **CLIENT_KEY,
}


class RequestedName(t.NamedTuple):
    """One item of the option `name`; `gallery` is empty if none is selected."""

    gallery: str
    name: str

    @property
    def text(self) -> str:
        """The item, in the form that a look-up in the galleries takes."""
        return f"{self.gallery}@{self.name}" if self.gallery else self.name


@dataclass(frozen=True)
class ModelInfoOptions:
    """The options of `localai_model_info`; `names` is None for all installed models."""

    names: tuple[RequestedName, ...] | None = None
    available: bool = False
    upgrades: bool = False
    pins: bool = False
    verify: bool = False
    service_user: str | None = None

    def wants(self, *names: str) -> bool:
        """Return whether a model with one of these names is requested."""
        return self.names is None or any(name.lower() in self._lower for name in names)

    def wants_entry(self, name: str, gallery: str) -> bool:
        """Return whether an entry of a gallery is requested."""
        return self.names is None or any(
            requested.name.lower() == name.lower() and requested.gallery.lower() in ("", gallery.lower())
            for requested in self.names
        )

    @property
    def _lower(self) -> frozenset[str]:
        return frozenset(requested.name.lower() for requested in self.names or ())


def model_info_options(params: t.Mapping[str, t.Any]) -> ModelInfoOptions:
    """Return the options of `localai_model_info`; raises OptionError or NameRefused."""
    user = params["service_user"]
    if user is not None and not user.strip():
        raise OptionError("service_user is empty. Omit it to skip the check of what the service may read.")
    return ModelInfoOptions(
        names=None if params["name"] is None else _names(params["name"]),
        available=params["available"],
        upgrades=params["upgrades"],
        pins=params["pins"],
        verify=params["verify"],
        service_user=None if user is None else user.strip(),
    )


def _names(texts: t.Sequence[str]) -> tuple[RequestedName, ...]:
    """Return the requested names, each once; the errors of all names are raised together."""
    names: dict[RequestedName, None] = {}
    refused: dict[str, None] = {}
    for text in texts:
        try:
            names[RequestedName(*requested_model(text.strip(), "name"))] = None
        except NameRefused as e:
            refused[str(e)] = None
    if refused:
        raise NameRefused(" ".join(refused))
    return tuple(names)

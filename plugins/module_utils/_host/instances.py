# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instances of LocalAI that the role set up on this host, and what each of them uses.

`root` is the root directory of this host.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._fs.utf8 import os
from .environment_file import variables_of
from .small_files import text_of

_UNITS = "/etc/systemd/system"
_UNIT = re.compile(r"(localai(?:-[a-z0-9]+)*)[.]service")


@dataclass(frozen=True)
class Instance:
    """An instance by the files of its service; what cannot be read is None."""

    unit: str
    user: str | None
    group: str | None
    home: str | None
    address: str | None
    backends_path: str | None
    models_path: str | None
    data_path: str | None
    config_path: str | None


def instances(root: str = "") -> list[Instance]:
    """Return the instances in the order of their units."""
    try:
        names = sorted(os.listdir(f"{root}{_UNITS}"))
    except OSError:
        return []
    found = [_instance(match.group(1), root) for match in map(_UNIT.fullmatch, names) if match]
    return [instance for instance in found if instance]


def _instance(name: str, root: str) -> Instance | None:
    unit = text_of(f"{root}{_UNITS}/{name}.service") or ""
    environment_file = f"/etc/{name}/{name}.env"
    # Other units begin like that too, such as the one of the GPU devices.
    if environment_file not in _values(unit, "EnvironmentFile"):
        return None
    variables = variables_of(text_of(f"{root}{environment_file}") or "")
    return Instance(
        f"{name}.service",
        _last(unit, "User"),
        _last(unit, "Group"),
        _last(unit, "WorkingDirectory"),
        variables.get("LOCALAI_ADDRESS"),
        variables.get("LOCALAI_BACKENDS_PATH"),
        variables.get("LOCALAI_MODELS_PATH"),
        variables.get("LOCALAI_DATA_PATH"),
        variables.get("LOCALAI_CONFIG_DIR"),
    )


def _values(unit: str, directive: str) -> list[str]:
    pairs = (line.partition("=") for line in unit.splitlines())
    return [value.strip() for name, _equals, value in pairs if name.strip() == directive]


def _last(unit: str, directive: str) -> str | None:
    values: t.Sequence[str] = _values(unit, directive)
    return values[-1] if values else None

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units as systemd reports them, and the content of unit files. `root` is the root directory of this host."""

from __future__ import annotations

import stat
import typing as t
from dataclasses import dataclass

from .._fs import process
from .._fs.utf8 import os
from .small_files import fingerprint_of, text_of

_SECONDS = 30
_PROPERTIES = ("LoadState", "ActiveState", "MainPID", "UnitFileState")
_ENABLED = ("enabled", "enabled-runtime")
_ACTIVE = ("active", "activating", "reloading")
_OWN_DIRECTORY = "/etc/systemd/system"
_DIRECTORIES = (_OWN_DIRECTORY, "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
# The unit of LocalAI's own installer. The unit of the role has this name as an alias, unless something else has it.
_UPSTREAM = "local-ai.service"


@dataclass(frozen=True)
class Unit:
    """The state of a unit, with systemd's own words; all are None where there is no systemd."""

    load_state: str | None = None
    active_state: str | None = None
    main_pid: int | None = None
    enabled: bool | None = None

    @property
    def is_active(self) -> bool:
        """Whether the unit runs, or is being started."""
        return self.active_state in _ACTIVE


def units(names: t.Sequence[str]) -> list[Unit]:
    """Return the states of units, in the order of their names."""
    command = ["systemctl", "show", *(f"--property={name}" for name in _PROPERTIES), "--", *names]
    try:
        output = process.run(command, _SECONDS, "/")
    except (OSError, ValueError):
        return [Unit()] * len(names)
    if output.status:
        return [Unit()] * len(names)
    return parse(output.stdout.decode("utf-8", "replace"), len(names))


def parse(output: str, count: int) -> list[Unit]:
    """Return the units in the output of `systemctl show`, which separates them by an empty line. Pure."""
    blocks = output.strip("\n").split("\n\n")
    if len(blocks) != count:
        return [Unit()] * count
    return [_unit(dict(line.partition("=")[::2] for line in block.splitlines())) for block in blocks]


def _unit(properties: t.Mapping[str, str]) -> Unit:
    pid = properties.get("MainPID", "")
    return Unit(
        properties.get("LoadState") or None,
        properties.get("ActiveState") or None,
        int(pid) if pid.isdecimal() and int(pid) else None,
        properties.get("UnitFileState", "") in _ENABLED,
    )


def has_upstream_unit(name: str, root: str = "") -> bool:
    """Return whether something else than the unit of this name has the name of LocalAI's own unit.

    `systemctl enable` replaces nothing in /etc/systemd/system, where `systemctl mask` and `systemctl link` make
    symlinks.
    """
    path = f"{_OWN_DIRECTORY}/{_UPSTREAM}"
    if os.path.lexists(f"{root}{path}") and _target(path, root) != f"{_OWN_DIRECTORY}/{name}.service":
        return True
    return any(_is_file(f"{root}{directory}/{_UPSTREAM}") for directory in _DIRECTORIES if directory != _OWN_DIRECTORY)


def _target(path: str, root: str) -> str:
    """Return the path that a symlink has as its target, or the path itself if it is none."""
    try:
        target = os.readlink(f"{root}{path}")
    except OSError:
        return path
    return os.path.normpath(os.path.join(os.path.dirname(path), target))


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def devices(name: str, misc_devices: t.Sequence[str], root: str = "") -> list[str]:
    """Return the devices that exist, or that the unit of this name allows already.

    A device that is missing for a moment must not change the unit.
    """
    text = text_of(f"{root}{_OWN_DIRECTORY}/{name}.service") or ""
    allowed = {device for line in text.splitlines() for device in _allowed(line)}
    return [device for device in misc_devices if device in allowed or os.path.lexists(f"{root}{device}")]


def _allowed(line: str) -> list[str]:
    key, _equals, value = line.partition("=")
    return value.split()[:1] if key.strip() == "DeviceAllow" else []


def drop_ins(name: str, root: str = "") -> dict[str, str | None]:
    """Return the fingerprints of the unit's drop-ins by their paths."""
    directory = f"{_OWN_DIRECTORY}/{name}.service.d"
    try:
        names = sorted(name for name in os.listdir(f"{root}{directory}") if name.endswith(".conf"))
    except OSError:
        return {}
    return {f"{directory}/{name}": fingerprint_of(f"{root}{directory}/{name}") for name in names}

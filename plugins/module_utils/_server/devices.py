# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which GPU devices a unit may open: the device rules of its control group, then owner, group and mode. Pure.

Follows systemd.resource-control(5) for `DevicePolicy` and `DeviceAllow`: classes are names in `/proc/devices`, which
are looked up when the unit starts. A driver that is loaded later is not allowed before the next start, which cannot be
seen.
"""

from __future__ import annotations

import fnmatch
import stat
import typing as t
from dataclasses import dataclass

from .unit import Properties, value_of

_NEEDED = "rw"
_CLASS = "char-"


@dataclass(frozen=True)
class Node:
    """A device: `number` is its major and minor number, `mode` that of stat, with the kind of file."""

    path: str
    number: tuple[int, int]
    uid: int
    gid: int
    mode: int
    group: str = ""


@dataclass(frozen=True)
class Classes:
    """The rules for character devices in `/proc/devices`: the names of each major number."""

    names: t.Mapping[int, t.Sequence[str]]

    @classmethod
    def parse(cls, text: str) -> Classes:
        """Return the character devices in the text of `/proc/devices`."""
        names: dict[int, list[str]] = {}
        for line in text.partition("Block devices:")[0].splitlines():
            number, _space, name = line.strip().partition(" ")
            if number.isdecimal() and name:
                names.setdefault(int(number), []).append(name.strip())
        return cls(names)


@dataclass(frozen=True)
class DeviceRules:
    """The devices that the control group of a unit allows.

    `allowed` has the device and the access of each `DeviceAllow`, `numbers` the numbers of the paths among them.
    """

    policy: str = "auto"
    allowed: tuple[tuple[str, str], ...] = ()
    numbers: t.Mapping[str, tuple[int, int]] | None = None
    private: bool = False

    @classmethod
    def of(cls, properties: Properties, number_of: t.Callable[[str], tuple[int, int] | None]) -> DeviceRules:
        """Return the rules of a unit; `number_of` returns the number of the device at a path, or None."""
        rows = [line.split() for line in properties.get("DeviceAllow", ())]
        allowed = tuple((row[0], row[1] if len(row) > 1 else "rwm") for row in rows if row)
        found = {device: number_of(device) for device, _access in allowed if device.startswith("/")}
        numbers = {device: number for device, number in found.items() if number is not None}
        private = value_of(properties, "PrivateDevices") == "yes"
        return cls(value_of(properties, "DevicePolicy") or "auto", allowed, numbers, private)


@dataclass(frozen=True)
class Account:
    """The user and all groups of a unit. Without a `uid`, the user does not exist on this host."""

    name: str
    uid: int | None
    gids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """Whether a unit may open a device for reading and writing, and if not, why."""

    path: str
    reason: str | None = None

    def row(self) -> dict[str, t.Any]:
        """Return what the module returns of a device."""
        return {"path": self.path, "allowed": self.reason is None, "reason": self.reason}


def judge(node: Node, classes: Classes, rules: DeviceRules, account: Account) -> Verdict:
    """Return whether a unit may open a device."""
    if not stat.S_ISCHR(node.mode):
        return Verdict(node.path, "it is not a character device")
    return Verdict(node.path, _forbidden_by_rules(node, classes, rules) or _forbidden_by_mode(node, account))


def _forbidden_by_rules(node: Node, classes: Classes, rules: DeviceRules) -> str | None:
    if rules.private:
        return "PrivateDevices of the unit hides it"
    if rules.policy == "auto" and not rules.allowed:
        return None
    access = {
        letter for device, letters in rules.allowed if _matches(device, node, classes, rules) for letter in letters
    }
    if access.issuperset(_NEEDED):
        return None
    names = classes.names.get(node.number[0], ())
    kinds = " or ".join([_CLASS + name for name in names if name != "misc"] + [node.path])
    if access:
        return f"DeviceAllow of the unit allows only {''.join(sorted(access))}, and rw is needed ({kinds})"
    return f"DeviceAllow of the unit does not have it ({kinds})"


def _matches(device: str, node: Node, classes: Classes, rules: DeviceRules) -> bool:
    """Return whether a `DeviceAllow` means a device, whatever path it names it by."""
    if device.startswith(_CLASS):
        names = classes.names.get(node.number[0], ())
        return any(fnmatch.fnmatchcase(name, device[len(_CLASS) :]) for name in names)
    return (rules.numbers or {}).get(device) == node.number


def _forbidden_by_mode(node: Node, account: Account) -> str | None:
    if account.uid is None:
        return f"the user {account.name} of the unit does not exist on this host"
    if account.uid == 0:
        return None
    if account.uid == node.uid:
        granted, whose = node.mode >> 6, "its owner"
    elif node.gid in account.gids:
        granted, whose = node.mode >> 3, "its group"
    else:
        granted, whose = node.mode, "others"
    if granted & 0o6 == 0o6:
        return None
    mode = f"{stat.S_IMODE(node.mode):04o}"
    advice = f"; members of the group {node.group} may" if whose == "others" and node.mode & 0o060 == 0o060 else ""
    return f"its mode {mode} does not let {account.name} read and write it as {whose}{advice}"

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scans a host for GPU devices, and for the user and the groups of a unit."""

from __future__ import annotations

import glob
import pwd
import stat

from .._fs.accounts import gid_of, group_name, uid_of
from .._fs.read import read_file
from .._fs.utf8 import os
from .devices import Account, Classes, DeviceRules, Node, Verdict, judge
from .unit import Properties, value_of

# NVIDIA, DRI, AMD, accelerators, Jetson, WSL.
_PATTERNS = (
    *("nvidia*", "nvidia-caps/*", "nvidia-caps-imex-channels/*", "dri/card*", "dri/renderD*", "kfd", "accel/*"),
    *("nvhost*", "nvgpu/*", "nvgpu/*/*", "nvmap", "host1x-fence", "dxg"),
)
_MAX_SIZE = 1024**2


def scan_devices(properties: Properties, dev: str = "/dev", proc: str = "/proc") -> list[Verdict]:
    """Return the GPU devices of this host, and whether a unit with these properties may open them."""
    nodes = _nodes(dev)
    if not nodes:
        return []
    try:
        classes = Classes.parse(read_file(f"{proc}/devices", _MAX_SIZE).decode("utf-8", "replace"))
    except OSError:
        classes = Classes({})
    rules = DeviceRules.of(properties, _number_at)
    account = account_of(properties)
    return [judge(node, classes, rules, account) for node in nodes]


def account_of(properties: Properties) -> Account:
    """Return the user and the groups that a unit runs with."""
    name = value_of(properties, "User") or "root"
    try:
        uid = uid_of(name)
    except (KeyError, ValueError):
        return Account(name, None)
    groups = [value_of(properties, "Group"), *value_of(properties, "SupplementaryGroups").split()]
    gids = {gid for group in groups if group for gid in [_gid(group)] if gid is not None}
    try:
        user = pwd.getpwuid(uid)
        gids |= {user.pw_gid, *os.getgrouplist(user.pw_name, user.pw_gid)}
    except KeyError:
        pass
    return Account(name, uid, frozenset(gids))


def _nodes(dev: str) -> list[Node]:
    paths = sorted({path for pattern in _PATTERNS for path in glob.glob(f"{dev}/{pattern}")})
    found = []
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue
        if not stat.S_ISDIR(status.st_mode):
            number = (os.major(status.st_rdev), os.minor(status.st_rdev))
            group = group_name(status.st_gid)
            found.append(Node(path, number, status.st_uid, status.st_gid, status.st_mode, group))
    return found


def _number_at(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    is_character = stat.S_ISCHR(status.st_mode)
    return (os.major(status.st_rdev), os.minor(status.st_rdev)) if is_character else None


def _gid(group: str) -> int | None:
    try:
        return gid_of(group)
    except (KeyError, ValueError):
        return None

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who trees belong to: what a task asks for -> what this user may give them."""

from __future__ import annotations

import grp
import os
import pwd
import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.os_errors import disk_error


@dataclass(frozen=True)
class Ownership:
    """Who owns new trees: numbers to set (-1: leave it to the system) and names to show."""

    uid: int
    gid: int
    owner: str
    group: str


def unknown_owners(owner: str | None, group: str | None) -> list[str]:
    """Return a sentence for each of the two that this host does not have."""
    unknown = []
    for option, name, lookup in (("owner", owner, pwd.getpwnam), ("group", group, grp.getgrnam)):
        try:
            if name is not None and not _is_number(name):
                t.cast("t.Callable[[str], t.Any]", lookup)(name)
        except (KeyError, ValueError):
            unknown.append(f"{option}: this host has no {name!r}. Create it first, or leave {option} out.")
    return unknown


def ownership(path: str, owner: str | None, group: str | None) -> Ownership:
    """Return who new trees in C(path) will belong to: as asked, else as the path itself, where this user may do that.

    Raises HostError for an owner or group that does not exist or that this user may not give files to.
    """
    for sentence in unknown_owners(owner, group):
        raise HostError(sentence)
    status = _nearest(path)
    uid = None if owner is None else int(owner) if _is_number(owner) else pwd.getpwnam(owner).pw_uid
    gid = None if group is None else int(group) if _is_number(group) else grp.getgrnam(group).gr_gid
    if os.geteuid() == 0:
        uid = status.st_uid if uid is None else uid
        gid = status.st_gid if gid is None else gid
    elif uid not in (None, os.geteuid()):
        raise HostError(f"owner: only root can give files to {owner}. Run with become, or leave owner out.")
    elif gid not in (None, os.getegid(), *os.getgroups()):
        raise HostError(f"group: this user is not in {group}. Run with become, or leave group out.")
    return Ownership(
        uid=-1 if uid is None else uid,
        gid=-1 if gid is None else gid,
        owner=owner_name(os.geteuid() if uid is None else uid),
        group=group_name(os.getegid() if gid is None else gid),
    )


def _is_number(name: str) -> bool:
    return name.isdecimal() and name.isascii() and int(name) < 2**32 - 1


def _nearest(path: str) -> os.stat_result:
    while True:
        try:
            return os.stat(path)
        except FileNotFoundError:
            if path == os.path.dirname(path):
                raise
            path = os.path.dirname(path)
        except OSError as e:
            raise HostError(disk_error(path, e)) from e


def owner_name(uid: int) -> str:
    """Return the name of a user, or the number as text."""
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return str(uid)


def group_name(gid: int) -> str:
    """Return the name of a group, or the number as text."""
    try:
        return grp.getgrgid(gid).gr_name
    except (KeyError, OverflowError):
        return str(gid)

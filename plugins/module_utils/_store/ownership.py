# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owners and groups: whom new trees belong to, and the numbers for system calls. Elsewhere, they are text."""

from __future__ import annotations

from .._errors import HostError
from .._fs.accounts import gid_of, group_name, owner_name, uid_of
from .._fs.file_attributes import FileAttributes
from .._fs.os_errors import errors_at
from .._fs.paths import nearest_existing
from .._fs.utf8 import os


def unknown_accounts(owner: str | None, group: str | None) -> list[tuple[str, str]]:
    """Return the options, `owner` and `group`, whose value this host does not have, each with its value."""
    unknown: list[tuple[str, str]] = []
    for option, name, look_up in (("owner", owner, uid_of), ("group", group, gid_of)):
        if name is None:
            continue
        try:
            look_up(name)
        except (KeyError, ValueError):
            unknown.append((option, name))
    return unknown


def to_create(option: str, name: str) -> str:
    """Return a warning for check mode about an unknown user or group, which an earlier task may create."""
    return f"{option}: this host has no {name!r} yet. A run needs it, so an earlier task has to create it."


def owner_of_new_trees(path: str, owner: str | None, group: str | None) -> FileAttributes:
    """Return owner and group to give to new trees in `path`; empty ones are left to the system.

    They are as requested. For root, those that are not requested are those of `path` itself. Raises HostError for an
    owner or group that does not exist or that this user may not give files to.
    """
    uid, gid = numbers_of(owner, group)
    with errors_at(path):
        status = os.stat(nearest_existing(path))
    if os.geteuid() == 0:
        uid, gid = status.st_uid if owner is None else uid, status.st_gid if group is None else gid
    elif owner is not None and uid != os.geteuid():
        raise HostError(f"owner: only root can give files to {owner}. Run with become, or leave owner out.")
    elif group is not None and gid not in (os.getegid(), *os.getgroups()):
        raise HostError(f"group: this user is not in {group}. Run with become, or leave group out.")
    return FileAttributes(owner_name(uid) if uid != -1 else "", group_name(gid) if gid != -1 else "")


def this_user() -> FileAttributes:
    """Return owner and group of the files that this user creates, unless a directory or the file system decides."""
    return FileAttributes(owner_name(os.geteuid()), group_name(os.getegid()))


def numbers_of(owner: str | None, group: str | None) -> tuple[int, int]:
    """Return the numbers of a user and a group for a system call, -1 for None; raises HostError for unknown ones."""
    unknown = unknown_accounts(owner, group)
    if unknown:
        accounts = "; ".join(f"{option}: this host has no {name!r}" for option, name in unknown)
        options = " and ".join(option for option, _name in unknown)
        raise HostError(f"{accounts}. Create {'it' if len(unknown) == 1 else 'both'} first, or leave {options} out.")
    return uid_of(owner) if owner is not None else -1, gid_of(group) if group is not None else -1

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account of the service: whether it is as the role creates it."""

from __future__ import annotations

import grp
import pwd
import typing as t
from dataclasses import dataclass

from .._fs.utf8 import os


@dataclass(frozen=True)
class Account:
    """The user and the group of the service, and which of the groups for GPUs this host has.

    The numbers and the home directory are None where there is no such user or group.
    """

    user_exists: bool
    group_exists: bool
    groups: tuple[str, ...]
    is_right: bool
    home: str | None
    uid: int | None
    gid: int | None


def account_of(user: str | None, group: str | None, gpu_groups: t.Sequence[str], home: str | None) -> Account:
    """Return the account, as all sources of users and groups of this host know it.

    It is right if the user has the group as its primary group, the home directory, and is in all existing GPU groups.
    """
    numbers = {name: _group_number(name) for name in gpu_groups}
    existing = tuple(name for name, number in numbers.items() if number is not None)
    gid = _group_number(group)
    entry = _user(user)
    if entry is None:
        return Account(False, gid is not None, existing, False, None, None, gid)
    member_of = set(os.getgrouplist(entry.pw_name, entry.pw_gid))
    is_right = (
        gid == entry.pw_gid
        and (home is None or os.path.normpath(home) == os.path.normpath(entry.pw_dir or "/"))
        and all(numbers[name] in member_of for name in existing)
    )
    return Account(True, gid is not None, existing, is_right, entry.pw_dir, entry.pw_uid, gid)


def _user(name: str | None) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name or "")
    except (KeyError, ValueError):
        return None


def _group_number(name: str | None) -> int | None:
    try:
        return grp.getgrnam(name or "").gr_gid
    except (KeyError, ValueError):
        return None

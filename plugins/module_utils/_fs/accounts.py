# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users and groups of this host: names and numbers. Look-ups are cached: directory services can be slow."""

from __future__ import annotations

import functools
import grp
import pwd
import stat

from .file_attributes import FileAttributes
from .utf8 import os


@functools.lru_cache(maxsize=None)
def uid_of(owner: str) -> int:
    """Return the number of a user, given its name or the number as text; as in Ansible, it need not have a name.

    Raises KeyError or ValueError if this host has no such user.
    """
    return int(owner) if _is_number(owner) else pwd.getpwnam(owner).pw_uid


@functools.lru_cache(maxsize=None)
def gid_of(group: str) -> int:
    """Return the number of a group, given its name or the number as text; raises as `uid_of` does."""
    return int(group) if _is_number(group) else grp.getgrnam(group).gr_gid


@functools.lru_cache(maxsize=None)
def owner_name(uid: int) -> str:
    """Return the name of a user; the number as text if there is no name, or the name means another user."""
    try:
        name = pwd.getpwuid(uid).pw_name
        return name if uid_of(name) == uid else str(uid)
    except (KeyError, ValueError, OverflowError):
        return str(uid)


@functools.lru_cache(maxsize=None)
def group_name(gid: int) -> str:
    """Return the name of a group; the number as text if there is no name, or the name means another group."""
    try:
        name = grp.getgrgid(gid).gr_name
        return name if gid_of(name) == gid else str(gid)
    except (KeyError, ValueError, OverflowError):
        return str(gid)


def attributes_of(status: os.stat_result) -> FileAttributes:
    """Return owner, group and mode of a file as text."""
    return FileAttributes(owner_name(status.st_uid), group_name(status.st_gid), f"{stat.S_IMODE(status.st_mode):04o}")


def _is_number(name: str) -> bool:
    return name.isdecimal() and name.isascii() and int(name) < 2**32 - 1

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out with a temporary file and directory whether a file system keeps owners and modes."""

from __future__ import annotations

import errno
import functools
import json
import stat
import typing as t
from dataclasses import dataclass

from .._fs.attributes import REFUSALS
from .._fs.entries import OPEN_DIRECTORY, closing, random_names, unless_vanished, with_free_name
from .._fs.remove import remove
from .._fs.utf8 import os
from .file_system import FORMAT, KeptAttributes, kind_of, kind_of_user, recorded_answers

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_TRIES = 3
_MODES = (0o600, 0o751)
# Errors if this container has no such user or group: it has no other owners to keep.
_NO_SUCH_USER = (errno.EINVAL, errno.EOVERFLOW)


@dataclass(frozen=True)
class Probed:
    """The attributes that a file system keeps, and `creator`: the number of the user to whom it gives new files."""

    keeps: KeptAttributes
    creator: int


def probe(dir_fd: int, uid: int, gid: int) -> Probed:
    """Change mode and owner of a temporary file in a directory, to `uid` and `gid` unless they are its own already.

    All changes are made by descriptor, so the owner of the directory cannot influence the answer. Raises OSError if no
    file can be created.
    """
    name, fd = with_free_name(random_names("probe-"), lambda name: os.open(name, _CREATE, 0o600, dir_fd=dir_fd))
    try:
        creator = os.fstat(fd).st_uid
        modes = _keeps_modes(fd) and _creates_closed_directories(dir_fd, creator)
        return Probed(KeptAttributes(_keeps_owners(fd, uid, gid), modes), creator)
    finally:
        os.close(fd)
        remove(name, dir_fd=dir_fd)


def answers_with(path: str, keeps: KeptAttributes) -> bytes:
    """Return the content of the record of `path` with the answer for this kind of user; see `file_system.py`."""
    kind = kind_of(path)
    recorded = recorded_answers(path) or {}
    content: dict[str, t.Any] = {"format": FORMAT, "file_system": kind}
    if recorded.get("file_system") == kind:
        content.update((user, recorded[user]) for user in ("root", "others") if user in recorded)
    content[kind_of_user()] = {"owners": keeps.owners, "modes": keeps.modes}
    return json.dumps(content, sort_keys=True).encode("utf-8") + b"\n"


def _keeps_modes(fd: int) -> bool:
    for mode in _MODES:
        try:
            os.fchmod(fd, mode)
        except OSError as e:
            if e.errno not in REFUSALS:
                raise
            return False
        if stat.S_IMODE(os.fstat(fd).st_mode) != mode:
            return False
    return True


def _creates_closed_directories(dir_fd: int, creator: int) -> bool:
    """Return whether a directory can be created closed to others; several tries, because others may exchange it."""
    for _count in range(_MAX_TRIES):
        name, _none = with_free_name(random_names("probe-"), lambda name: os.mkdir(name, 0o700, dir_fd=dir_fd))
        fd = unless_vanished(functools.partial(os.open, name, OPEN_DIRECTORY, dir_fd=dir_fd))
        if fd is None:
            continue
        with closing(fd):
            status = os.fstat(fd)
        remove(name, dir_fd=dir_fd)
        if (status.st_uid, status.st_mode & 0o777) == (creator, 0o700):
            return True
    return False


def _keeps_owners(fd: int, uid: int, gid: int) -> bool:
    status = os.fstat(fd)
    if os.geteuid() != 0:
        if status.st_uid != os.geteuid():
            return False
        uid = -1
        gid = next((group for group in (gid, *os.getgroups()) if group not in (-1, status.st_gid)), -1)
    else:
        uid, gid = _other(uid, status.st_uid), _other(gid, status.st_gid)
    try:
        os.fchown(fd, uid, gid)
    except OSError as e:
        if e.errno in _NO_SUCH_USER:
            return True
        if e.errno not in REFUSALS:
            raise
        return False
    status = os.fstat(fd)
    return uid in (-1, status.st_uid) and gid in (-1, status.st_gid)


def _other(requested: int, current: int) -> int:
    """Return the number of a user or group that a file does not have: the requested one if it is another."""
    return requested if requested not in (-1, current) else 1 if current != 1 else 2

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a file system keeps owners and modes, found out with a scratch file and a scratch directory."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass

from .._fs.attributes import NOT_KEPT, VANISHED
from .._fs.remove import OPEN_DIRECTORY, random_names, remove, with_free_name
from .file_system import Keeps

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES = 3
_MODES = (0o600, 0o751)
# The answers where there is no such user or group in this container: it has no other owners to keep.
_NO_SUCH_USER = (errno.EINVAL, errno.EOVERFLOW)


@dataclass(frozen=True)
class Probed:
    """What became of a scratch file: whether its attributes were kept, and C(maker), the number of its first owner."""

    keeps: Keeps
    maker: int


def probe(dir_fd: int, uid: int, gid: int) -> Probed:
    """Give a scratch file in a directory other modes and owners, C(uid) and C(gid) if they are others than its own.

    All of it goes by descriptors, so that whoever owns the directory cannot change the answer. Raises OSError where no
    file can be made.
    """
    name, fd = with_free_name(random_names("probe-"), lambda name: os.open(name, _CREATE, 0o600, dir_fd=dir_fd))
    try:
        maker = os.fstat(fd).st_uid
        modes = _keeps_modes(fd) and _makes_closed_directories(dir_fd, maker)
        return Probed(Keeps(_keeps_owners(fd, uid, gid), modes), maker)
    finally:
        os.close(fd)
        remove(name, dir_fd=dir_fd)


def _keeps_modes(fd: int) -> bool:
    for mode in _MODES:
        try:
            os.fchmod(fd, mode)
        except OSError as e:
            if e.errno not in NOT_KEPT:
                raise
            return False
        if stat.S_IMODE(os.fstat(fd).st_mode) != mode:
            return False
    return True


def _makes_closed_directories(dir_fd: int, maker: int) -> bool:
    """Return whether a new directory is closed to others when it is made so; not if it never is, at several tries."""
    for _count in range(_TRIES):
        name, _made = with_free_name(random_names("probe-"), lambda name: os.mkdir(name, 0o700, dir_fd=dir_fd))
        try:
            fd = os.open(name, OPEN_DIRECTORY, dir_fd=dir_fd)
        except OSError as e:
            if e.errno not in VANISHED:
                raise
            continue
        try:
            status = os.fstat(fd)
        finally:
            os.close(fd)
            remove(name, dir_fd=dir_fd)
        if (status.st_uid, status.st_mode & 0o777) == (maker, 0o700):
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
        if e.errno not in NOT_KEPT:
            raise
        return False
    status = os.fstat(fd)
    return uid in (-1, status.st_uid) and gid in (-1, status.st_gid)


def _other(wanted: int, has: int) -> int:
    """Return the number of a user or a group that a file does not have, the wanted one if that is another."""
    return wanted if wanted not in (-1, has) else 1 if has != 1 else 2

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode of files in directories that somebody else may write to.

Between the moment at which a file is judged and the moment at which it is changed, its name can come to mean another
file. So every change is made through a descriptor, which is opened without following a link and compared with what was
judged. No other file of the collection changes attributes by name.
"""

from __future__ import annotations

import errno
import os
import stat
import typing as t

# Opens anything, also what may not be read, and without side effects. macOS does not have it.
O_PATH = getattr(os, "O_PATH", 0)
_DESCRIPTORS = "/proc/self/fd"
_HOLD = (O_PATH or os.O_RDONLY | os.O_NONBLOCK) | os.O_NOFOLLOW | os.O_CLOEXEC
# The answers of file systems that do not keep what a change of owner or mode sets.
NOT_KEPT = (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
# The answers to an open where the name does not lead to the kind of file any more that it led to before.
VANISHED = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def identity(status: os.stat_result) -> tuple[int, int]:
    """Return what tells a file from all others that exist at the same time."""
    return status.st_dev, status.st_ino


def hold(name: str, dir_fd: int | None) -> int:
    """Return a descriptor of anything but a symlink's target, for C(set_attributes); no symlink is followed."""
    return os.open(name, _HOLD, dir_fd=dir_fd)


def set_attributes(fd: int, uid: int = -1, gid: int = -1, mode: int | None = None) -> None:
    """Change the file that a descriptor leads to, one of C(hold) included; -1 and None leave it as it is."""
    target = _through_proc(fd) if O_PATH else fd
    # A change of the owner may take bits of the mode away, so that the mode comes last.
    if (uid, gid) != (-1, -1):
        os.chown(target, uid, gid)
    if mode is not None:
        os.chmod(target, mode)


def change(
    name: str,
    dir_fd: int,
    judged: os.stat_result,
    *,
    uid: int = -1,
    gid: int = -1,
    mode: int | None = None,
    most_names: int | None = None,
) -> bool:
    """Change the attributes of C(name), if it still is the file that was judged; returns whether it is.

    A file that is no directory may have C(most_names) hard links, by default as many as when it was judged.
    """
    if stat.S_ISLNK(judged.st_mode) and not _can_hold():
        os.chown(name, uid, gid, dir_fd=dir_fd, follow_symlinks=False)
        return True
    try:
        fd = hold(name, dir_fd)
    except OSError as e:
        if e.errno not in VANISHED:
            raise
        return False
    try:
        status = os.fstat(fd)
        names = judged.st_nlink if most_names is None else most_names
        is_same = identity(status) == identity(judged) and stat.S_IFMT(status.st_mode) == stat.S_IFMT(judged.st_mode)
        if not is_same or (not stat.S_ISDIR(status.st_mode) and status.st_nlink > names):
            return False
        set_attributes(fd, uid, gid, mode)
        return True
    finally:
        os.close(fd)


class MadeDirectory(t.NamedTuple):
    """A directory that was made: the mode and the time that it gets in the end, and what tells it from others."""

    mode: int
    mtime: float | None
    identity: tuple[int, int]


def finish_directory(opened: t.Callable[[], int], made: MadeDirectory, owner: tuple[int, int], modes: bool) -> None:
    """Give a directory its owner, its time and, with C(modes), its mode, if C(opened) opens the one that was made."""
    try:
        fd = opened()
    except OSError as e:
        if e.errno not in VANISHED:
            raise
        return
    try:
        if identity(os.fstat(fd)) != made.identity:
            return
        if owner != (-1, -1):
            os.fchown(fd, *owner)
        if modes:
            os.fchmod(fd, made.mode)
        if made.mtime is not None:
            os.utime(fd, (made.mtime, made.mtime))
    finally:
        os.close(fd)


def _through_proc(fd: int) -> str:
    """Return a path that leads to the file of a descriptor, whatever the file's own path is by now."""
    if not _can_hold():
        raise OSError(errno.ENOSYS, "/proc is not mounted, without which owner and mode cannot be changed safely")
    return f"{_DESCRIPTORS}/{fd}"


def _can_hold() -> bool:
    """Return whether this system can change a file, symlinks included, that is held but not opened for reading."""
    return bool(O_PATH) and os.path.isdir(_DESCRIPTORS)

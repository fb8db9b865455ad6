# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of owner, group and mode in directories that somebody else may write to.

Between the check of a file and its change, its name can come to lead to another file. So every change is made through a
descriptor that was opened without following a symlink and that leads to the file that was checked. No other file of
the collection changes attributes by name.
"""

from __future__ import annotations

import errno
import stat
import typing as t

from .entries import closing, identity, unless_vanished
from .utf8 import os

# Opens anything, also what this user may not read, and without side effects. macOS does not have it.
O_PATH = getattr(os, "O_PATH", 0)
_DESCRIPTORS = "/proc/self/fd"
_HOLD = (O_PATH or os.O_RDONLY | os.O_NONBLOCK) | os.O_NOFOLLOW | os.O_CLOEXEC
# Errors of file systems that do not keep owners or modes.
REFUSALS = (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def hold(name: str, dir_fd: int | None) -> int:
    """Return a descriptor of an entry for `set_attributes`; a symlink is not followed."""
    return os.open(name, _HOLD, dir_fd=dir_fd)


def set_attributes(fd: int, uid: int = -1, gid: int = -1, mode: int | None = None) -> None:
    """Change the file of a descriptor, which may come from `hold`; -1 and None leave an attribute as it is."""
    target = _through_proc(fd) if O_PATH else fd
    # The mode comes last, because a change of the owner can clear bits of it.
    if (uid, gid) != (-1, -1):
        os.chown(target, uid, gid)
    if mode is not None:
        os.chmod(target, mode)


def change(
    name: str,
    dir_fd: int,
    checked: os.stat_result,
    *,
    uid: int = -1,
    gid: int = -1,
    mode: int | None = None,
    max_links: int | None = None,
) -> bool:
    """Change the attributes of `name` if it still is the file that was checked; returns whether it is.

    Anything but a directory may have `max_links` hard links, by default as many as when it was checked.
    """
    if stat.S_ISLNK(checked.st_mode) and not _can_hold():
        os.chown(name, uid, gid, dir_fd=dir_fd, follow_symlinks=False)
        return True
    fd = unless_vanished(lambda: hold(name, dir_fd))
    if fd is None:
        return False
    with closing(fd):
        status = os.fstat(fd)
        links = checked.st_nlink if max_links is None else max_links
        is_same = identity(status) == identity(checked) and stat.S_IFMT(status.st_mode) == stat.S_IFMT(checked.st_mode)
        if not is_same or (not stat.S_ISDIR(status.st_mode) and status.st_nlink > links):
            return False
        set_attributes(fd, uid, gid, mode)
        return True


class NewDirectory(t.NamedTuple):
    """A directory that was created: the mode and the time that it gets in the end, and its identity."""

    mode: int
    mtime: float | None
    identity: tuple[int, int]


def finish_directory(
    open_it: t.Callable[[], int], created: NewDirectory, owner: tuple[int, int], set_mode: bool
) -> None:
    """Give a directory its owner, its time and, with `set_mode`, its mode, if `open_it` opens the one created."""
    fd = unless_vanished(open_it)
    if fd is None:
        return
    with closing(fd):
        if identity(os.fstat(fd)) != created.identity:
            return
        if owner != (-1, -1):
            os.fchown(fd, *owner)
        if set_mode:
            os.fchmod(fd, created.mode)
        if created.mtime is not None:
            os.utime(fd, (created.mtime, created.mtime))


def _through_proc(fd: int) -> str:
    """Return a path that leads to the file of a descriptor, wherever the file is by now."""
    if not _can_hold():
        raise OSError(errno.ENOSYS, "/proc is not mounted, without which owner and mode cannot be changed safely")
    return f"{_DESCRIPTORS}/{fd}"


def _can_hold() -> bool:
    """Return whether this system can change a file, also a symlink, that is held but not opened for reading."""
    return bool(O_PATH) and os.path.isdir(_DESCRIPTORS)

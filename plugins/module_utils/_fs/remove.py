# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removal of files and trees by descriptors. No symlink is followed.

A removal creates no entry and moves none: it goes down into the tree and up again. So no name in the tree can be in its
way, and wherever it is interrupted, it leaves a smaller tree, which can be removed again.
"""

from __future__ import annotations

import contextlib
import errno
import stat
from dataclasses import dataclass

from .attributes import hold, set_attributes
from .entries import IN_THE_WAY, OPEN_DIRECTORY, closing, identity, unless_missing, unless_vanished
from .utf8 import os

# So many directories above the current one are held open; those above them are opened again through `..`.
_HELD_LEVELS = 32
_MAX_LEVELS = 100_000
# How often, in one removal, a directory may have new entries when it should be empty.
_MAX_ROUNDS = 200


def remove(path: str, dir_fd: int | None = None) -> None:
    """Remove a file, a symlink (never what it points to) or a whole directory. A missing one is no error.

    Raises OSError also if somebody else keeps creating entries, and for a mount point in the tree.
    """
    for count in range(_MAX_ROUNDS):
        if _try_unlink(path, dir_fd):
            return
        top = _open_to_empty(path, dir_fd, count > 0)
        if top is None:
            continue
        with closing(top):
            _Emptying(top).run()
        if try_rmdir(path, dir_fd):
            return
    raise _refilled()


@dataclass
class _Level:
    """A directory on the way down: its name in the one above it, its descriptor if held, subdirectories to remove."""

    name: str
    identity: tuple[int, int]
    fd: int
    subdirectories: list[str]
    refilled: bool = False


class _Emptying:
    """Empties the directory `top`, however deep it is, with a bounded number of descriptors."""

    def __init__(self, top: int) -> None:
        self._device = os.fstat(top).st_dev
        self._rounds = 0
        self._levels: list[_Level] = []
        self._top = top

    def run(self) -> None:
        """Remove everything below the top; returns early if somebody moves the current directory elsewhere."""
        try:
            self._push("", os.open(".", OPEN_DIRECTORY, dir_fd=self._top))
            while self._step():
                pass
        finally:
            for level in self._levels:
                if level.fd != -1:
                    os.close(level.fd)

    def _step(self) -> bool:
        """Go down into one subdirectory, or remove the current one and go up; returns whether there is more to do."""
        level = self._levels[-1]
        if level.subdirectories:
            name = level.subdirectories.pop()
            fd = _open_to_empty(name, level.fd, level.refilled)
            if fd is not None:
                self._push(name, fd)
            elif not _try_unlink(name, level.fd):
                self._retry(level, name)
            return True
        if len(self._levels) == 1 or not self._reopen_parent():
            return False
        self._levels.pop()
        os.close(level.fd)
        parent = self._levels[-1]
        if not (try_rmdir(level.name, parent.fd) or _try_unlink(level.name, parent.fd)):
            self._retry(parent, level.name)
        return True

    def _retry(self, level: _Level, name: str) -> None:
        """Visit again a directory that somebody else filled or replaced."""
        self._rounds += 1
        if self._rounds > _MAX_ROUNDS:
            raise _refilled()
        level.refilled = True
        level.subdirectories.append(name)

    def _push(self, name: str, fd: int) -> None:
        level = _Level(name, (0, 0), fd, [])
        self._levels.append(level)
        status = os.fstat(fd)
        level.identity = identity(status)
        if status.st_dev != self._device:
            raise OSError(errno.EBUSY, f"another file system is mounted on {name} in it. Unmount that first")
        if len(self._levels) > _MAX_LEVELS:
            raise OSError(errno.ELOOP, f"its directories are nested more than {_MAX_LEVELS} deep. Remove it by hand")
        level.subdirectories = [inner for inner in os.listdir(fd) if not _try_unlink(inner, fd)]
        if len(self._levels) > _HELD_LEVELS:
            highest = self._levels[-1 - _HELD_LEVELS]
            os.close(highest.fd)
            highest.fd = -1

    def _reopen_parent(self) -> bool:
        """Open the directory above the current one again if it was closed; returns whether it is still the same."""
        child, parent = self._levels[-1], self._levels[-2]
        if parent.fd == -1:
            fd = unless_missing(lambda: os.open("..", OPEN_DIRECTORY, dir_fd=child.fd))
            if fd is None:
                return False
            parent.fd = fd
        return identity(os.fstat(parent.fd)) == parent.identity


def _refilled() -> OSError:
    reason = "new files keep coming into it while it is removed. Stop what writes there, such as LocalAI, and run again"
    return OSError(errno.ENOTEMPTY, reason)


def _try_unlink(path: str, dir_fd: int | None) -> bool:
    """Remove anything but a directory; returns whether nothing has the name any more."""
    try:
        os.unlink(path, dir_fd=dir_fd)
    except FileNotFoundError:
        return True
    except (IsADirectoryError, PermissionError):
        # macOS answers EPERM for a directory.
        status = unless_missing(lambda: os.stat(path, dir_fd=dir_fd, follow_symlinks=False))
        if status is None:
            return True
        if stat.S_ISDIR(status.st_mode):
            return False
        raise
    return True


def try_rmdir(path: str, dir_fd: int | None) -> bool:
    """Remove an empty directory; returns whether nothing has the name any more."""
    try:
        os.rmdir(path, dir_fd=dir_fd)
    except FileNotFoundError:
        return True
    except OSError as e:
        if e.errno not in IN_THE_WAY:
            raise
        return False
    return True


def _open_to_empty(path: str, dir_fd: int | None, close_to_others: bool) -> int | None:
    """Open a directory that is going to be removed, and make its entries removable; None for anything else.

    With `close_to_others`, root takes it over, so that nobody else can create entries in it.
    """
    fd = unless_vanished(lambda: _open_directory(path, dir_fd))
    if fd is None:
        return None
    # If this fails and matters, the removal of the entries fails too.
    with contextlib.suppress(OSError):
        if close_to_others and os.geteuid() == 0:
            os.fchown(fd, 0, 0)
            os.fchmod(fd, 0o700)
        elif os.fstat(fd).st_mode & 0o700 != 0o700:
            os.fchmod(fd, 0o700)
    return fd


def _open_directory(path: str, dir_fd: int | None) -> int:
    try:
        return os.open(path, OPEN_DIRECTORY, dir_fd=dir_fd)
    except PermissionError:
        with closing(hold(path, dir_fd)) as held:
            if not stat.S_ISDIR(os.fstat(held).st_mode):
                raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
            set_attributes(held, mode=0o700)
            return os.open(".", OPEN_DIRECTORY, dir_fd=held)

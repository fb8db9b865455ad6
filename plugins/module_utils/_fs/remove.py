# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of directories held by descriptors: whether they are there, and their removal. No symlink is followed.

A removal needs no name of its own and moves nothing: it goes down into the tree and up again. So nothing that stands in
the tree can be in its way, and wherever it is interrupted, a smaller tree is left, which can be removed again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import typing as t
from dataclasses import dataclass

from .attributes import VANISHED, hold, identity, set_attributes

OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Answers to a rename where there is no room for the name, or a directory is in a lower layer of an overlay: what shall
# go is removed where it is then.
CANNOT_MOVE = (errno.ENOSPC, errno.EDQUOT, errno.EXDEV)
# Answers where something has a name already: for a new entry, or for what a rename would put in its place.
IN_THE_WAY = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR)
# So many directories above the one at hand are held open; those above them are found again through `..`.
_HELD_LEVELS = 32
_MOST_LEVELS = 100_000
# How often a directory may have new entries at the moment at which it should be empty, in one removal.
_MOST_ROUNDS = 200
_MOST_NAMES = 1000
# How often somebody else may be quicker in putting something where we want to put something.
_TRIES = 100


def exists(name: str, dir_fd: int) -> bool:
    """Return whether there is anything of that name in a directory, a symlink to nowhere included."""
    try:
        os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


_Made = t.TypeVar("_Made")


def with_free_name(names: t.Iterable[str], make: t.Callable[[str], _Made]) -> tuple[str, _Made]:
    """Call C(make) with one name after the other until nothing is in the way; returns the name, and what was made."""
    problem: OSError | None = None
    for _count, name in zip(range(_MOST_NAMES), names):
        try:
            return name, make(name)
        except OSError as e:
            if e.errno not in IN_THE_WAY:
                raise
            problem = e
    raise problem or OSError(errno.EEXIST, os.strerror(errno.EEXIST))


def in_spite_of(clear: t.Callable[[], object], work: t.Callable[[], _Made]) -> _Made:
    """Do C(work) after C(clear), which takes away what could be in the way; again while somebody is quicker."""
    count = 0
    while True:
        count += 1
        clear()
        try:
            return work()
        except OSError as e:
            if count == _TRIES or e.errno not in (*IN_THE_WAY, errno.ENOENT):
                raise


def is_no_directory(name: str, dir_fd: int) -> bool:
    """Return whether a rename of a file takes the place of what has a name, if anything has."""
    try:
        return not stat.S_ISDIR(os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return True


def random_names(prefix: str) -> t.Iterator[str]:
    """Yield names that nobody can foresee."""
    while True:
        yield prefix + secrets.token_hex(8)


def remove(path: str, dir_fd: int | None = None) -> None:
    """Remove a file, a symlink (never what it points to) or a whole directory; a missing one is fine.

    Raises OSError also where somebody else goes on creating entries, and for a mount point in the tree.
    """
    for count in range(_MOST_ROUNDS):
        if _is_unlinked(path, dir_fd):
            return
        top = _open_to_empty(path, dir_fd, count > 0)
        if top is None:
            continue
        try:
            _Emptying(top).run()
        finally:
            os.close(top)
        if _is_rmdired(path, dir_fd):
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
    """Empties the directory C(top), however deep it is, with a bounded number of descriptors."""

    def __init__(self, top: int) -> None:
        self._device = os.fstat(top).st_dev
        self._rounds = 0
        self._levels: list[_Level] = []
        self._top = top

    def run(self) -> None:
        """Remove all that is below the top; returns early where somebody moved the directory at hand elsewhere."""
        try:
            self._push("", os.open(".", OPEN_DIRECTORY, dir_fd=self._top))
            while self._step():
                pass
        finally:
            for level in self._levels:
                if level.fd != -1:
                    os.close(level.fd)

    def _step(self) -> bool:
        """Go down into one subdirectory, or remove the one at hand and go up; returns whether there is more to do."""
        level = self._levels[-1]
        if level.subdirectories:
            name = level.subdirectories.pop()
            fd = _open_to_empty(name, level.fd, level.refilled)
            if fd is not None:
                self._push(name, fd)
            elif not _is_unlinked(name, level.fd):
                self._again(level, name)
            return True
        if len(self._levels) == 1 or not self._is_parent_held():
            return False
        self._levels.pop()
        os.close(level.fd)
        parent = self._levels[-1]
        if not (_is_rmdired(level.name, parent.fd) or _is_unlinked(level.name, parent.fd)):
            self._again(parent, level.name)
        return True

    def _again(self, level: _Level, name: str) -> None:
        """Come back to a directory that was filled, or exchanged, by somebody else."""
        self._rounds += 1
        if self._rounds > _MOST_ROUNDS:
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
        if len(self._levels) > _MOST_LEVELS:
            raise OSError(errno.ELOOP, f"its directories are nested more than {_MOST_LEVELS} deep. Remove it by hand")
        level.subdirectories = [inner for inner in os.listdir(fd) if not _is_unlinked(inner, fd)]
        if len(self._levels) > _HELD_LEVELS:
            far = self._levels[-1 - _HELD_LEVELS]
            os.close(far.fd)
            far.fd = -1

    def _is_parent_held(self) -> bool:
        """Find the directory above the one at hand again, if need be; returns whether it still is above it."""
        child, parent = self._levels[-1], self._levels[-2]
        if parent.fd == -1:
            try:
                parent.fd = os.open("..", OPEN_DIRECTORY, dir_fd=child.fd)
            except FileNotFoundError:
                return False
        return identity(os.fstat(parent.fd)) == parent.identity


def _refilled() -> OSError:
    reason = "new files keep coming into it while it is removed. Stop what writes there, such as LocalAI, and run again"
    return OSError(errno.ENOTEMPTY, reason)


def _is_unlinked(path: str, dir_fd: int | None) -> bool:
    """Remove what is no directory; returns whether nothing is left of it."""
    try:
        os.unlink(path, dir_fd=dir_fd)
    except FileNotFoundError:
        return True
    except (IsADirectoryError, PermissionError):
        # macOS answers EPERM for a directory.
        try:
            if stat.S_ISDIR(os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_mode):
                return False
        except FileNotFoundError:
            return True
        raise
    return True


def _is_rmdired(path: str, dir_fd: int | None) -> bool:
    """Remove an empty directory; returns whether nothing is left of it."""
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
    """Open a directory that is going to be removed, making its entries removable; None for what is no directory.

    With C(close_to_others), root makes it a directory of its own, in which nobody else can create entries.
    """
    try:
        fd = _opened(path, dir_fd)
    except OSError as e:
        if e.errno not in VANISHED:
            raise
        return None
    # What cannot be changed here is told by what follows, unless it works all the same.
    with contextlib.suppress(OSError):
        if close_to_others and os.geteuid() == 0:
            os.fchown(fd, 0, 0)
            os.fchmod(fd, 0o700)
        elif os.fstat(fd).st_mode & 0o700 != 0o700:
            os.fchmod(fd, 0o700)
    return fd


def _opened(path: str, dir_fd: int | None) -> int:
    try:
        return os.open(path, OPEN_DIRECTORY, dir_fd=dir_fd)
    except PermissionError:
        held = hold(path, dir_fd)
        try:
            if not stat.S_ISDIR(os.fstat(held).st_mode):
                raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
            set_attributes(held, mode=0o700)
            return os.open(".", OPEN_DIRECTORY, dir_fd=held)
        finally:
            os.close(held)

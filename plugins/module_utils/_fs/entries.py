# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of directories that are held open: opening them, and finding names that are free. No symlink is followed."""

from __future__ import annotations

import contextlib
import errno
import secrets
import stat
import typing as t

from .utf8 import os

OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Errors of an open whose name no longer leads to the kind of file that it led to before.
VANISHED = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
# Errors where something already has the name of a new entry, or cannot be replaced by a rename.
IN_THE_WAY = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR)
_MAX_NAMES = 1000
# How often somebody else may be quicker in creating an entry that we remove and replace.
_MAX_TRIES = 100

_Result = t.TypeVar("_Result")


@contextlib.contextmanager
def closing(fd: int) -> t.Iterator[int]:
    """Give a descriptor, and close it when the context ends."""
    try:
        yield fd
    finally:
        os.close(fd)


def opened_directory(name: str, dir_fd: int) -> t.ContextManager[int]:
    """Give a descriptor of a directory, and close it when the context ends."""
    return closing(os.open(name, OPEN_DIRECTORY, dir_fd=dir_fd))


def identity(status: os.stat_result) -> tuple[int, int]:
    """Return what tells a file from all others that exist at the same time."""
    return status.st_dev, status.st_ino


def exists(name: str, dir_fd: int) -> bool:
    """Return whether a directory has an entry of that name; a symlink to nowhere is one."""
    return unless_missing(lambda: os.stat(name, dir_fd=dir_fd, follow_symlinks=False)) is not None


def is_replaceable(name: str, dir_fd: int) -> bool:
    """Return whether a file can be renamed to `name`: nothing has that name, or something else than a directory."""
    status = unless_missing(lambda: os.stat(name, dir_fd=dir_fd, follow_symlinks=False))
    return status is None or not stat.S_ISDIR(status.st_mode)


def unless_missing(call: t.Callable[[], _Result]) -> _Result | None:
    """Return the result of a system call, or None if there is no such file."""
    try:
        return call()
    except FileNotFoundError:
        return None


def unless_vanished(call: t.Callable[[], _Result]) -> _Result | None:
    """Return the result of a system call, or None if its path no longer leads to the expected kind of file."""
    try:
        return call()
    except OSError as e:
        if e.errno not in VANISHED:
            raise
        return None


def with_free_name(names: t.Iterable[str], create: t.Callable[[str], _Result]) -> tuple[str, _Result]:
    """Call `create` with one name after the other until nothing is in the way; returns the name and the result."""
    problem: OSError | None = None
    for _count, name in zip(range(_MAX_NAMES), names):
        try:
            return name, create(name)
        except OSError as e:
            if e.errno not in IN_THE_WAY:
                raise
            problem = e
    raise problem or OSError(errno.EEXIST, os.strerror(errno.EEXIST))


def after_clearing(clear: t.Callable[[], object], action: t.Callable[[], _Result]) -> _Result:
    """Call `clear`, which removes what may be in the way, then `action`; again while somebody else is quicker."""
    tries = 0
    while True:
        tries += 1
        clear()
        try:
            return action()
        except OSError as e:
            if tries == _MAX_TRIES or e.errno not in (*IN_THE_WAY, errno.ENOENT):
                raise


def random_names(prefix: str) -> t.Iterator[str]:
    """Yield names that nobody can predict."""
    while True:
        yield prefix + secrets.token_hex(8)

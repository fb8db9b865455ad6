# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories in which trees have numbers as names.

They are the staging directory, with trees that are not finished yet and trees that are being deleted, and one directory
for the previous versions of each backend, where the highest number is the latest.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import typing as t
from dataclasses import dataclass

from .._fs.entries import exists, opened_directory, with_free_name
from .._fs.remove import remove
from .._fs.sync import Transaction
from .._fs.utf8 import os
from .layout import version_numbers
from .tree_files import TreeFiles

# Errors of a rename if there is no space for the name, or if a directory is in a lower layer of an overlay.
_CANNOT_MOVE = (errno.ENOSPC, errno.EDQUOT, errno.EXDEV)
_Result = t.TypeVar("_Result")


class Staging:
    """The staging directory `fd`; `files` are those by which others know a tree."""

    def __init__(self, fd: int, files: TreeFiles) -> None:
        self.fd = fd
        self._files = files
        self._numbers = itertools.count(1)

    def with_free_number(self, create: t.Callable[[str], _Result]) -> tuple[str, _Result]:
        """Call `create` with a name that is free; returns the name and the result."""
        return with_free_name(map(str, self._numbers), create)

    def discard(self, name: str, dir_fd: int) -> None:
        """Delete an entry of a directory, if there is one: take it out of sight in one step, then remove it.

        One that cannot be moved is removed in place.
        """
        if not exists(name, dir_fd):
            return
        if dir_fd != self.fd:
            try:
                name = _move(name, dir_fd, self.fd, self._numbers)
            except OSError as e:
                if e.errno not in _CANNOT_MOVE:
                    raise
                remove_in_place(name, dir_fd, self._files)
                return
        remove(name, dir_fd=self.fd)


@dataclass(frozen=True)
class PreviousVersions:
    """The previous versions in the directory `fd`, of which the latest `keep` stay."""

    fd: int
    keep: int

    def add(self, name: str, dir_fd: int) -> None:
        """Move a tree here as the latest version."""
        latest = max(self._numbers(), default=0)
        _move(name, dir_fd, self.fd, itertools.count(latest + 1))

    def surplus(self) -> t.Iterator[str]:
        """Return the names of the versions that are too many."""
        return map(str, self._numbers()[: -self.keep or None])

    def _numbers(self) -> list[int]:
        return version_numbers(os.listdir(self.fd))


def remove_in_place(name: str, dir_fd: int, files: TreeFiles) -> None:
    """Delete a tree where it is: first the files by which others know it."""
    with contextlib.suppress(OSError), opened_directory(name, dir_fd) as fd:
        for file_name in files.names:
            remove(file_name, dir_fd=fd)
    remove(name, dir_fd=dir_fd)


def _move(name: str, dir_fd: int, new_fd: int, numbers: t.Iterator[int]) -> str:
    """Move a tree to the first of the numbers that is free, and return that as its name."""
    with Transaction() as transaction:
        return with_free_name(map(str, numbers), lambda number: transaction.rename(dir_fd, name, new_fd, number))[0]

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The staging directory: trees that are not finished yet, and trees that are being deleted."""

from __future__ import annotations

import contextlib
import errno
import itertools
import typing as t

from .._fs.entries import exists, opened_directory, with_free_name
from .._fs.remove import remove
from .._fs.sync import Transaction
from .layout import TreeFiles

# Errors of a rename if there is no space for the name, or if a directory is in a lower layer of an overlay.
_CANNOT_MOVE = (errno.ENOSPC, errno.EDQUOT, errno.EXDEV)
_Result = t.TypeVar("_Result")


class Staging:
    """The directory `fd`, in which trees have numbers as names; `files` are those by which others know a tree."""

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
                name = self._move_in(name, dir_fd)
            except OSError as e:
                if e.errno not in _CANNOT_MOVE:
                    raise
                remove_in_place(name, dir_fd, self._files)
                return
        remove(name, dir_fd=self.fd)

    def _move_in(self, name: str, dir_fd: int) -> str:
        with Transaction() as transaction:
            number, _none = self.with_free_number(lambda number: transaction.rename(dir_fd, name, self.fd, number))
        return number


def remove_in_place(name: str, dir_fd: int, files: TreeFiles) -> None:
    """Delete a tree where it is: first the files by which others know it."""
    with contextlib.suppress(OSError), opened_directory(name, dir_fd) as fd:
        for file_name in files.names:
            remove(file_name, dir_fd=fd)
    remove(name, dir_fd=dir_fd)

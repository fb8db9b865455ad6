# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directories of a tree by their paths below its top, held open. No symlink is followed on the way."""

from __future__ import annotations

import contextlib
import errno
import typing as t

from .entries import OPEN_DIRECTORY, closing
from .utf8 import os

_MAX_OPEN = 64


class Directories:
    """Opens the directories below `top` one level at a time, and keeps those open that were used last."""

    def __init__(self, top: int) -> None:
        self._top = top
        # The least recently used first.
        self._open: dict[str, int] = {}

    def at(self, path: str) -> tuple[int, str]:
        """Return a descriptor of the directory of the entry `path`, and the name of the entry in it.

        The descriptor is valid until the next call. Raises OSError if something above the entry is not a directory.
        """
        parent, _slash, name = path.rpartition("/")
        return self._directory(parent), name

    @contextlib.contextmanager
    def holding(self, path: str) -> t.Iterator[tuple[int, str]]:
        """Give the result of `at`, with a descriptor that is valid inside the context."""
        fd, name = self.at(path)
        with closing(os.dup(fd)) as held:
            yield held, name

    def status(self, path: str) -> os.stat_result:
        """Return the status of an entry."""
        fd, name = self.at(path)
        return os.stat(name or ".", dir_fd=fd, follow_symlinks=False)

    def status_of_new(self, path: str) -> os.stat_result:
        """Return the status of a directory that was just created; raises OSError if it is another one by now."""
        fd = self._directory(path)
        if os.listdir(fd):
            raise OSError(errno.ENOTEMPTY, "it was replaced while it was being created")
        return os.fstat(fd)

    def target(self, path: str) -> str:
        """Return what a symlink points to."""
        fd, name = self.at(path)
        return os.readlink(name, dir_fd=fd)

    def open(self, path: str, flags: int = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC) -> int:
        """Open an entry."""
        fd, name = self.at(path)
        return os.open(name or ".", flags, dir_fd=fd)

    def names(self, path: str) -> list[str]:
        """Return the names of the entries of a directory."""
        with closing(self.open(path, OPEN_DIRECTORY)) as fd:
            return os.listdir(fd)

    def forget(self, path: str) -> None:
        """Close a directory that is being removed, and those below it."""
        for below in [name for name in self._open if name == path or name.startswith(path + "/")]:
            os.close(self._open.pop(below))

    def close(self) -> None:
        """Close all of them."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _directory(self, path: str) -> int:
        if not path:
            return self._top
        fd = self._open.pop(path, -1)
        if fd == -1:
            parent, name = self.at(path)
            fd = os.open(name, OPEN_DIRECTORY, dir_fd=parent)
        self._open[path] = fd
        if len(self._open) > _MAX_OPEN:
            os.close(self._open.pop(next(iter(self._open))))
        return fd

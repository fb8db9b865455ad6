# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds that were downloaded ahead of their installation: at most one for each backend, under the key of its content.

They are complete trees like installed ones, so that an installation is a rename.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._fs.entries import closing, exists
from .._fs.os_errors import errors_at
from .._fs.sync import Transaction, write_out
from .._fs.tree import Tree
from .._fs.utf8 import os
from .layout import DOWNLOADED
from .own_directories import OwnDirectories, own_directory


class Downloads:
    """The downloaded builds of the directory that we manage, whose descriptor is `path_fd`.

    `where` is the path of our own directory in it, and `discard` deletes an entry of a directory. All methods raise
    HostError.
    """

    def __init__(self, own: OwnDirectories, path_fd: int, where: str, discard: t.Callable[[str, int], None]) -> None:
        self._own = own
        self._path_fd = path_fd
        self._where = where
        self._discard = discard

    def keep(self, tree: Tree, backend: str, key: str) -> None:
        """Keep a finished staged tree as the downloaded build of a backend that has none."""
        with errors_at(self._path), contextlib.ExitStack() as stack:
            top_fd = stack.enter_context(closing(self._open()))
            fd = stack.enter_context(closing(own_directory(backend, top_fd, self._path_fd, self._path)))
            write_out(tree.fd)
            transaction = stack.enter_context(Transaction())
            transaction.rename(self._own.staging.fd, os.path.basename(tree.path), fd, key)

    def discard(self, backend: str) -> bool:
        """Delete the downloaded build of a backend. Returns whether there was one."""
        with errors_at(self._path):
            if not exists(DOWNLOADED, self._own.own):
                return False
            with closing(self._open()) as fd:
                is_there = exists(backend, fd)
                self._discard(backend, fd)
            with contextlib.suppress(OSError):
                # It is not empty if another backend has one.
                os.rmdir(DOWNLOADED, dir_fd=self._own.own)
        return is_there

    @property
    def _path(self) -> str:
        return os.path.join(self._where, DOWNLOADED)

    def _open(self) -> int:
        return own_directory(DOWNLOADED, self._own.own, self._path_fd, self._where)

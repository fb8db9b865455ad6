# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Downloads ahead of their installation, in a directory for each backend or model, under keys of the content.

A backend has one build at most. It is a complete tree like an installed one, so that its installation is a rename. A
model has files, which the installing run takes as it takes what an interrupted run transferred; see `partial.py`.
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
    """The downloads of the directory that we manage, whose descriptor is `path_fd`.

    `where` is the path of our own directory in it. `own` is None if there was no space for that, so that there can be
    no download. `discard` deletes an entry of a directory. All methods raise HostError.
    """

    def __init__(
        self, own: OwnDirectories | None, path_fd: int, where: str, discard: t.Callable[[str, int], None]
    ) -> None:
        self._own = own
        self._path_fd = path_fd
        self._where = where
        self._discard = discard

    def keep(self, tree: Tree, backend: str, key: str) -> None:
        """Keep a finished staged tree as the downloaded build of a backend that has none."""
        if self._own is None:
            return
        with errors_at(self._path), contextlib.ExitStack() as stack:
            top_fd = stack.enter_context(closing(self._open(self._own)))
            fd = stack.enter_context(closing(own_directory(backend, top_fd, self._path_fd, self._path)))
            write_out(tree.fd)
            transaction = stack.enter_context(Transaction())
            transaction.rename(self._own.staging.fd, os.path.basename(tree.path), fd, key)

    def retain(self, name: str, keys: t.Container[str]) -> None:
        """Delete what was downloaded for a backend or a model, except what has one of these keys."""
        with self._opened() as top_fd:
            if top_fd is None or not exists(name, top_fd):
                return
            with closing(own_directory(name, top_fd, self._path_fd, self._path)) as fd:
                for key in os.listdir(fd):
                    if key not in keys:
                        self._discard(key, fd)

    def discard(self, name: str) -> bool:
        """Delete what was downloaded for a backend or a model. Returns whether there was anything."""
        with self._opened() as top_fd:
            if top_fd is None:
                return False
            is_there = exists(name, top_fd)
            self._discard(name, top_fd)
        if self._own is not None:
            with contextlib.suppress(OSError):
                # It is not empty if there are other downloads.
                os.rmdir(DOWNLOADED, dir_fd=self._own.own)
        return is_there

    @contextlib.contextmanager
    def _opened(self) -> t.Iterator[int | None]:
        """Give the descriptor of the directory with all downloads, None if there is none."""
        with errors_at(self._path):
            if self._own is None or not exists(DOWNLOADED, self._own.own):
                yield None
                return
            with closing(self._open(self._own)) as fd:
                yield fd

    @property
    def _path(self) -> str:
        return os.path.join(self._where, DOWNLOADED)

    def _open(self, own: OwnDirectories) -> int:
        return own_directory(DOWNLOADED, own.own, self._path_fd, self._where)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens the directories below the managed directory one level at a time. No symlink is followed on the way."""

from __future__ import annotations

import contextlib
import errno
import stat
import typing as t

from .._errors import HostError
from .._fs.entries import OPEN_DIRECTORY, after_clearing, closing, exists, unless_missing
from .._fs.utf8 import os

# Errors of an open of a symlink, and of anything else that is not a directory.
_NOT_A_DIRECTORY = (errno.ELOOP, errno.ENOTDIR)
Create = t.Callable[[str, int, str], object]


@contextlib.contextmanager
def descended(top: int, where: str, directory: str, create: Create | None = None) -> t.Iterator[list[int]]:
    """Give the descriptors of `top`, of each directory on the way down to `directory`, and of `directory` itself.

    `where` is the path of `top`, for messages, and `directory` is a path below it; empty for `top`. `create` creates a
    missing directory, given its name, the descriptor of its parent, and its path. Raises HostError for a symlink or a
    file on the way, and without `create` FileNotFoundError for a missing directory.
    """
    with contextlib.ExitStack() as stack:
        levels, path = [top], where
        for name in filter(None, directory.split("/")):
            path = os.path.join(path, name)
            levels.append(stack.enter_context(closing(_open(name, levels[-1], path, create))))
        yield levels


def _open(name: str, dir_fd: int, path: str, create: Create | None) -> int:
    def create_missing() -> None:
        if create is not None and not exists(name, dir_fd):
            create(name, dir_fd, path)

    def open_it() -> int:
        try:
            return os.open(name, OPEN_DIRECTORY, dir_fd=dir_fd)
        except OSError as e:
            if e.errno not in _NOT_A_DIRECTORY:
                raise
            raise _in_the_way(name, dir_fd, path) from e

    return open_it() if create is None else after_clearing(create_missing, open_it)


def _in_the_way(name: str, dir_fd: int, path: str) -> HostError:
    status = unless_missing(lambda: os.stat(name, dir_fd=dir_fd, follow_symlinks=False))
    if status is not None and stat.S_ISLNK(status.st_mode):
        return HostError(
            f"{path} is a symlink, which is never followed here. Replace it by a directory, or choose another path."
        )
    return HostError(f"{path} is in the way, because it is not a directory. Move or remove it.")

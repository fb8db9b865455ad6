# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directory with the trees that are being replaced, where the file system cannot exchange two names.

The name of a tree there tells where it came from, so that the next run can put it back after an interruption.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._errors import HostError, SourceError
from .._fs.entries import exists, unless_missing
from .._fs.inner_paths import inner_path
from .._fs.utf8 import os
from .descent import descended


class Target(t.NamedTuple):
    """The entry `name` of the directory `fd` that a tree replaces, and the name of the old tree meanwhile."""

    fd: int
    name: str
    replaced_as: str


def name_while_replaced(path: str) -> str:
    """Return the name for the tree at `path`, relative to the managed directory.

    It begins with a dot, which the name of no backend does: the tree of a backend has the backend's own name.
    """
    return "." + path.replace("%", "%25").replace("/", "%2F")


def put_back(name: str, replaced_fd: int, top: int, discard: t.Callable[[str, int], object]) -> None:
    """Move a tree back to where it came from, below the managed directory `top`, or discard it if it is replaced.

    Somebody else may have given it this name, so it is checked like any other path.
    """
    directory, _slash, base = _original_path(name).rpartition("/")
    with contextlib.ExitStack() as stack:
        try:
            levels = unless_missing(lambda: stack.enter_context(descended(top, "", directory)))
        except HostError:
            levels = None
        if not base or levels is None or exists(base, levels[-1]):
            discard(name, replaced_fd)
            return
        with contextlib.suppress(FileNotFoundError):
            os.rename(name, base, src_dir_fd=replaced_fd, dst_dir_fd=levels[-1])


def _original_path(name: str) -> str:
    """Return the path that a name stands for; empty if there is no such path."""
    if not name.startswith("."):
        return name
    path = name[1:].replace("%2F", "/").replace("%25", "%")
    try:
        return path if inner_path(path) == path else ""
    except SourceError:
        return ""

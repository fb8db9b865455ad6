# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory -> a tree with the same content."""

from __future__ import annotations

import os
import stat
import typing as t

from .._errors import SourceError
from .._fs.entries import OPEN_DIRECTORY
from .._fs.members import inner_path
from .._fs.read import chunks_of, open_file
from .._fs.tree import Tree


def check_directory(path: str, needed: str) -> None:
    """Raise SourceError unless C(path) is a directory with the file C(needed) at its top."""
    if not os.path.isdir(path):
        raise SourceError("there is no such file or directory on this host.")
    if not os.path.isfile(os.path.join(path, needed)):
        raise SourceError(f"the directory has no {needed}, so it is not a LocalAI backend.")


def copy_directory(source: str, tree: Tree) -> None:
    """Copy what is in a directory as it is there; symlinks are copied, never followed. Raises SourceError."""
    inside = os.path.realpath(source)
    if os.path.realpath(tree.path).startswith(inside + os.sep):
        raise SourceError("the directory holds the backends path itself, so it cannot be copied into it.")
    tree.begin_layer()
    try:
        fd = os.open(source, OPEN_DIRECTORY & ~os.O_NOFOLLOW)
        try:
            _copy_entries(fd, "", tree)
        finally:
            os.close(fd)
    except OSError as e:
        raise SourceError(f"{e.filename or source}: {e.strerror}.") from e


def _copy_entries(directory: int, below: str, tree: Tree) -> None:
    with os.scandir(directory) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        path = inner_path(f"{below}/{name}")
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            tree.symlink(path, os.readlink(name, dir_fd=directory))
        elif stat.S_ISDIR(status.st_mode):
            tree.directory(path, status.st_mode, status.st_mtime)
            fd = os.open(name, OPEN_DIRECTORY, dir_fd=directory)
            try:
                _copy_entries(fd, path, tree)
            finally:
                os.close(fd)
        else:
            tree.file(path, status.st_mode, _content(name, directory, path), status.st_mtime)


def _content(name: str, directory: int, path: str) -> t.Iterator[bytes]:
    try:
        # What was a file a moment ago may be a link to a secret or a pipe by now.
        yield from chunks_of(open_file(name, directory, os.O_NOFOLLOW))
    except OSError as e:
        raise SourceError(f"{path!r} cannot be copied: {e.strerror}.") from e

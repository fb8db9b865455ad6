# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Walks through a tree. No symlink is followed, even if somebody changes the tree meanwhile."""

from __future__ import annotations

import stat
import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .entries import OPEN_DIRECTORY, VANISHED
from .inner_paths import MAX_LEVELS
from .os_errors import disk_error
from .utf8 import os


@dataclass(frozen=True)
class WalkEntry:
    """One entry of a tree: its `path` below the top, and its `name` in the directory that `fd` holds open."""

    path: str
    name: str
    fd: int
    status: os.stat_result

    @property
    def is_directory(self) -> bool:
        """Whether it is a real directory."""
        return stat.S_ISDIR(self.status.st_mode)


def walk(top: int, where: str) -> t.Iterator[WalkEntry]:
    """Yield all entries below the directory `top`, a directory before its entries.

    `where` is its path, for messages. The descriptor of an entry is valid until the next entry is requested. Raises
    HostError for directories that this user may not read.
    """
    levels: list[tuple[int, str, t.Iterator[str]]] = []
    try:
        levels.append(_level(".", top, ""))
        while levels:
            fd, path, names = levels[-1]
            name = next(names, None)
            if name is None:
                os.close(fd)
                levels.pop()
                continue
            try:
                entry = WalkEntry(path + name, name, fd, os.stat(name, dir_fd=fd, follow_symlinks=False))
                yield entry
                if entry.is_directory:
                    if len(levels) > MAX_LEVELS:
                        raise HostError(f"{where}/{entry.path} is nested too deeply to be checked.")
                    levels.append(_level(name, fd, f"{entry.path}/"))
            except OSError as e:
                # A running server creates and removes files in its backends.
                if e.errno in VANISHED:
                    continue
                raise HostError(disk_error(f"{where}/{path}{name}", e)) from e
    finally:
        for fd, _path, _names in levels:
            os.close(fd)


def _level(name: str, dir_fd: int, path: str) -> tuple[int, str, t.Iterator[str]]:
    fd = os.open(name, OPEN_DIRECTORY, dir_fd=dir_fd)
    try:
        return fd, path, iter(sorted(os.listdir(fd), key=os.fsencode))
    except OSError:
        os.close(fd)
        raise


def disk_usage(path: str) -> int:
    """Return the bytes that a tree takes on the disk. Hard links count once, unreadable directories not at all."""
    total, seen = 0, set()
    pending = [path]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                        if (status.st_dev, status.st_ino) in seen:
                            continue
                        seen.add((status.st_dev, status.st_ino))
                    total += status.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue
    return total

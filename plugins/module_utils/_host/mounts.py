# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On which mount a path is or would be created, what the mount forbids, and how much space it has."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._fs.entries import closing
from .._fs.paths import nearest_existing
from .._fs.utf8 import os

MOUNTS = "/proc/self/mountinfo"


@dataclass(frozen=True)
class PathMount:
    """The mount of a path: its mount point, None if it is outside of the root directory of this process.

    `size` is that of the file system, and `free` what a program without privileges can write. Both are in bytes.
    """

    path: str
    mount_point: str | None
    noexec: bool
    read_only: bool
    size: int
    free: int


def mount_of(path: str) -> PathMount | None:
    """Return the mount of a path, or of the nearest directory above it that exists; None if it cannot be known."""
    try:
        with closing(os.open(nearest_existing(path), os.O_PATH | os.O_CLOEXEC)) as fd:
            status = os.statvfs(fd)
            return PathMount(
                path,
                _mount_point(fd),
                bool(status.f_flag & os.ST_NOEXEC),
                bool(status.f_flag & os.ST_RDONLY),
                status.f_blocks * status.f_frsize,
                status.f_bavail * status.f_frsize,
            )
    except (OSError, ValueError):
        return None


def mount_points_by_id(lines: t.Iterable[bytes]) -> dict[int, str]:
    """Return the mount points in lines of `/proc/self/mountinfo`, by the identifier of the mount. Pure."""
    rows = [line.split(b" ") for line in lines]
    return {int(row[0]): _unescaped(row[4]) for row in rows if len(row) > 4}


def _unescaped(field: bytes) -> str:
    # The kernel writes spaces, tabs, line feeds and backslashes as octal numbers.
    decoded = re.sub(rb"\\([0-7]{3})", lambda escape: bytes([int(escape.group(1), 8)]), field)
    return decoded.decode("utf-8", "surrogateescape")


def _mount_point(fd: int) -> str | None:
    # The identifier is right also where one mount hides another.
    with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as stream:
        identifier = re.search("(?m)^mnt_id:\\s*([0-9]+)$", stream.read())
    with open(MOUNTS, "rb") as mounts:
        return mount_points_by_id(mounts).get(int(identifier.group(1))) if identifier else None

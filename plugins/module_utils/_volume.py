# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the file system that holds a path cannot do. Nothing here writes."""

from __future__ import annotations

import os
import stat
import typing as t

# On these, owners and modes come from the options of the mount: the FATs, and what FUSE makes of a disk (exFAT, NTFS).
_WITHOUT_LOOKS = ("vfat", "msdos", "exfat", "fuseblk")


def without_looks(path: str, mounts: t.Callable[[], t.Iterable[str]] | None = None) -> str:
    """Return the kind of the file system of C(path) if it keeps no owners and modes, else nothing.

    C(mounts) gives the lines of C(/proc/self/mountinfo). Where there are none, all is taken to be kept.
    """
    device = _nearest(path).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        for line in (mounts or _mounts)():
            described, _dash, mounted = line.partition(" - ")
            if described.split()[2] == number:
                kind = mounted.split()[0]
                return kind if kind in _WITHOUT_LOOKS else ""
    except (OSError, IndexError):
        pass
    return ""


def mode_of(path: str) -> int:
    """Return the mode that the directory C(path) has or, where modes come from the mount, will have."""
    return stat.S_IMODE(_nearest(path).st_mode)


def _nearest(path: str) -> os.stat_result:
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return os.stat(path)


def _mounts() -> list[str]:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        return stream.readlines()

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the file system of a directory keeps owners and modes, as far as that is known without writing to it.

A run that writes finds it out with a temporary file (see `probe.py`) and records the answer. The record serves for
predictions only, because the owner of the directory can write anything into it.
"""

from __future__ import annotations

import json
import stat
import typing as t

from .._fs.paths import nearest_existing
from .._fs.read import open_file
from .._fs.utf8 import os
from .layout import FILE_SYSTEM, LOCK, OWN_DIRECTORY

FORMAT = 1
_MAX_SIZE = 4096
# Version 0.1 decided by these kinds, and recorded no answer.
_KINDS_OF_0_1 = ("vfat", "msdos", "exfat", "fuseblk")


class KeptAttributes(t.NamedTuple):
    """Whether a file system keeps the owners and the modes that files get; otherwise its mount decides them."""

    owners: bool = True
    modes: bool = True


def remembered(path: str) -> KeptAttributes | None:
    """Return what an earlier run as this kind of user found out about the file system of `path`; None if unknown."""
    kind = kind_of(path)
    answers = recorded_answers(path)
    if answers is not None:
        return _answer(answers, kind)
    if kind in _KINDS_OF_0_1 and os.path.lexists(os.path.join(path, OWN_DIRECTORY, LOCK)):
        return KeptAttributes(owners=False, modes=False)
    return None


def kind_of(path: str, mounts: t.Callable[[], t.Iterable[str]] | None = None) -> str:
    """Return the kind of the file system of `path`, such as `ext4`; empty if it is unknown.

    `mounts` returns the lines of `/proc/self/mountinfo`.
    """
    try:
        device = os.stat(nearest_existing(path)).st_dev
        number = f"{os.major(device)}:{os.minor(device)}"
        for line in (mounts or _mounts)():
            mount_point, _dash, file_system = line.partition(" - ")
            if mount_point.split()[2] == number:
                return file_system.split()[0]
    except (OSError, IndexError):
        pass
    return ""


def mode_of(path: str) -> int:
    """Return the mode of the directory `path` or, where the mount decides modes, the one that it will have."""
    return stat.S_IMODE(os.stat(nearest_existing(path)).st_mode)


def kind_of_user() -> str:
    """Return the key of this user: root and others can get different answers, as from NFS that squashes root."""
    return "root" if os.geteuid() == 0 else "others"


def recorded_answers(path: str) -> dict[str, t.Any] | None:
    """Return the content of the record of `path`, or None if it cannot be read."""
    try:
        with open_file(os.path.join(path, OWN_DIRECTORY, FILE_SYSTEM), flags=os.O_NOFOLLOW) as stream:
            answers = json.loads(stream.read(_MAX_SIZE).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return answers if isinstance(answers, dict) and answers.get("format") == FORMAT else None


def _answer(answers: t.Mapping[str, t.Any], kind: str) -> KeptAttributes | None:
    answer = answers.get(kind_of_user())
    if answers.get("file_system") != kind or not isinstance(answer, dict):
        return None
    owners, modes = answer.get("owners"), answer.get("modes")
    return KeptAttributes(owners, modes) if isinstance(owners, bool) and isinstance(modes, bool) else None


def _mounts() -> list[str]:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        return stream.readlines()

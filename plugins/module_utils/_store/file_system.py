# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the file system of the backends path keeps owners and modes, as far as it is known without writing to it.

A run that writes finds it out with a scratch file (C(_probe)) and leaves the answer in a file. That file is for
predictions only, because the owner of the backends path can write anything into it.
"""

from __future__ import annotations

import json
import os
import stat
import typing as t
from dataclasses import dataclass

from .._fs.read import open_file
from .layout import MEMORY, OWN_DIRECTORY

_FORMAT = 1
_MOST = 4096
_USERS = ("root", "others")
# Version 0.1 decided by these names, and left no answer.
_KEPT_NOTHING_IN_0_1 = ("vfat", "msdos", "exfat", "fuseblk")


@dataclass(frozen=True)
class Keeps:
    """Whether a file system keeps the owners and the modes that files get: else they come from its mount."""

    owners: bool = True
    modes: bool = True


def remembered(path: str) -> Keeps | None:
    """Return what a run of this user's kind found out about the file system of C(path); None if that is not known."""
    own = os.path.join(path, OWN_DIRECTORY)
    kind = kind_of(path)
    answers = _read(os.path.join(own, MEMORY))
    if answers is not None:
        return _answer(answers, kind)
    if kind in _KEPT_NOTHING_IN_0_1 and os.path.lexists(os.path.join(own, "lock")):
        return Keeps(owners=False, modes=False)
    return None


def memory_with(path: str, keeps: Keeps) -> bytes:
    """Return the content of the file in which C(keeps) is remembered for this user's kind, root or not."""
    kind = kind_of(path)
    known: dict[str, t.Any] = _read(os.path.join(path, OWN_DIRECTORY, MEMORY)) or {}
    # Root and others may get different answers, for example from NFS that squashes root.
    content: dict[str, t.Any] = {"format": _FORMAT, "file_system": kind}
    if known.get("file_system") == kind:
        content.update((user, known[user]) for user in _USERS if user in known)
    content[_user()] = {"owners": keeps.owners, "modes": keeps.modes}
    return json.dumps(content, sort_keys=True).encode("utf-8") + b"\n"


def kind_of(path: str, mounts: t.Callable[[], t.Iterable[str]] | None = None) -> str:
    """Return the kind of the file system of C(path), as C(ext4), or nothing where the mounts do not tell.

    C(mounts) gives the lines of C(/proc/self/mountinfo).
    """
    device = _nearest(path).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        for line in (mounts or _mounts)():
            described, _dash, mounted = line.partition(" - ")
            if described.split()[2] == number:
                return mounted.split()[0]
    except (OSError, IndexError):
        pass
    return ""


def mode_of(path: str) -> int:
    """Return the mode that the directory C(path) has or, where modes come from the mount, will have."""
    return stat.S_IMODE(_nearest(path).st_mode)


def _user() -> str:
    return _USERS[0 if os.geteuid() == 0 else 1]


def _read(place: str) -> dict[str, t.Any] | None:
    try:
        with open_file(place, flags=os.O_NOFOLLOW) as stream:
            answers = json.loads(stream.read(_MOST).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return answers if isinstance(answers, dict) and answers.get("format") == _FORMAT else None


def _answer(answers: t.Mapping[str, t.Any], kind: str) -> Keeps | None:
    answer = answers.get(_user())
    if answers.get("file_system") != kind or not isinstance(answer, dict):
        return None
    owners, modes = answer.get("owners"), answer.get("modes")
    return Keeps(owners, modes) if isinstance(owners, bool) and isinstance(modes, bool) else None


def _nearest(path: str) -> os.stat_result:
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return os.stat(path)


def _mounts() -> list[str]:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        return stream.readlines()

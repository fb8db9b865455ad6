# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be seen to be in the way before the first write: permissions and space."""

from __future__ import annotations

import os
import shutil
import typing as t

from .._errors import HostError
from .._fs.accounts import owner_name
from .._fs.paths import nearest_existing
from .._fs.walk import disk_usage
from .._localai.scan import tree_path
from .._store.layout import LOCK, OWN_DIRECTORY, PREVIOUS, REPLACED, STAGING
from .._store.lock import check_lock


def check_own(path: str, names: t.Sequence[str]) -> None:
    """Raise HostError unless this user may change owner, group and mode of the backends C(names)."""
    for name in names:
        place = tree_path(path, name)
        try:
            owner = os.lstat(place).st_uid
        except FileNotFoundError:
            # Another run removed it, since nobody holds the lock yet.
            continue
        if os.geteuid() not in (0, owner):
            raise HostError(
                f"{place} does not belong to user {owner_name(os.geteuid())}, so its owner, group and mode stay as "
                "they are. Run as its owner or as root, for example with become."
            )


# Backends unpack to two or three times their size.
_MOST_GROWTH = 20


def check_writable(path: str, names: t.Sequence[str] = (), kept: t.Sequence[str] = ()) -> None:
    """Raise HostError, without writing, unless C(path) is a directory to write to or can be made one.

    C(names) are the backends in it that are going to be replaced or removed, C(kept) those of which a previous version
    is going to be kept.
    """
    place = nearest_existing(path, follow_symlinks=False)
    if not os.path.isdir(place):
        raise HostError(f"{place} is not a directory, so backends cannot be installed in {path}.")
    # Before the question who may write: access(2) refuses root too where nobody may.
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        raise HostError(
            f"{place} is on a file system that is mounted read-only. Mount it for writing, or choose another "
            "backends_path."
        )
    if not os.access(place, os.W_OK | os.X_OK):
        raise HostError(
            f"{place} cannot be written by user {owner_name(os.geteuid())}. Run as a user who may, for example with "
            "become, or make it writable."
        )
    own = os.path.join(path, OWN_DIRECTORY)
    ours = [own, *(os.path.join(own, name) for name in (STAGING, REPLACED, PREVIOUS))]
    for directory in (*ours, *(os.path.join(own, PREVIOUS, name) for name in kept)):
        if os.path.islink(directory) or (os.path.lexists(directory) and not os.path.isdir(directory)):
            raise HostError(f"{directory} is not a directory of this collection. Remove it.")
    check_lock(own)
    others = [*ours, os.path.join(own, LOCK), *(tree_path(path, name) for name in names)]
    for other in others:
        if _is_closed(other):
            raise HostError(
                f"{other} cannot be written by user {owner_name(os.geteuid())}. Run as its owner or as root, for "
                "example with become."
            )


def _is_closed(place: str) -> bool:
    """Return whether a directory or the lock is there that this user may not write.

    Root's access is never refused; for others, a directory that moves has to be writable itself.
    """
    if os.access(place, os.W_OK) or os.path.islink(place):
        return False
    is_there = os.path.isdir(place) or (place.endswith(f"{OWN_DIRECTORY}/{LOCK}") and os.path.exists(place))
    # Nobody may have been refused: another run may have brought it since the first question.
    return is_there and not os.access(place, os.W_OK)


def check_space(path: str, packed: int, unpacked: t.Callable[[], int]) -> None:
    """Raise HostError unless the file system of C(path) has room for what is going to come.

    C(packed) are the bytes to transfer. What they unpack to, C(unpacked), is asked for only where that might matter.
    What is replaced does not count as free: it may be kept, and goes only after the new tree is there.
    """
    free = shutil.disk_usage(nearest_existing(path)).free
    needed = packed if packed * _MOST_GROWTH < free else unpacked()
    if free < needed:
        kept = disk_usage(os.path.join(path, OWN_DIRECTORY, PREVIOUS))
        hint = f" The trees that keep_previous has kept take {_mebibytes(kept)}." if kept >= 1024**2 else ""
        raise HostError(
            f"{path} has {_mebibytes(free)} free, and this takes {_mebibytes(needed)} at the least. Free some space, "
            f"or choose another backends_path.{hint}"
        )


def _mebibytes(size: int) -> str:
    return f"{size / 1024**2:.1f} MiB"

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode of a whole tree: what is not as wanted, and how it is made so."""

from __future__ import annotations

import os
import stat
import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible_collections.localai.core.plugins.module_utils._entries import exists
from ansible_collections.localai.core.plugins.module_utils._installed import RUN_FILE
from ansible_collections.localai.core.plugins.module_utils._metadata import METADATA, RECORD
from ansible_collections.localai.core.plugins.module_utils._walk import Place, walk

NOBODY_YET = -2


@dataclass(frozen=True)
class Wanted:
    """How a tree has to look: numbers of the owner and the group, and the mode of its top; None is as it is.

    NOBODY_YET is an owner that this host does not have, so that nothing belongs to it.
    """

    uid: int | None = None
    gid: int | None = None
    mode: int | None = None


@dataclass(frozen=True)
class _Change:
    """What has to be set on one path; -1 and None leave it as it is."""

    uid: int
    gid: int
    mode: int | None


def count_unlike(top: int, where: str, wanted: Wanted) -> int:
    """Return how many paths of a tree, its top included, do not look as wanted."""
    return sum(1 for _place, _change in _changes(top, where, wanted))


def make_alike(top: int, where: str, wanted: Wanted) -> None:
    """Give the tree, held open as C(top), the look that is wanted."""
    for place, change in _changes(top, where, wanted):
        if place is None:
            _apply_to_top(top, change)
            continue
        if (change.uid, change.gid) != (-1, -1):
            os.chown(place.name, change.uid, change.gid, dir_fd=place.fd, follow_symlinks=False)
        if change.mode is not None:
            os.chmod(place.name, change.mode, dir_fd=place.fd)


def _apply_to_top(top: int, change: _Change) -> None:
    if (change.uid, change.gid) != (-1, -1):
        os.fchown(top, change.uid, change.gid)
    if change.mode is not None:
        os.fchmod(top, change.mode)


def _changes(top: int, where: str, wanted: Wanted) -> t.Iterator[tuple[Place | None, _Change]]:
    """Yield what has to be set, the top last, as None: until then it stays closed to a new owner."""
    names: t.Counter[tuple[int, int]] = Counter()
    if wanted.uid is not None or wanted.gid is not None:
        names.update(_identity(place.status) for place in walk(top, where))
    ours = exists(RECORD, top)
    for place in walk(top, where):
        status = place.status
        # A file that has names outside the tree is not only ours to give away.
        shared = not place.is_directory and status.st_nlink > names[_identity(status)]
        change = _change(status, Wanted() if shared else wanted, _mode(place.path, status) if ours else None)
        if change is not None:
            yield place, change
    change = _change(os.fstat(top), wanted, wanted.mode)
    if change is not None:
        yield None, change


def _change(status: os.stat_result, wanted: Wanted, mode: int | None) -> _Change | None:
    uid = -1 if wanted.uid in (None, status.st_uid) else wanted.uid
    gid = -1 if wanted.gid in (None, status.st_gid) else wanted.gid
    changed = mode if mode not in (None, stat.S_IMODE(status.st_mode)) else None
    if (uid, gid, changed) == (-1, -1, None):
        return None
    return _Change(uid, gid, changed)


def _mode(path: str, status: os.stat_result) -> int | None:
    """Return the mode that a file which LocalAI needs must have; None for others."""
    if not stat.S_ISREG(status.st_mode):
        return None
    mode = stat.S_IMODE(status.st_mode)
    if path == RUN_FILE and not mode & 0o100:
        return mode | (mode & 0o444) >> 2
    return 0o644 if path == METADATA else None


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino

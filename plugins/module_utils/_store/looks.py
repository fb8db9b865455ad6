# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode of a whole tree: what is not as wanted, and how it is made so."""

from __future__ import annotations

import os
import stat
import typing as t
from collections import Counter
from dataclasses import dataclass, replace

from .._errors import HostError, PartlyChanged
from .._fs.attributes import change, identity
from .._fs.os_errors import disk_error
from .._fs.remove import exists
from .._fs.walk import Place, walk
from .._localai.installed import RUN_FILE
from .._localai.metadata import METADATA
from .record import RECORD

NOBODY_YET = -2


@dataclass(frozen=True)
class Wanted:
    """How a tree has to look: numbers of the owner and the group, and the mode of its top; None is as it is.

    NOBODY_YET is an owner that this host does not have, so that nothing belongs to it. Without C(keeps_modes), the file
    system does not keep modes, so that those of the files that LocalAI needs do not count either.
    """

    uid: int | None = None
    gid: int | None = None
    mode: int | None = None
    keeps_modes: bool = True


@dataclass(frozen=True)
class _Change:
    """What has to be set on one path; -1 and None leave it as it is. C(names) are its hard links inside the tree."""

    uid: int
    gid: int
    mode: int | None
    names: int = 1


def count_unlike(top: int, where: str, wanted: Wanted) -> int:
    """Return how many paths of a tree, its top included, do not look as wanted."""
    return sum(1 for _place, _change in _changes(top, where, wanted))


def make_alike(top: int, where: str, wanted: Wanted) -> None:
    """Give the tree, held open as C(top), the look that is wanted; what vanishes or is exchanged meanwhile is left.

    Raises HostError where a path cannot be changed, after all others were: PartlyChanged if any was. The top, the run
    file and the metadata, which each run looks at, are changed only if all else was, so that the next run tries again.
    """
    done, errors = 0, []
    looked_at: list[tuple[Place | None, _Change]] = []
    try:
        for place, planned in _changes(top, where, wanted):
            if place is None or place.path in (RUN_FILE, METADATA):
                looked_at.append((replace(place, fd=top) if place is not None else None, planned))
                continue
            try:
                done += _apply(place, planned)
            except OSError as e:
                errors.append(disk_error(os.path.join(where, place.path), e))
    except HostError as e:
        errors.append(str(e))
    for place, planned in looked_at if not errors else ():
        try:
            done += _apply(place, planned) if place is not None else _apply_to_top(top, planned)
        except OSError as e:
            errors.append(disk_error(os.path.join(where, place.path if place is not None else ""), e))
            break
    if errors:
        more = f" {len(errors) - 1} more of its paths could not be changed either." if len(errors) > 1 else ""
        raise (PartlyChanged if done else HostError)(errors[0] + more)


def _apply(place: Place, wanted: _Change) -> bool:
    return change(
        place.name,
        place.fd,
        place.status,
        uid=wanted.uid,
        gid=wanted.gid,
        mode=wanted.mode,
        most_names=wanted.names,
    )


def _apply_to_top(top: int, wanted: _Change) -> bool:
    if (wanted.uid, wanted.gid) != (-1, -1):
        os.fchown(top, wanted.uid, wanted.gid)
    if wanted.mode is not None:
        os.fchmod(top, wanted.mode)
    return True


def _changes(top: int, where: str, wanted: Wanted) -> t.Iterator[tuple[Place | None, _Change]]:
    """Yield what has to be set, the top last, as None: until then it stays closed to a new owner."""
    names: t.Counter[tuple[int, int]] = Counter(identity(place.status) for place in walk(top, where))
    ours = wanted.keeps_modes and exists(RECORD, top)
    for place in walk(top, where):
        status = place.status
        links = names[identity(status)]
        # A file that has names outside the tree is not only ours to change.
        if not place.is_directory and status.st_nlink > links:
            continue
        found = _change(status, wanted, _mode(place.path, status) if ours else None, links)
        if found is not None:
            yield place, found
    found = _change(os.fstat(top), wanted, wanted.mode)
    if found is not None:
        yield None, found


def _change(status: os.stat_result, wanted: Wanted, mode: int | None, names: int = 1) -> _Change | None:
    uid = -1 if wanted.uid in (None, status.st_uid) else wanted.uid
    gid = -1 if wanted.gid in (None, status.st_gid) else wanted.gid
    changed = mode if mode not in (None, stat.S_IMODE(status.st_mode)) else None
    if (uid, gid, changed) == (-1, -1, None):
        return None
    return _Change(uid, gid, changed, names)


def _mode(path: str, status: os.stat_result) -> int | None:
    """Return the mode that a file which LocalAI needs must have; None for others."""
    if not stat.S_ISREG(status.st_mode):
        return None
    mode = stat.S_IMODE(status.st_mode)
    if path == RUN_FILE and not mode & 0o100:
        return mode | (mode & 0o444) >> 2
    return 0o644 if path == METADATA else None

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give the requested owner, group and mode to a whole tree, and count the paths that do not have them."""

from __future__ import annotations

import os
import stat
import typing as t
from collections import Counter
from dataclasses import dataclass, replace

from .._errors import HostError, PartlyChanged
from .._fs.attributes import change
from .._fs.entries import exists, identity
from .._fs.file_attributes import FileAttributes
from .._fs.os_errors import disk_error
from .._fs.walk import WalkEntry, walk
from .layout import TreeFiles
from .ownership import numbers_of, unknown_accounts
from .record import RECORD


@dataclass(frozen=True)
class _Change:
    """The change of one path; -1 and None leave an attribute as it is. `links` counts its hard links in the tree."""

    uid: int
    gid: int
    mode: int | None
    links: int = 1


def count_differing(top: int, where: str, requested: FileAttributes, files: TreeFiles, keeps_modes: bool = True) -> int:
    """Return how many paths of a tree, its top included, do not have the requested attributes.

    The parameters are those of `converge`.
    """
    if unknown_accounts(requested.owner or None, requested.group or None):
        # Check mode: an earlier task would create the account, so nothing can belong to it yet.
        return 1 + sum(1 for _entry_and_links in _own_entries(top, where))
    return sum(1 for _entry_and_change in _changes(top, where, requested, files, keeps_modes))


def converge(top: int, where: str, requested: FileAttributes, files: TreeFiles, keeps_modes: bool = True) -> None:
    """Give the tree that `top` holds open the requested owner and group, and its top the requested mode.

    `where` is its path, for messages. If the file system `keeps_modes`, the modes of its `files` are corrected too.
    Paths that vanish or are replaced meanwhile are skipped.

    Raises HostError if a path cannot be changed, after all others were: PartlyChanged if any was. The top and the
    `files`, which each run checks, are changed last and only if all else was, so that the next run tries again.
    """
    changed, errors = 0, []
    last: list[tuple[WalkEntry | None, _Change]] = []
    try:
        for entry, planned in _changes(top, where, requested, files, keeps_modes):
            if entry is None or entry.path in files.names:
                last.append((replace(entry, fd=top) if entry is not None else None, planned))
                continue
            try:
                changed += _apply(entry, planned)
            except OSError as e:
                errors.append(disk_error(os.path.join(where, entry.path), e))
    except HostError as e:
        errors.append(str(e))
    for entry, planned in last if not errors else ():
        try:
            changed += _apply(entry, planned) if entry is not None else _apply_to_top(top, planned)
        except OSError as e:
            errors.append(disk_error(os.path.join(where, entry.path if entry is not None else ""), e))
            break
    if errors:
        more = f" {len(errors) - 1} more of its paths could not be changed either." if len(errors) > 1 else ""
        raise (PartlyChanged if changed else HostError)(errors[0] + more)


def _apply(entry: WalkEntry, planned: _Change) -> bool:
    return change(
        entry.name, entry.fd, entry.status, uid=planned.uid, gid=planned.gid, mode=planned.mode, max_links=planned.links
    )


def _apply_to_top(top: int, planned: _Change) -> bool:
    if (planned.uid, planned.gid) != (-1, -1):
        os.fchown(top, planned.uid, planned.gid)
    if planned.mode is not None:
        os.fchmod(top, planned.mode)
    return True


def _changes(
    top: int, where: str, requested: FileAttributes, files: TreeFiles, keeps_modes: bool
) -> t.Iterator[tuple[WalkEntry | None, _Change]]:
    """Yield the changes of all paths; the top comes last, as None, so that it stays closed to a new owner till then."""
    owner = numbers_of(requested.owner or None, requested.group or None)
    corrects_modes = keeps_modes and exists(RECORD, top)
    for entry, links in _own_entries(top, where):
        mode = _corrected_mode(entry.path, entry.status, files) if corrects_modes else None
        planned = _change(entry.status, owner, mode, links)
        if planned is not None:
            yield entry, planned
    planned = _change(os.fstat(top), owner, int(requested.mode, 8) if requested.mode else None)
    if planned is not None:
        yield None, planned


def _own_entries(top: int, where: str) -> t.Iterator[tuple[WalkEntry, int]]:
    """Yield the entries of a tree with the number of their hard links in it.

    A file that has hard links outside the tree is left out: it is not only ours to change.
    """
    links: t.Counter[tuple[int, int]] = Counter(identity(entry.status) for entry in walk(top, where))
    for entry in walk(top, where):
        links_in_tree = links[identity(entry.status)]
        if entry.is_directory or entry.status.st_nlink <= links_in_tree:
            yield entry, links_in_tree


def _change(status: os.stat_result, owner: tuple[int, int], mode: int | None, links: int = 1) -> _Change | None:
    uid = -1 if owner[0] == status.st_uid else owner[0]
    gid = -1 if owner[1] == status.st_gid else owner[1]
    new_mode = mode if mode != stat.S_IMODE(status.st_mode) else None
    return None if (uid, gid, new_mode) == (-1, -1, None) else _Change(uid, gid, new_mode, links)


def _corrected_mode(path: str, status: os.stat_result, files: TreeFiles) -> int | None:
    """Return the mode that one of the files must have; None for any other path."""
    if not stat.S_ISREG(status.st_mode):
        return None
    mode = stat.S_IMODE(status.st_mode)
    if path in files.executables and not mode & 0o100:
        return mode | (mode & 0o444) >> 2
    return 0o644 if path in files.described_by else None

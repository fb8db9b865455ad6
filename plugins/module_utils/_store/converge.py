# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give the requested owner, group and mode to a whole tree, and count the paths that do not have them."""

from __future__ import annotations

import functools
import stat
import typing as t
from collections import Counter

from .._errors import HostError, PartlyChanged
from .._fs.attributes import change
from .._fs.entries import exists, identity
from .._fs.file_attributes import FileAttributes
from .._fs.os_errors import disk_error
from .._fs.utf8 import os
from .._fs.walk import WalkEntry, walk
from .ownership import numbers_of, unknown_accounts
from .record import RECORD
from .tree_files import TreeFiles


def count_differing(top: int, where: str, requested: FileAttributes, files: TreeFiles, keeps_modes: bool = True) -> int:
    """Return how many paths of a tree, its top included, do not have the requested attributes.

    The parameters are those of `converge`.
    """
    if unknown_accounts(requested.owner or None, requested.group or None):
        # Check mode: an earlier task would create the account, so nothing can belong to it yet.
        return 1 + sum(1 for _entry_and_links in _own_entries(top, where))
    return sum(1 for _path_and_change in _changes(top, where, requested, files, keeps_modes))


def converge(top: int, where: str, requested: FileAttributes, files: TreeFiles, keeps_modes: bool = True) -> None:
    """Give the tree that `top` holds open the requested owner and group, and its top the requested mode.

    `where` is its path, for messages. If the file system `keeps_modes`, the modes of its `files` are corrected too.
    Paths that vanish or are replaced meanwhile are skipped.

    Raises HostError if a path cannot be changed, after all others were: PartlyChanged if any was. The top and the
    `files`, which each run checks, are changed last and only if all else was, so that the next run tries again.
    """
    changed, errors = False, []
    last: list[tuple[str, t.Callable[[], bool]]] = []

    def attempt(path: str, make: t.Callable[[], bool]) -> None:
        nonlocal changed
        try:
            changed = make() or changed
        except OSError as e:
            errors.append(disk_error(os.path.join(where, path), e))

    try:
        for path, make in _changes(top, where, requested, files, keeps_modes):
            if path in ("", *files.names):
                last.append((path, make))
            else:
                attempt(path, make)
    except HostError as e:
        errors.append(str(e))
    for path, make in last:
        if not errors:
            attempt(path, make)
    if errors:
        more = f" {len(errors) - 1} more of its paths could not be changed either." if len(errors) > 1 else ""
        raise (PartlyChanged if changed else HostError)(errors[0] + more)


def _changes(
    top: int, where: str, requested: FileAttributes, files: TreeFiles, keeps_modes: bool
) -> t.Iterator[tuple[str, t.Callable[[], bool]]]:
    """Yield the paths to change, with what changes them and returns whether it did.

    The top comes last, with an empty path, so that it stays closed to a new owner till then. A path below a directory
    has to be changed before the next one is requested.
    """
    owner = numbers_of(requested.owner or None, requested.group or None)
    corrects_modes = keeps_modes and exists(RECORD, top)
    for entry, links in _own_entries(top, where):
        mode = _corrected_mode(entry.path, entry.status, files) if corrects_modes else None
        wrong = _wrong(entry.status, owner, mode)
        if wrong:
            dir_fd = top if entry.path == entry.name else entry.fd
            yield entry.path, functools.partial(change, entry.name, dir_fd, entry.status, max_links=links, **wrong)
    wrong = _wrong(os.fstat(top), owner, int(requested.mode, 8) if requested.mode else None)
    if wrong:
        yield "", functools.partial(_change_top, top, **wrong)


def _change_top(top: int, uid: int, gid: int, mode: int | None) -> bool:
    if (uid, gid) != (-1, -1):
        os.fchown(top, uid, gid)
    if mode is not None:
        os.fchmod(top, mode)
    return True


def _own_entries(top: int, where: str) -> t.Iterator[tuple[WalkEntry, int]]:
    """Yield the entries of a tree with the number of their hard links in it.

    A file that has hard links outside the tree is left out: it is not only ours to change.
    """
    links: t.Counter[tuple[int, int]] = Counter(identity(entry.status) for entry in walk(top, where))
    for entry in walk(top, where):
        links_in_tree = links[identity(entry.status)]
        if entry.is_directory or entry.status.st_nlink <= links_in_tree:
            yield entry, links_in_tree


def _wrong(status: os.stat_result, owner: tuple[int, int], mode: int | None) -> dict[str, t.Any]:
    """Return what to set as arguments of `change`, where -1 and None leave an attribute as it is; empty for nothing."""
    uid = -1 if owner[0] == status.st_uid else owner[0]
    gid = -1 if owner[1] == status.st_gid else owner[1]
    new_mode = mode if mode != stat.S_IMODE(status.st_mode) else None
    return {} if (uid, gid, new_mode) == (-1, -1, None) else {"uid": uid, "gid": gid, "mode": new_mode}


def _corrected_mode(path: str, status: os.stat_result, files: TreeFiles) -> int | None:
    """Return the mode that one of the files must have; None for any other path."""
    if not stat.S_ISREG(status.st_mode):
        return None
    mode = stat.S_IMODE(status.st_mode)
    if path in files.executables and not mode & 0o100:
        return mode | (mode & 0o444) >> 2
    return 0o644 if path in files.described_by else None

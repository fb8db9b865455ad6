# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verify an installed tree: what was installed against what is there, and its owner, group and mode."""

from __future__ import annotations

import contextlib
import stat
import typing as t

from .._fs.entries import OPEN_DIRECTORY, closing
from .._fs.file_attributes import FileAttributes
from .._fs.os_errors import errors_at
from .._fs.read import read_file
from .._fs.utf8 import os
from .._fs.walk import WalkEntry, walk
from .contents import Content, Contents, contents_of, name_of, parse_contents
from .converge import count_differing
from .record import RECORD, Inspection
from .tree_files import TreeFiles

# A line for each of the 300,000 files of a large backend.
MAX_RECORD = 256 * 1024 * 1024
_MAX_NAMED = 3


def verify(
    path: str, requested: FileAttributes, files: TreeFiles, *, keeps_modes: bool, contents: bool
) -> Inspection | None:
    """Walk through the tree at `path`, and return what differs; None if it is gone.

    With `contents`, it is compared with the list in its record. The other parameters are those of `converge`. Raises
    HostError for what this user may not read.
    """
    # Another run may have removed it, since nobody holds the lock yet.
    with errors_at(path), contextlib.suppress(FileNotFoundError), closing(os.open(path, OPEN_DIRECTORY)) as top:
        recorded = recorded_contents(path) if contents else None
        return Inspection(
            damage(recorded, contents_at(top, path, files.described_by)) if recorded is not None else "",
            count_differing(top, path, requested, files, keeps_modes),
        )
    return None


def recorded_contents(path: str) -> Contents | None:
    """Return the list of what was installed in the tree at `path`, or None if there is none."""
    try:
        return parse_contents(read_file(os.path.join(path, RECORD), MAX_RECORD))
    except OSError:
        return None


def contents_at(top: int, where: str, described_by: t.Sequence[str]) -> Contents:
    """Return the list of what is in an installed tree; `where` is its path, for messages."""
    tree: dict[str, dict[str, Content]] = {"": {}}
    for entry in walk(top, where):
        if entry.is_directory:
            tree[entry.path] = {}
        else:
            directory, _slash, name = entry.path.rpartition("/")
            # A running server removes files in its backends.
            with contextlib.suppress(FileNotFoundError):
                tree[directory][name] = _content(entry)
    return contents_of(tree, described_by)


def damage(recorded: Contents, present: Contents) -> str:
    """Return in words what differs from the record, nothing if all is there; additional files are no damage."""
    differences = list(_differences(recorded, present))
    if not differences:
        return ""
    more = f" and {len(differences) - _MAX_NAMED} more" if len(differences) > _MAX_NAMED else ""
    return f"not as it was installed: {', '.join(differences[:_MAX_NAMED])}{more}"


def _differences(recorded: Contents, present: Contents) -> t.Iterator[str]:
    for directory, recorded_entries in recorded.items():
        if directory not in present:
            yield f"{directory} is missing"
            continue
        entries = set(present[directory])
        names = {name_of(entry) for entry in entries}
        for entry in recorded_entries:
            if entry not in entries:
                name = name_of(entry)
                yield f"{directory}/{name}".lstrip("/") + (" is changed" if name in names else " is missing")


def _content(entry: WalkEntry) -> Content:
    if stat.S_ISLNK(entry.status.st_mode):
        return os.readlink(entry.name, dir_fd=entry.fd)
    return entry.status.st_size if stat.S_ISREG(entry.status.st_mode) else None

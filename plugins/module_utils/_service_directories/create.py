# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create directories, record them, and keep the owner and mode of those that are recorded.

A directory is created under another name, recorded with its inode, and only then renamed to its path. So there is no
moment at which a run could die and leave a directory of ours without an entry, and what existed before never gets one.
"""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.os_errors import DiskErrors
from .paths import Found, find, identity_of, mark, open_directory, open_parent
from .record import Entry, Record

# Parents that have to be created belong to root, and everybody may enter them.
_PARENT_MODE = 0o755


@dataclass(frozen=True)
class Attributes:
    """Owner, group and mode; -1 leaves the owner or the group as it is."""

    uid: int
    gid: int
    mode: int

    def fit(self, found: Found) -> bool:
        """Return whether a directory has them."""
        return self.uid in (-1, found.uid) and self.gid in (-1, found.gid) and self.mode == found.mode


@dataclass(frozen=True)
class Creation:
    """What to do for one path: create a directory, or set the attributes of one that is recorded."""

    path: str
    attributes: Attributes
    found: Found

    @property
    def creates(self) -> bool:
        """Whether there is no directory yet."""
        return self.found.kind == "missing"


def plan(wanted: t.Mapping[str, Attributes], found: t.Mapping[str, Found], record: Record) -> list[Creation]:
    """Return what to do; raises HostError where something else than a directory is in the way. Pure."""
    steps = []
    for path, attributes in wanted.items():
        at_path = found[path]
        if at_path.kind == "other":
            raise HostError(f"{path} is not a directory. Move it away, or choose another path.")
        if at_path.kind == "missing" or (record.has(at_path) and not attributes.fit(at_path)):
            steps.append(Creation(path, attributes, at_path))
    return steps


def missing_parents(path: str) -> list[str]:
    """Return the directories above a path that do not exist, the highest first."""
    missing: list[str] = []
    parent = os.path.dirname(path)
    while parent != "/" and find(parent).kind == "missing":
        missing.insert(0, parent)
        parent = os.path.dirname(parent)
    return missing


def apply(step: Creation, record: Record, save: t.Callable[[Record], None]) -> Record:
    """Carry out one step, and return the record after it, which was saved; raises HostError."""
    if step.creates:
        for parent in missing_parents(step.path):
            record = _create(parent, Attributes(-1, -1, _PARENT_MODE), record, save, only_if_empty=True)
        return _create(step.path, step.attributes, record, save)
    with DiskErrors("", step.path), open_directory(step.path) as fd:
        if fd is None or not record.has(Found(step.path, "directory", identity_of(fd))):
            raise HostError(f"{step.path} was replaced during this run. Run again.")
        _set(fd, step.attributes)
    return record


def _create(
    path: str, attributes: Attributes, record: Record, save: t.Callable[[Record], None], only_if_empty: bool = False
) -> Record:
    with DiskErrors("", path), open_parent(path) as parent:
        if parent is None:
            raise HostError(f"{path}: the directory above it was removed during this run. Run again.")
        name = _make_under_free_name(parent, os.path.basename(path))
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            if os.listdir(fd) or os.fstat(fd).st_uid != os.geteuid():
                raise HostError(f"{path}: something else writes to the directory above it. Run again.")
            mark(fd)
            record = record.with_entry(Entry(path, identity_of(fd), only_if_empty))
            save(record)
            # An empty directory that somebody made in the meantime is replaced; anything else is an error.
            os.rename(name, os.path.basename(path), src_dir_fd=parent, dst_dir_fd=parent)
            _set(fd, attributes)
        finally:
            os.close(fd)
    return record


def _make_under_free_name(parent: int, name: str) -> str:
    """Make an empty directory that only this user may enter, and return its name.

    One that an earlier run left here when it died is removed.
    """
    attempt = 0
    while True:
        candidate = f".localai-{attempt}-{name}"[:255]
        with contextlib.suppress(OSError):
            left = os.stat(candidate, dir_fd=parent, follow_symlinks=False)
            if left.st_uid == os.geteuid() and stat.S_IMODE(left.st_mode) == 0o700:
                os.rmdir(candidate, dir_fd=parent)
        with contextlib.suppress(FileExistsError):
            os.mkdir(candidate, 0o700, dir_fd=parent)
            return candidate
        attempt += 1


def _set(fd: int, attributes: Attributes) -> None:
    # The owner first: it takes setgid away.
    os.fchown(fd, attributes.uid, attributes.gid)
    os.fchmod(fd, attributes.mode)

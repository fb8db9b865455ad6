# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create directories, record them, and keep owner and mode of recorded ones as requested.

A directory is created under another name, recorded with its inode, and only then renamed to its path. So a run that is
killed at any moment leaves no directory of the role unrecorded, and a directory that existed before is never recorded.
"""

from __future__ import annotations

import contextlib
import stat
import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.entries import opened_directory
from .._fs.os_errors import DiskErrors
from .._fs.utf8 import os
from .paths import PathState, identity_of, mark, open_directory, open_parent, scan_path
from .record import DirectoryRecord, RecordedDirectory

# Missing parents are created for root, and everybody may enter them.
_PARENT_MODE = 0o755


@dataclass(frozen=True)
class Attributes:
    """Owner, group and mode; -1 leaves the owner or the group as it is."""

    uid: int
    gid: int
    mode: int

    def match(self, state: PathState) -> bool:
        """Return whether a directory has them."""
        return self.uid in (-1, state.uid) and self.gid in (-1, state.gid) and self.mode == state.mode


@dataclass(frozen=True)
class Creation:
    """A step for one path: create a directory, or set the attributes of a recorded one."""

    path: str
    attributes: Attributes
    state: PathState

    @property
    def creates(self) -> bool:
        """Whether there is no directory yet."""
        return self.state.kind == "missing"


def plan(
    requested: t.Mapping[str, Attributes], states: t.Mapping[str, PathState], record: DirectoryRecord
) -> list[Creation]:
    """Return the steps; raises HostError if something else than a directory has one of the paths. Pure."""
    steps = []
    for path, attributes in requested.items():
        state = states[path]
        if state.kind == "other":
            raise HostError(f"{path} is not a directory. Move it away, or choose another path.")
        if state.kind == "missing" or (record.has(state) and not attributes.match(state)):
            steps.append(Creation(path, attributes, state))
    return steps


def missing_parents(path: str) -> list[str]:
    """Return the missing directories above a path, the highest first."""
    missing: list[str] = []
    parent = os.path.dirname(path)
    while parent != "/" and scan_path(parent).kind == "missing":
        missing.insert(0, parent)
        parent = os.path.dirname(parent)
    return missing


def apply(step: Creation, record: DirectoryRecord, save: t.Callable[[DirectoryRecord], None]) -> DirectoryRecord:
    """Carry out one step, and return the record that was saved with it; raises HostError."""
    if step.creates:
        for parent in missing_parents(step.path):
            record = _create(parent, Attributes(-1, -1, _PARENT_MODE), record, save, only_if_empty=True)
        return _create(step.path, step.attributes, record, save)
    with DiskErrors("", step.path), open_directory(step.path) as fd:
        if fd is None or not record.has(PathState(step.path, "directory", identity_of(fd))):
            raise HostError(f"{step.path} was replaced during this run. Run again.")
        _set(fd, step.attributes)
    return record


def _create(
    path: str,
    attributes: Attributes,
    record: DirectoryRecord,
    save: t.Callable[[DirectoryRecord], None],
    only_if_empty: bool = False,
) -> DirectoryRecord:
    with DiskErrors("", path), open_parent(path) as parent:
        if parent is None:
            raise HostError(f"{path}: the directory above it was removed during this run. Run again.")
        name = _create_under_free_name(parent, os.path.basename(path))
        with opened_directory(name, parent) as fd:
            if os.listdir(fd) or os.fstat(fd).st_uid != os.geteuid():
                raise HostError(f"{path}: something else writes to the directory above it. Run again.")
            mark(fd)
            record = record.with_entry(RecordedDirectory(path, identity_of(fd), only_if_empty))
            save(record)
            # This replaces an empty directory that somebody else created meanwhile; anything else is an error.
            os.rename(name, os.path.basename(path), src_dir_fd=parent, dst_dir_fd=parent)
            _set(fd, attributes)
    return record


def _create_under_free_name(parent: int, name: str) -> str:
    """Create an empty directory that only this user may enter, and return its name.

    One that an interrupted run left here is removed.
    """
    attempt = 0
    while True:
        candidate = f".localai-{attempt}-{name}"[:255]
        with contextlib.suppress(OSError):
            leftover = os.stat(candidate, dir_fd=parent, follow_symlinks=False)
            if leftover.st_uid == os.geteuid() and stat.S_IMODE(leftover.st_mode) == 0o700:
                os.rmdir(candidate, dir_fd=parent)
        with contextlib.suppress(FileExistsError):
            os.mkdir(candidate, 0o700, dir_fd=parent)
            return candidate
        attempt += 1


def _set(fd: int, attributes: Attributes) -> None:
    # The mode comes last, because a change of the owner clears setgid.
    os.fchown(fd, attributes.uid, attributes.gid)
    os.fchmod(fd, attributes.mode)

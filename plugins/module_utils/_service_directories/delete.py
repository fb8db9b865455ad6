# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete directories that the role created, but no other directory, no mount point and no mounted file system."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.entries import OPEN_DIRECTORY, closing
from .._fs.os_errors import DiskErrors
from .._fs.remove import try_rmdir
from .._fs.utf8 import os
from .paths import PathState, identity_of, mount_points, names_below, open_directory, open_parent, real_path, scan_path
from .record import DirectoryRecord

# How many names one `rm` gets.
_BATCH = 500
_MOST_TEXT = 500
# Runs a program in a directory, and returns its exit status and its error output.
Runner = t.Callable[[t.List[str], str], t.Tuple[int, str]]
Names = t.Tuple[str, ...]


@dataclass(frozen=True)
class KeptDirectory:
    """An existing directory that is not deleted: its path, and its path without symlinks."""

    path: str
    real: str


@dataclass(frozen=True)
class DeletionTarget:
    """A path to delete: what is there, and what is mounted at or below it."""

    state: PathState
    mounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deletion:
    """A directory to delete with its content, except for `keep`: the names that lead to directories that stay."""

    path: str
    keep: tuple[Names, ...]
    keep_mounts: tuple[str, ...]
    only_if_empty: bool


def scan(path: str) -> DeletionTarget:
    """Return what is at a path, and what is mounted at or below it; raises HostError."""
    with DiskErrors("", path):
        state = scan_path(path)
        return DeletionTarget(state, tuple(mount_points(state.real)) if state.kind == "directory" else ())


def existing(paths: t.Iterable[str]) -> list[KeptDirectory]:
    """Return the directories that exist."""
    return [KeptDirectory(path, os.path.realpath(path)) for path in paths if os.path.lexists(path)]


def plan(
    paths: t.Sequence[str],
    keep: t.Sequence[KeptDirectory],
    targets: t.Mapping[str, DeletionTarget],
    record: DirectoryRecord,
) -> list[Deletion]:
    """Return the deletions, the deepest path first. Pure.

    Raises HostError with each directory that must not be deleted and the reason.
    """
    present = [path for path in paths if targets[path].state.kind != "missing"]
    reasons = {path: _objection(targets[path], keep, record) for path in present}
    refused = [f"{path} {reason}" for path, reason in reasons.items() if reason]
    if refused:
        raise HostError(
            f"Nothing was changed, because the role deletes only directories that it created: {'; '.join(refused)}. "
            "Unset localai_remove_data or localai_remove_models, and delete the rest by hand."
        )
    deletions = []
    for path in sorted(present, key=lambda path: (-path.count("/"), path)):
        entry = record.entry(path)
        kept = {names for one in keep for names in _names(one, targets[path].state) if names is not None}
        mounts = tuple(point for point in targets[path].mounts if _is_kept(point, keep))
        deletions.append(Deletion(path, tuple(sorted(kept)), mounts, entry is not None and entry.only_if_empty))
    return deletions


def _objection(target: DeletionTarget, keep: t.Sequence[KeptDirectory], record: DirectoryRecord) -> str:
    """Return why a directory must not be deleted; empty if it may be."""
    state = target.state
    if any(() in _names(one, state) for one in keep):
        return "is also a directory that stays"
    if state.kind == "link":
        return "is a symlink"
    if record.entry(state.path) is None:
        return "was there before, or was created by something else"
    if state.real in target.mounts:
        return "is a mount point"
    if not record.has(state):
        return "is not the directory that the role created there, but another one that replaced it"
    mounted = [point for point in target.mounts if not _is_kept(point, keep)]
    if mounted:
        return f"has something mounted in it ({', '.join(mounted)})"
    return ""


def _names(one: KeptDirectory, state: PathState) -> list[Names | None]:
    """Return the names that lead from a directory to a kept one, by their paths and by those without symlinks."""
    return [names_below(one.path, state.path), names_below(one.real, state.real) if state.real else None]


def _is_kept(point: str, keep: t.Sequence[KeptDirectory]) -> bool:
    return any(names_below(point, one.real) is not None for one in keep)


def predict(deletions: t.Sequence[Deletion]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the directories that would be deleted or emptied, and those that would stay, with what is in them."""
    gone: list[str] = []
    left = {}
    for deletion in deletions:
        with DiskErrors("", deletion.path), open_directory(deletion.path) as fd:
            to_delete = list(_doomed(fd, deletion.path, deletion.keep)) if fd is not None else []
        rest = [f"{path}/{name}" for _fd, path, names in to_delete for name in names if f"{path}/{name}" not in gone]
        if deletion.only_if_empty and rest:
            left[deletion.path] = rest
        elif rest or not deletion.keep:
            gone.append(deletion.path)
    return gone, left


def apply(deletion: Deletion, record: DirectoryRecord, run: Runner) -> bool:
    """Delete one directory, except for what is kept in it, and return whether it is gone; raises HostError."""
    with DiskErrors("", deletion.path), open_directory(deletion.path) as fd:
        if fd is None:
            return True
        mounts = tuple(mount_points(real_path(fd)))
        if not record.has(PathState(deletion.path, "directory", identity_of(fd))) or mounts != deletion.keep_mounts:
            raise HostError(f"{deletion.path} was replaced or mounted over during this run. Run again.")
        if not deletion.only_if_empty:
            for inner, path, names in _doomed(fd, deletion.path, deletion.keep):
                _delete(inner, path, names, run)
    return remove_empty(deletion.path)


def _doomed(fd: int, path: str, keep: t.Sequence[Names]) -> t.Iterator[tuple[int, str, list[str]]]:
    """Yield open directories, with their paths and the names in them that do not lead to a kept directory."""
    spared = {names[0] for names in keep}
    yield fd, path, [name for name in os.listdir(fd) if name not in spared]
    for name in sorted(spared):
        deeper = [names[1:] for names in keep if names[0] == name]
        if () in deeper:
            continue
        try:
            inner = os.open(name, OPEN_DIRECTORY, dir_fd=fd)
        except OSError:
            continue  # a symlink: it stays, and the kept directory has another path without it
        with closing(inner):
            yield from _doomed(inner, f"{path}/{name}", deeper)


def _delete(fd: int, path: str, names: t.Sequence[str], run: Runner) -> None:
    for start in range(0, len(names), _BATCH):
        batch = [f"./{name}" for name in names[start : start + _BATCH]]
        # rm follows no symlink, enters no other file system, and starts in a directory that cannot be exchanged.
        status, errors = run(["rm", "--recursive", "--force", "--one-file-system", "--", *batch], f"/proc/self/fd/{fd}")
        if status:
            raise HostError(f"{path} could not be deleted completely: {errors.strip()[:_MOST_TEXT]}")


def remove_empty(path: str) -> bool:
    """Remove a directory if it is empty, and return whether it is gone; raises HostError."""
    with DiskErrors("", path), open_parent(path) as parent:
        return parent is None or try_rmdir(os.path.basename(path), parent)

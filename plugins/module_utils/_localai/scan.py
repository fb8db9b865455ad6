# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scans the backends path and the system path, and never writes."""

from __future__ import annotations

import stat
import time
import typing as t
from dataclasses import replace

from .._fs.accounts import attributes_of
from .._fs.file_attributes import FileAttributes
from .._fs.read import open_file, read_file
from .._fs.utf8 import os
from .._store.file_system import KeptAttributes, remembered
from .._store.layout import DOWNLOADED, OWN_DIRECTORY, PREVIOUS, REPLACED, version_numbers
from .._store.record import RECORD, Record
from .._store.recorded_builds import recorded_builds
from .installed import RUN_FILE, Directory, DownloadedBuild, Installed, ListingRules, PreviousVersion
from .leftovers import is_temporary
from .metadata import METADATA, Metadata

MAX_METADATA = 1024 * 1024
_BUSY_SECONDS = 3600
_NEWEST_RULES = ListingRules()


def scan(
    path: str,
    system_path: str,
    keeps: KeptAttributes | None = None,
    as_next_run: bool = True,
    rules: ListingRules = _NEWEST_RULES,
) -> Installed:
    """Return the content of the backends path and of the system path. A missing path is not an error.

    If an interrupted run has moved a tree away, the tree counts as installed, because the next run moves it back.
    Without `as_next_run`, it is reported as a problem. `keeps` has the attributes that the file system of the backends
    path stores. The default is the result of the last probe. `rules` are those of the server.
    """
    problems: list[str] = []
    keeps = keeps or remembered(path) or KeptAttributes()
    names = [name for name in _names(path, problems) if name != OWN_DIRECTORY]
    readable = not problems
    moved_away = [name for name in _moved_away(path) if name not in names] if readable else []
    directories = [_directory(path, name, keeps) for name in names]
    if as_next_run:
        directories += [_directory(_replaced(path), name, keeps) for name in moved_away]
        directories.sort(key=lambda directory: os.fsencode(directory.name))
    else:
        problems += [f"{name}: an interrupted run moved it away. The next run puts it back." for name in moved_away]
    return Installed(
        path,
        system_path,
        tuple(directories),
        tuple(_system_directories(system_path, problems)),
        tuple(problems),
        readable,
        tuple(_previous_versions(path, keeps)),
        recorded_builds(path),
        dict(_downloaded_builds(path, keeps)),
        rules,
    )


def tree_path(path: str, name: str) -> str:
    """Return the path of the tree of a backend, which an interrupted run may have moved away."""
    installed = os.path.join(path, name)
    is_moved = not os.path.lexists(installed) and name in _moved_away(path)
    return os.path.join(_replaced(path), name) if is_moved else installed


def _moved_away(path: str) -> list[str]:
    own_directory, replaced = os.path.join(path, OWN_DIRECTORY), _replaced(path)
    return [] if os.path.islink(own_directory) or os.path.islink(replaced) else _names(replaced, [])


def _replaced(path: str) -> str:
    return os.path.join(path, OWN_DIRECTORY, REPLACED)


def _system_directories(system_path: str, problems: list[str]) -> t.Iterator[Directory]:
    for name in _names(system_path, problems):
        path = os.path.join(system_path, name)
        if os.path.isdir(path) and not os.path.islink(path):
            run_file = os.path.join(path, RUN_FILE)
            metadata, problem = _read_metadata(path)
            yield Directory(
                name,
                has_run_file=os.path.exists(run_file),
                runnable=os.path.isfile(run_file),
                metadata=metadata,
                problem=problem,
                is_system=True,
            )


def _names(path: str, problems: list[str]) -> list[str]:
    try:
        return sorted(os.listdir(path), key=os.fsencode)
    except FileNotFoundError:
        return []
    except OSError as e:
        problems.append(f"{path}: {e.strerror}")
        return []


def _previous_versions(path: str, keeps: KeptAttributes) -> t.Iterator[PreviousVersion]:
    """Yield the previous versions, the latest of each backend first. Unreadable directories are skipped."""
    top = os.path.join(path, OWN_DIRECTORY, PREVIOUS)
    for backend in _names(top, []):
        for number in reversed(version_numbers(_names(os.path.join(top, backend), []))):
            directory = _directory(os.path.join(top, backend), str(number), keeps)
            yield PreviousVersion(backend, f"{OWN_DIRECTORY}/{PREVIOUS}/{backend}/{number}", directory)


def _downloaded_builds(path: str, keeps: KeptAttributes) -> t.Iterator[tuple[str, DownloadedBuild]]:
    """Yield the builds that are downloaded and not installed, by the name of their backend."""
    top = os.path.join(path, OWN_DIRECTORY, DOWNLOADED)
    for backend in _names(top, []):
        for key in _names(os.path.join(top, backend), []):
            directory = _directory(os.path.join(top, backend), key, keeps)
            if directory.runnable and directory.record is not None and not directory.problem:
                yield backend, DownloadedBuild(f"{OWN_DIRECTORY}/{DOWNLOADED}/{backend}/{key}", key, directory)


def _directory(parent: str, name: str, keeps: KeptAttributes) -> Directory:
    path = os.path.join(parent, name)
    try:
        status = os.lstat(path)
    except OSError as e:
        return Directory(name, kind="other", problem=str(e.strerror))
    run_file = os.path.join(path, RUN_FILE)
    directory = Directory(
        name,
        kind="other",
        has_run_file=os.path.exists(run_file),
        runnable=os.path.isfile(run_file),
        attributes=attributes_of(status),
    )
    if stat.S_ISLNK(status.st_mode):
        return replace(directory, kind="symlink")
    if not stat.S_ISDIR(status.st_mode):
        return directory
    metadata, problem = _read_metadata(path)
    return replace(
        directory,
        kind="directory",
        metadata=metadata,
        problem=problem,
        record=_read_record(os.path.join(path, RECORD)),
        run_file_attributes=_file_attributes(run_file, keeps),
        metadata_attributes=_file_attributes(os.path.join(path, METADATA), keeps),
        busy=is_temporary(name) and _changed_lately(path),
    )


def _file_attributes(path: str, keeps: KeptAttributes) -> FileAttributes:
    """Return the attributes that the file system stores of a regular file; empty for anything else."""
    try:
        status = os.lstat(path)
    except OSError:
        return FileAttributes()
    if not stat.S_ISREG(status.st_mode):
        return FileAttributes()
    attributes = attributes_of(status)
    return FileAttributes(
        attributes.owner if keeps.owners else "",
        attributes.group if keeps.owners else "",
        attributes.mode if keeps.modes else "",
    )


def _changed_lately(path: str) -> bool:
    """Return whether anything in a tree has changed within the last hour or cannot be read."""
    pending = [path]
    while pending:
        current = pending.pop()
        try:
            if time.time() - os.lstat(current).st_mtime < _BUSY_SECONDS:
                return True
            if not os.path.islink(current) and os.path.isdir(current):
                pending += [os.path.join(current, name) for name in os.listdir(current)]
        except OSError:
            return True
    return False


def _read_metadata(path: str) -> tuple[Metadata | None, str]:
    """Return the metadata of a directory or None, and the reason if it cannot be read."""
    try:
        return Metadata.parse(read_file(os.path.join(path, METADATA), MAX_METADATA)), ""
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError) as e:
        reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
        return None, f"cannot be read: {reason}"


def _read_record(path: str) -> Record | None:
    try:
        with open_file(path) as stream:
            return Record.parse(stream.readline(MAX_METADATA))
    except OSError:
        return None

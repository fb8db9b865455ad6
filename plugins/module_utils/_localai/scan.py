# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends path and the system path as they are at this moment. Nothing here writes."""

from __future__ import annotations

import os
import stat
import time
import typing as t
from dataclasses import asdict, replace

from .._fs.read import open_file, read_file
from .._store.builds import Build, parse_builds
from .._store.file_system import Keeps, remembered
from .._store.layout import BUILDS, KEPT, OWN_DIRECTORY, PROGRESS, REPLACED, STAGING, kept_numbers
from .._store.ownership import group_name, owner_name
from .._store.record import RECORD, Record
from .installed import RUN_FILE, Directory, Installed, Kept, Look
from .leftovers import is_temporary
from .metadata import METADATA, Metadata

MOST_METADATA = 1024 * 1024
_BUSY_SECONDS = 3600


def observe(path: str, system_path: str, keeps: Keeps | None = None, as_next_run: bool = True) -> Installed:
    """Return what is in the backends path and in the system path; what is missing is empty, never an error.

    A tree that an interrupted run had just moved out of its place counts as the next run sees it, which puts it back;
    without C(as_next_run) it is a problem. C(keeps) is what the file system of the backends path keeps, by default what
    is remembered of it.
    """
    problems: list[str] = []
    keeps = keeps or remembered(path) or Keeps()
    there = [name for name in _names(path, problems) if name != OWN_DIRECTORY]
    readable = not problems
    moved = [name for name in _moved(path) if name not in there] if readable else []
    directories = [_directory(path, name, keeps) for name in there]
    if as_next_run:
        directories += [_directory(_replaced(path), name, keeps) for name in moved]
        directories.sort(key=lambda directory: os.fsencode(directory.name))
    else:
        problems += [f"{name}: an interrupted run moved it away. The next run puts it back." for name in moved]
    system = [
        name
        for name in _names(system_path, problems)
        if os.path.isdir(os.path.join(system_path, name))
        and not os.path.islink(os.path.join(system_path, name))
        and os.path.isfile(os.path.join(system_path, name, RUN_FILE))
    ]
    return Installed(
        path,
        system_path,
        tuple(directories),
        tuple(system),
        tuple(problems),
        readable,
        tuple(_kept(path, keeps)),
        remembered_builds(path),
    )


def place_of(path: str, name: str) -> str:
    """Return where the tree of a backend is: in its place, or out of it since a run died that was replacing it."""
    place = os.path.join(path, name)
    return place if os.path.lexists(place) or name not in _moved(path) else os.path.join(_replaced(path), name)


def _moved(path: str) -> list[str]:
    own, replaced = os.path.join(path, OWN_DIRECTORY), _replaced(path)
    return [] if os.path.islink(own) or os.path.islink(replaced) else _names(replaced, [])


def _replaced(path: str) -> str:
    return os.path.join(path, OWN_DIRECTORY, REPLACED)


def has_unfinished(path: str) -> bool:
    """Return whether a run is at work in the backends path, or died there."""
    own = os.path.join(path, OWN_DIRECTORY)
    at_work = os.path.lexists(os.path.join(own, PROGRESS))
    return at_work or any(_names(os.path.join(own, place), []) for place in (STAGING, REPLACED))


def _names(path: str, problems: list[str]) -> list[str]:
    try:
        return sorted(os.listdir(path), key=os.fsencode)
    except FileNotFoundError:
        return []
    except OSError as e:
        problems.append(f"{path}: {e.strerror}")
        return []


def _kept(path: str, keeps: Keeps) -> t.Iterator[Kept]:
    """Yield the trees that were replaced, the latest of each backend first; what may not be read is not there."""
    top = os.path.join(path, OWN_DIRECTORY, KEPT)
    for backend in _names(top, []):
        for number in reversed(kept_numbers(_names(os.path.join(top, backend), []))):
            directory = _directory(os.path.join(top, backend), str(number), keeps)
            yield Kept(backend, f"{OWN_DIRECTORY}/{KEPT}/{backend}/{number}", directory)


def remembered_builds(path: str) -> dict[str, Build]:
    """Return which build each backend was given last, as far as that is remembered."""
    try:
        return parse_builds(read_file(os.path.join(path, OWN_DIRECTORY, BUILDS), MOST_METADATA))
    except OSError:
        return {}


def _directory(path: str, name: str, keeps: Keeps) -> Directory:
    place = os.path.join(path, name)
    try:
        status = os.lstat(place)
    except OSError as e:
        return Directory(name, kind="other", problem=str(e.strerror))
    run_file = os.path.join(place, RUN_FILE)
    observed = Directory(
        name,
        kind="other",
        has_run_file=os.path.exists(run_file),
        runnable=os.path.isfile(run_file),
        **asdict(_look(status)),
    )
    if stat.S_ISLNK(status.st_mode):
        return replace(observed, kind="symlink")
    if not stat.S_ISDIR(status.st_mode):
        return observed
    metadata, problem = _read_metadata(place)
    return replace(
        observed,
        kind="directory",
        metadata=metadata,
        problem=problem,
        record=_read_record(os.path.join(place, RECORD)),
        run_look=_look_of(run_file, keeps),
        metadata_look=_look_of(os.path.join(place, METADATA), keeps),
        busy=is_temporary(name) and _changed_lately(place),
    )


def _look(status: os.stat_result) -> Look:
    return Look(owner_name(status.st_uid), group_name(status.st_gid), f"{stat.S_IMODE(status.st_mode):04o}")


def _look_of(path: str, keeps: Keeps) -> Look:
    """Return the look of a file, as far as it does not come from the mount; an empty one for anything else."""
    try:
        status = os.lstat(path)
    except OSError:
        return Look()
    if not stat.S_ISREG(status.st_mode):
        return Look()
    look = _look(status)
    owned = look if keeps.owners else replace(look, owner="", group="")
    return owned if keeps.modes else replace(owned, mode="")


def _changed_lately(place: str) -> bool:
    """Return whether anything in a tree changed within the last hour; what may not be read may have."""
    pending = [place]
    while pending:
        path = pending.pop()
        try:
            if time.time() - os.lstat(path).st_mtime < _BUSY_SECONDS:
                return True
            if not os.path.islink(path) and os.path.isdir(path):
                pending += [os.path.join(path, name) for name in os.listdir(path)]
        except OSError:
            return True
    return False


def _read_metadata(place: str) -> tuple[Metadata | None, str]:
    """Return the metadata of a directory, None when it has none, and what is wrong with it."""
    try:
        return Metadata.parse(read_file(os.path.join(place, METADATA), MOST_METADATA)), ""
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError) as e:
        reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
        return None, f"cannot be read: {reason}"


def _read_record(path: str) -> Record | None:
    try:
        with open_file(path) as stream:
            return Record.parse(stream.readline(MOST_METADATA))
    except OSError:
        return None

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends path and the system path as they are at this moment. Nothing here writes."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import time
import typing as t
from dataclasses import asdict, replace

from ansible_collections.localai.core.plugins.module_utils._builds import BUILDS, Build, parse_builds
from ansible_collections.localai.core.plugins.module_utils._file import open_file, read_file
from ansible_collections.localai.core.plugins.module_utils._installed import (
    KEPT,
    OWN_DIRECTORY,
    REPLACED,
    RUN_FILE,
    STAGING,
    Directory,
    Installed,
    Kept,
    Look,
    is_temporary,
    kept_numbers,
)
from ansible_collections.localai.core.plugins.module_utils._metadata import (
    METADATA,
    RECORD,
    Contents,
    Metadata,
    Record,
    parse_contents,
)
from ansible_collections.localai.core.plugins.module_utils._progress import PROGRESS
from ansible_collections.localai.core.plugins.module_utils._volume import Keeps, remembered

MOST_METADATA = 1024 * 1024
# A line for each of the 300,000 files of a large backend.
MOST_RECORD = 256 * 1024 * 1024
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


def disk_usage(path: str) -> int:
    """Return the bytes that a tree takes on disk, hard links counted once; what may not be read counts nothing."""
    total, seen = 0, set()
    pending = [path]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                        if (status.st_dev, status.st_ino) in seen:
                            continue
                        seen.add((status.st_dev, status.st_ino))
                    total += status.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue
    return total


def owner_name(uid: int) -> str:
    """Return the name of a user, or the number as text."""
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return str(uid)


def group_name(gid: int) -> str:
    """Return the name of a group, or the number as text."""
    try:
        return grp.getgrgid(gid).gr_name
    except (KeyError, OverflowError):
        return str(gid)


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


def recorded_contents(place: str) -> Contents | None:
    """Return what is recorded of all that was installed in a directory, or None."""
    try:
        return parse_contents(read_file(os.path.join(place, RECORD), MOST_RECORD))
    except OSError:
        return None


def _read_record(path: str) -> Record | None:
    try:
        with open_file(path) as stream:
            return Record.parse(stream.readline(MOST_METADATA))
    except OSError:
        return None

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scans the models path for the models of a task, and never writes."""

from __future__ import annotations

import hashlib
import stat
import typing as t

from ..._fs.accounts import attributes_of
from ..._fs.file_attributes import FileAttributes
from ..._fs.read import read_file
from ..._fs.utf8 import os
from ..._store.file_system import KeptAttributes
from ..._store.layout import DOWNLOADED, MODELS, OWN_DIRECTORY
from .installed import FileState, InstalledModel, InstalledModels
from .names import SUFFIX, gallery_file_name, of_gallery_file, parents, yaml_name
from .record import LEFT, Record, parse_left, parse_record

# LocalAI's own files have some ten thousand bytes.
MOST_YAML = 4 * 1024**2
_MOST_RECORD = 64 * 1024**2
_RECORD_SUFFIX = ".json"


def scan_models(path: str, requested: t.Container[str] | None, keeps: KeptAttributes) -> InstalledModels:
    """Return the models with these names, in lower case, or all of them; a missing path is not an error.

    `keeps` are the attributes that the file system stores.
    """
    problems: list[str] = []
    listed = _listed(path, problems)
    names = {name[: -len(SUFFIX)] for name in listed if _is_configuration(name)} | _partly_removed(listed)
    every = sorted(names | set(recorded_names(path)), key=os.fsencode)
    return InstalledModels(
        path,
        {name: _model(path, name, keeps) for name in every if requested is None or name.lower() in requested},
        tuple(every),
        tuple(problems),
        downloaded_keys(path),
    )


def downloaded_keys(path: str) -> dict[str, frozenset[str]]:
    """Return the keys of the files that were downloaded ahead, by the model that they were downloaded for."""
    top = os.path.join(path, OWN_DIRECTORY, DOWNLOADED)
    return {name: frozenset(_listed(os.path.join(top, name), [])) for name in _listed(top, [])}


def recorded_names(path: str) -> list[str]:
    """Return the names of the models that we have a record of."""
    records = _listed(os.path.join(path, OWN_DIRECTORY, MODELS), [])
    return [name[: -len(_RECORD_SUFFIX)] for name in records if name.endswith(_RECORD_SUFFIX) and name[0] != "."]


def file_state(path: str, keeps: KeptAttributes) -> FileState | None:
    """Return the state of an entry, None if there is none; raises OSError."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    attributes = attributes_of(status)
    if not keeps.owners:
        attributes = FileAttributes(mode=attributes.mode)
    if not keeps.modes:
        attributes = FileAttributes(attributes.owner, attributes.group)
    size = status.st_size if stat.S_ISREG(status.st_mode) else -1
    return FileState(size, attributes, mtime=status.st_mtime_ns, is_directory=stat.S_ISDIR(status.st_mode))


def record_of(path: str, name: str) -> Record | None:
    """Return the record of a model, None if there is none that can be read."""
    try:
        record = parse_record(read_file(os.path.join(path, OWN_DIRECTORY, MODELS, name + _RECORD_SUFFIX), _MOST_RECORD))
    except OSError:
        return None
    return record if record is not None and record.name == name else None


def left_paths(path: str) -> frozenset[str]:
    """Return the files that removed models left, because others needed them."""
    try:
        return parse_left(read_file(os.path.join(path, OWN_DIRECTORY, MODELS, LEFT + _RECORD_SUFFIX), _MOST_RECORD))
    except OSError:
        return frozenset()


def _model(path: str, name: str, keeps: KeptAttributes) -> InstalledModel:
    record = record_of(path, name)
    states = {
        file: _state_or_none(os.path.join(path, file), keeps) for file in (record.paths if record is not None else ())
    }
    directories = dict.fromkeys(directory for file in states for directory in parents(file))
    above = {directory: _state_or_none(os.path.join(path, directory), keeps) for directory in directories}
    return InstalledModel(
        name,
        _document(os.path.join(path, yaml_name(name)), keeps),
        _document(os.path.join(path, gallery_file_name(name)), keeps),
        record,
        {file: state for file, state in states.items() if state is not None},
        {directory: state for directory, state in above.items() if state is not None},
    )


def tree_states(path: str, directory: str, keeps: KeptAttributes) -> dict[str, FileState]:
    """Return the states of a directory in the models path and of all in it, by path; what vanishes is left out."""
    states: dict[str, FileState] = {}
    left = [directory]
    while left:
        entry = left.pop()
        state = _state_or_none(os.path.join(path, entry), keeps)
        if state is not None:
            states[entry] = state
            if state.is_directory:
                left += [f"{entry}/{name}" for name in _listed(os.path.join(path, entry), [])]
    return states


def _document(path: str, keeps: KeptAttributes) -> FileState | None:
    """Return the state of a YAML file, with its hash if it can be read."""
    state = _state_or_none(path, keeps)
    if state is None or state.size < 0:
        return state
    try:
        return state._replace(sha256=hashlib.sha256(read_file(path, MOST_YAML)).hexdigest())
    except OSError:
        return state


def _state_or_none(path: str, keeps: KeptAttributes) -> FileState | None:
    try:
        return file_state(path, keeps)
    except OSError:
        return None


def _partly_removed(listed: t.Sequence[str]) -> set[str]:
    """Return the models of which LocalAI's own file is left: an interrupted removal leaves it until the end.

    An operator disables a model by renaming its file, for example to `x.yaml.off`, so that is another case.
    """
    names = {name for name in map(of_gallery_file, listed) if name}
    others = [name.casefold() for name in listed]
    return {name for name in names if not any(other.startswith(f"{name.casefold()}.y") for other in others)}


def _is_configuration(name: str) -> bool:
    return name.endswith(SUFFIX) and not name.startswith(".") and len(name) > len(SUFFIX)


def _listed(path: str, problems: list[str]) -> list[str]:
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []
    except OSError as e:
        problems.append(f"{path}: {e.strerror}")
        return []

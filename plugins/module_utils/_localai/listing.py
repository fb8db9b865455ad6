# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What LocalAI makes of what is on disk. Pure.

The listing follows LocalAI's C(ListSystemBackends) (C(core/gallery/backends.go) of its source), because a running
server starts what that names.
"""

from __future__ import annotations

import posixpath
import typing as t
from dataclasses import dataclass

from .._errors import NameRefused
from .capability import preferred
from .installed import RUN_FILE, Directory, Installed
from .metadata import METADATA, Metadata
from .names import checked_name


@dataclass(frozen=True)
class Row:
    """One name that LocalAI knows, and what it would run for it."""

    name: str
    kind: str
    backend: str
    run_file: str
    runnable: bool
    metadata: Metadata | None = None
    problem: str = ""


class Listing(t.Mapping[str, Row]):
    """One row per name, as LocalAI lists them on a host of one capability; each is made when it is looked at.

    A directory that cannot be read has a row too, so that it is not overlooked.
    """

    def __init__(self, installed: Installed, capability: str) -> None:
        self._installed = installed
        self._capability = capability

    def __iter__(self) -> t.Iterator[str]:
        return iter(_names(self._installed.system, self._installed.directories))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, name: str) -> Row:
        installed = self._installed
        entries = [entry for entry in installed.called(name) if entry.kind == "directory"]
        aliased = [entry for entry in entries if name and entry.alias == name]
        if aliased:
            winner = preferred([entry.name for entry in aliased], self._capability)
            chosen = next(entry for entry in aliased if entry.name == winner)
            return _concrete_row(installed, chosen, name, "concrete" if name == winner else "alias")
        # What comes later takes the name over.
        for entry in reversed(entries):
            if entry.target and entry.metadata and entry.metadata.name == name:
                return _meta_row(installed, entry)
            if entry.name == name and (entry.has_run_file or entry.problem):
                return _concrete_row(installed, entry, name, "concrete")
        if name in installed.system:
            return Row(name, "system", name, posixpath.normpath(f"{installed.system_path}/{name}/{RUN_FILE}"), True)
        raise KeyError(name)

    def find(self, name: str) -> Row | None:
        """Return the row of that name, in any case when none is spelled so."""
        if name in self:
            return self[name]
        names = _names(self._installed.system, self._installed.called(name))
        return next((self[known] for known in names if known.lower() == name.lower()), None)


def _names(system: t.Iterable[str], entries: t.Iterable[Directory]) -> dict[str, None]:
    """Return the names that LocalAI knows these by, in the order in which it comes to know them."""
    names, aliases = dict.fromkeys(system), []
    for entry in entries:
        if entry.kind != "directory":
            continue
        if entry.has_run_file or entry.problem:
            names[entry.name] = None
        if entry.target and entry.metadata:
            names[entry.metadata.name] = None
        if entry.alias:
            aliases.append(entry.alias)
    return {**names, **dict.fromkeys(aliases)}


def _concrete_row(installed: Installed, directory: Directory, name: str, kind: str) -> Row:
    problem = f"{METADATA} {directory.problem}" if directory.problem else _bad_name(name)
    if not directory.runnable:
        problem = problem or f"{directory.name} has no {RUN_FILE} that is a file"
    return Row(
        name,
        kind,
        directory.name,
        installed.run_file(directory.name),
        directory.runnable,
        directory.metadata,
        problem or directory.damage,
    )


def _meta_row(installed: Installed, directory: Directory) -> Row:
    metadata = t.cast(Metadata, directory.metadata)
    problem = _bad_name(metadata.name) or _bad_name(directory.target)
    target = None if problem else installed.get(directory.target)
    runnable = target is not None and target.runnable
    if not runnable:
        problem = problem or f"{directory.target}, which it points to, is not installed or has no {RUN_FILE}"
    return Row(
        metadata.name, "meta", directory.target, installed.run_file(directory.target), runnable, metadata, problem
    )


def _bad_name(name: str) -> str:
    try:
        checked_name(name, METADATA)
    except NameRefused as e:
        return str(e)
    return ""

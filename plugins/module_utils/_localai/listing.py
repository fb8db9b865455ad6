# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LocalAI's listing of the installed backends. Pure.

Follows `ListSystemBackends` in LocalAI's `core/gallery/backends.go`. A running server starts the backends of this
listing.
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
    """One name that LocalAI knows, and the backend that it runs for the name."""

    name: str
    kind: str
    backend: str
    run_file: str
    runnable: bool
    metadata: Metadata | None = None
    problem: str = ""


class Listing(t.Mapping[str, Row]):
    """The rows of LocalAI's listing by name, on a host with one capability. A row is built when it is accessed.

    Unlike in LocalAI's listing, an unreadable directory has a row too, so that it is reported.
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
        # Of several entries with the same name, LocalAI uses the last one.
        for entry in reversed(entries):
            if entry.target and entry.metadata and entry.metadata.name == name:
                return _meta_row(installed, entry)
            if entry.name == name and (entry.has_run_file or entry.problem):
                return _concrete_row(installed, entry, name, "concrete")
        if name in installed.system:
            return Row(name, "system", name, posixpath.normpath(f"{installed.system_path}/{name}/{RUN_FILE}"), True)
        raise KeyError(name)

    def find(self, name: str) -> Row | None:
        """Return the row of that name; if there is none, one whose name differs only in case."""
        if name in self:
            return self[name]
        names = _names(self._installed.system, self._installed.called(name))
        return next((self[spelling] for spelling in names if spelling.lower() == name.lower()), None)


def _names(system: t.Iterable[str], entries: t.Iterable[Directory]) -> dict[str, None]:
    """Return the names of system backends and entries, in the order of LocalAI's listing."""
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

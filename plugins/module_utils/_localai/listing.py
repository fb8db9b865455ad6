# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LocalAI's listing of the installed backends. Pure.

Follows `ListSystemBackends` in LocalAI's `core/gallery/backends.go`. A running server starts the backends of this
listing. `Installed.listed` has the directories that are listed.
"""

from __future__ import annotations

import typing as t

from .._errors import NameRefused
from .capability import compatible, preferred
from .installed import RUN_FILE, Directory, Installed
from .metadata import METADATA, Metadata
from .names import checked_name

_DEVELOPMENT = "-development"
RowKind = t.Literal["concrete", "alias", "meta", "system"]


class Row(t.NamedTuple):
    """One name that LocalAI knows, and the backend that it runs for the name.

    Every row of the system path has the kind `system`, also aliases and meta backends. `home` is the directory that has
    the name or the alias; that of a meta backend is its own, not its build.
    """

    name: str
    kind: RowKind
    backend: str
    home: str
    run_file: str
    runnable: bool
    is_meta: bool = False
    metadata: Metadata | None = None
    problem: str = ""


class Listing(t.Mapping[str, Row]):
    """The rows of LocalAI's listing by name, on a host with one capability. A row is built when it is accessed.

    Unlike in LocalAI's listing, an unreadable directory of the backends path has a row too, so that it is reported.
    """

    def __init__(self, installed: Installed, capability: str) -> None:
        self._installed = installed
        self._capability = capability

    def __iter__(self) -> t.Iterator[str]:
        return iter(_names(self._installed.listed))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, name: str) -> Row:
        entries = self._installed.listed_as(name)
        row = self._row_of_directory(name, entries)
        aliased = [entry for entry in entries if name and entry.alias == name]
        if self._installed.rules.prefers_development:
            aliased = [entry for entry in aliased if self._is_development(entry)] or aliased
        if aliased:
            winner = preferred([entry.name for entry in aliased], self._capability)
            chosen = next(entry for entry in aliased if entry.name == winner)
            # An alias of the system path does not replace a row of the backends path.
            if row is None or row.kind == "system" or not chosen.is_system:
                return _concrete_row(self._installed, chosen, name, "concrete" if name == winner else "alias")
        if row is None:
            raise KeyError(name)
        return row

    def _is_development(self, entry: Directory) -> bool:
        """Return whether an entry is a development build that can run on the host."""
        return entry.name.endswith(_DEVELOPMENT) and entry.runnable and compatible(entry.name, self._capability)

    def _row_of_directory(self, name: str, entries: t.Sequence[Directory]) -> Row | None:
        """Return the row of the directory or of the meta backend with a name. Of several, LocalAI uses the last one."""
        for entry in reversed(entries):
            if entry.target and entry.metadata and entry.metadata.name == name:
                return _meta_row(self._installed, entry)
            if entry.name == name and (entry.has_run_file or entry.problem):
                return _concrete_row(self._installed, entry, name, "concrete")
        return None

    def find(self, name: str) -> Row | None:
        """Return the row of that name; if there is none, one whose name differs only in case."""
        if name in self:
            return self[name]
        names = _names(self._installed.listed_as(name))
        return next((self[spelling] for spelling in names if spelling.lower() == name.lower()), None)


def _names(entries: t.Iterable[Directory]) -> dict[str, None]:
    """Return the names of the rows of entries, in the order of LocalAI's listing."""
    names: dict[str, None] = {}
    aliases = []
    for entry in entries:
        if entry.has_run_file or entry.problem:
            names[entry.name] = None
        if entry.target and entry.metadata:
            names[entry.metadata.name] = None
        if entry.alias:
            aliases.append(entry.alias)
    return {**names, **dict.fromkeys(aliases)}


def _concrete_row(installed: Installed, directory: Directory, name: str, kind: RowKind) -> Row:
    problem = f"{METADATA} {directory.problem}" if directory.problem else _bad_name(name)
    if not directory.runnable:
        problem = problem or f"{directory.name} has no {RUN_FILE} that is a file"
    return Row(
        name=name,
        kind="system" if directory.is_system else kind,
        backend=directory.name,
        home=directory.name,
        run_file=installed.run_file(directory.name, directory.is_system),
        runnable=directory.runnable,
        metadata=directory.metadata,
        problem=problem or directory.damage,
    )


def _meta_row(installed: Installed, directory: Directory) -> Row:
    metadata = t.cast(Metadata, directory.metadata)
    problem = _bad_name(metadata.name) or _bad_name(directory.target)
    target = None if problem else installed.target_of(directory)
    runnable = target is not None and target.runnable
    if not runnable:
        problem = problem or f"{directory.target}, which it points to, is not installed or has no {RUN_FILE}"
    return Row(
        name=metadata.name,
        kind="system" if directory.is_system else "meta",
        backend=directory.target,
        home=directory.name,
        run_file=installed.run_file(directory.target, directory.is_system),
        runnable=runnable,
        is_meta=True,
        metadata=metadata,
        problem=problem,
    )


def _bad_name(name: str) -> str:
    try:
        checked_name(name, METADATA)
    except NameRefused as e:
        return str(e)
    return ""

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on disk as values, and what LocalAI makes of it. Pure.

The listing follows LocalAI's C(ListSystemBackends) (C(core/gallery/backends.go) of its source), because a running
server starts what that names.
"""

from __future__ import annotations

import os
import posixpath
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.localai.core.plugins.module_utils._capability import preferred
from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused
from ansible_collections.localai.core.plugins.module_utils._metadata import METADATA, Metadata, Record
from ansible_collections.localai.core.plugins.module_utils._options import checked_name

RUN_FILE = "run.sh"
OWN_DIRECTORY = ".localai-core"
KEPT = "kept"
# What LocalAI itself leaves beside a backend when it dies in an installation or an upgrade.
TEMPORARIES = (".install-tmp", ".upgrade-tmp")
BACKUPS = (".backup", ".install-backup")


@dataclass(frozen=True)
class Look:
    """Owner, group and mode of a path as they are shown; what is empty is not known, or not wanted."""

    owner: str = ""
    group: str = ""
    mode: str = ""


@dataclass(frozen=True)
class Inspection:
    """What a walk through a tree found: C(damage) in words, and how many paths do not look as wanted."""

    damage: str = ""
    unlike: int = 0


@dataclass(frozen=True)
class Directory:
    """One entry of the backends path.

    C(kind) is C(directory), C(symlink) or C(other). C(has_run_file) is LocalAI's test for a backend, C(runnable) the
    stricter one that it is a file. C(problem) says why the metadata cannot be read. C(run_look) and C(metadata_look)
    are of the two files that LocalAI needs. Only a tree that was walked through has an C(inspection); C(busy), told of
    LocalAI's temporary trees only, is one in which something changed lately.
    """

    name: str
    kind: str = "directory"
    has_run_file: bool = False
    runnable: bool = False
    metadata: Metadata | None = None
    record: Record | None = None
    problem: str = ""
    owner: str = ""
    group: str = ""
    mode: str = ""
    run_look: Look = Look()
    metadata_look: Look = Look()
    inspection: Inspection | None = None
    busy: bool = False

    @property
    def alias(self) -> str:
        """The alias that its metadata gives it."""
        return self.metadata.alias if self.metadata else ""

    @property
    def target(self) -> str:
        """The concrete backend that this stands for, if it is a meta."""
        return self.metadata.meta_backend_for if self.metadata else ""

    @property
    def digest(self) -> str | None:
        """The digest of what was installed: the image's, else the archive's sha256."""
        if self.metadata and self.metadata.digest:
            return self.metadata.digest
        return f"sha256:{self.record.sha256}" if self.record and self.record.sha256 else None

    def has_digest(self, digest: str) -> bool:
        """Return whether C(digest) is that of what was installed, or of its image for this platform."""
        return bool(digest) and digest in (self.digest, self.record.platform_digest if self.record else "")

    def looking(self, look: Look) -> Directory:
        """Return the same with what C(look) says."""
        return replace(
            self, owner=look.owner or self.owner, group=look.group or self.group, mode=look.mode or self.mode
        )

    @property
    def spoiled(self) -> str:
        """What a walk through the tree found wrong."""
        return self.inspection.damage if self.inspection else ""


@dataclass(frozen=True)
class Kept:
    """A tree that was replaced and can come back: C(place), relative to the backends path, and what is in it.

    A backup that LocalAI left is one too.
    """

    backend: str
    place: str
    directory: Directory


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


@dataclass(frozen=True)
class Installed:
    """The backends path as it was observed: C(directories) in byte order, C(system) the names of system backends.

    C(kept) has the trees that were replaced, the latest first. It is not C(readable) when this user cannot list the
    backends path, or it is no directory.
    """

    path: str
    system_path: str
    directories: tuple[Directory, ...] = ()
    system: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    readable: bool = True
    kept: tuple[Kept, ...] = ()

    def get(self, name: str) -> Directory | None:
        """Return the entry of exactly that name, or None."""
        return next((directory for directory in self.directories if directory.name == name), None)

    def find(self, name: str) -> Directory | None:
        """Return the entry of that name, in any case when none is spelled so."""
        exact = self.get(name)
        if exact is not None:
            return exact
        return next((directory for directory in self.directories if directory.name.lower() == name.lower()), None)

    def damage(self, directory: Directory) -> str:
        """Return what keeps one of the entries from being a sound backend; nothing when it is one."""
        if directory.kind == "symlink":
            return "a symlink"
        if directory.kind != "directory":
            return "a file"
        if directory.problem:
            return f"its {METADATA} {directory.problem}"
        if directory.target:
            target = self.get(directory.target)
            if target is None or not target.runnable:
                return f"{directory.target}, which it stands for, is gone"
            return f"{target.name}, which it stands for, is damaged: {target.spoiled}" if target.spoiled else ""
        return directory.spoiled if directory.runnable else f"its directory has no {RUN_FILE}"

    def is_build(self, name: str) -> bool:
        """Return whether C(name) is a sound build, and no meta."""
        directory = self.get(name)
        return directory is not None and not directory.target and not self.damage(directory)

    def kept_of(self, backend: str) -> list[Kept]:
        """Return the kept trees of a backend, in any case of its letters, the latest first."""
        return [kept for kept in self.kept if kept.backend.lower() == backend.lower()]

    def backup_of(self, name: str) -> Kept | None:
        """Return the tree that LocalAI moved aside for C(name) and never put back, if it can run."""
        for suffix in BACKUPS:
            if self.is_build(name + suffix):
                return Kept(name, name + suffix, t.cast(Directory, self.get(name + suffix)))
        return None

    def with_directory(self, directory: Directory) -> Installed:
        """Return the same with one entry added or replaced."""
        others = [other for other in self.directories if other.name != directory.name]
        return replace(self, directories=tuple(sorted([*others, directory], key=lambda d: os.fsencode(d.name))))

    def without(self, name: str) -> Installed:
        """Return the same without one entry."""
        return replace(self, directories=tuple(other for other in self.directories if other.name != name))

    def home(self, row: Row) -> str:
        """Return the directory that a row of the listing comes from; a meta's is not the build that it stands for."""
        if row.kind != "meta":
            return row.backend
        return next(directory.name for directory in self.directories if directory.metadata is row.metadata)

    def run_file(self, name: str) -> str:
        """Return the path of the run file that belongs to the directory C(name)."""
        return posixpath.normpath(f"{self.path}/{name}/{RUN_FILE}")


def listing(installed: Installed, capability: str) -> dict[str, Row]:
    """Return one row per name, as LocalAI lists them on a host of this capability.

    A directory that cannot be read has a row too, so that it is not overlooked.
    """
    rows: dict[str, Row] = {}
    for name in installed.system:
        rows[name] = Row(name, "system", name, posixpath.normpath(f"{installed.system_path}/{name}/{RUN_FILE}"), True)
    aliases: dict[str, list[Directory]] = {}
    for directory in installed.directories:
        if directory.kind != "directory":
            continue
        if directory.has_run_file or directory.problem:
            rows[directory.name] = _concrete_row(installed, directory, directory.name, "concrete")
        if directory.target:
            row = _meta_row(installed, directory)
            rows[row.name] = row
        if directory.alias:
            aliases.setdefault(directory.alias, []).append(directory)
    for alias, candidates in aliases.items():
        winner = preferred([candidate.name for candidate in candidates], capability)
        chosen = next(candidate for candidate in candidates if candidate.name == winner)
        rows[alias] = _concrete_row(installed, chosen, alias, "concrete" if alias == winner else "alias")
    return rows


def leftover_of(name: str) -> str:
    """Return the backend that a directory is one of LocalAI's leftovers of; nothing when it is none."""
    suffix = next((suffix for suffix in (*TEMPORARIES, *BACKUPS) if name.endswith(suffix)), "")
    return name[: -len(suffix)] if suffix else ""


def is_temporary(name: str) -> bool:
    """Return whether LocalAI fills a directory of that name before it becomes a backend."""
    return bool(leftover_of(name)) and name.endswith(TEMPORARIES)


def find_row(name: str, rows: t.Mapping[str, Row]) -> Row | None:
    """Return the row of that name, in any case when none is spelled so."""
    if name in rows:
        return rows[name]
    return next((row for row in rows.values() if row.name.lower() == name.lower()), None)


def problems(installed: Installed, rows: t.Mapping[str, Row]) -> list[tuple[str | None, str]]:
    """Return what is wrong with directories that have no row, and, under None, with the host as a whole."""
    found: list[tuple[str | None, str]] = [(None, problem) for problem in installed.problems]
    unreadable = [directory.name for directory in installed.directories if directory.problem]
    if unreadable:
        found.append(
            (None, f"LocalAI lists no backend at all while it cannot read {METADATA} of {', '.join(unreadable)}")
        )
    with_row = {row.backend for row in rows.values()} | set(rows)
    for directory in installed.directories:
        if leftover_of(directory.name):
            found.append((directory.name, _left_behind(directory)))
        if directory.name in with_row or leftover_of(directory.name):
            continue
        if directory.kind == "symlink":
            found.append((directory.name, "it is a symlink, which LocalAI does not list"))
        elif directory.kind == "directory" and not directory.target:
            found.append((directory.name, f"it has no {RUN_FILE} and is no meta backend"))
    return found


def server_mapping(installed: Installed, capability: str) -> dict[str, str]:
    """Return the run file of every name as a server started now would know it.

    One unreadable metadata.json makes LocalAI know no backend at all.
    """
    if any(directory.kind == "directory" and directory.problem for directory in installed.directories):
        return {}
    return {name: row.run_file for name, row in listing(installed, capability).items()}


def _left_behind(directory: Directory) -> str:
    base = leftover_of(directory.name)
    if not is_temporary(directory.name):
        return f"it is what LocalAI moved aside of {base} and did not put back"
    state = "is installing, or was interrupted" if directory.busy else "was interrupted more than an hour ago"
    return f"LocalAI {state} while it filled this for {base}"


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
        problem or directory.spoiled,
    )


def _meta_row(installed: Installed, directory: Directory) -> Row:
    metadata = t.cast(Metadata, directory.metadata)
    problem = _bad_name(metadata.name) or _bad_name(directory.target)
    target = None if problem else installed.get(directory.target)
    runnable = target is not None and target.runnable
    if not runnable:
        problem = problem or f"{directory.target}, which it stands for, is not installed or has no {RUN_FILE}"
    return Row(
        metadata.name, "meta", directory.target, installed.run_file(directory.target), runnable, metadata, problem
    )


def _bad_name(name: str) -> str:
    try:
        checked_name(name, METADATA)
    except NameRefused as e:
        return str(e)
    return ""

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on disk, and what LocalAI makes of it. Nothing here writes.

The listing follows LocalAI's C(ListSystemBackends) (C(core/gallery/backends.go) of its source), because a running
server starts what that names.
"""

from __future__ import annotations

import grp
import os
import posixpath
import pwd
import stat
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.localai.core.plugins.module_utils._capability import preferred
from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused
from ansible_collections.localai.core.plugins.module_utils._file import read_file
from ansible_collections.localai.core.plugins.module_utils._metadata import METADATA, RECORD, Metadata, Record
from ansible_collections.localai.core.plugins.module_utils._options import checked_name

RUN_FILE = "run.sh"
OWN_DIRECTORY = ".localai-core"
MOST_METADATA = 1024 * 1024


@dataclass(frozen=True)
class Directory:
    """One entry of the backends path.

    C(kind) is C(directory), C(symlink) or C(other). C(has_run_file) is LocalAI's test for a backend, C(runnable) the
    stricter one that it is a file. C(problem) says why the metadata cannot be read.
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

    It is not C(readable) when this user cannot list the backends path, or it is no directory.
    """

    path: str
    system_path: str
    directories: tuple[Directory, ...] = ()
    system: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    readable: bool = True

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
            return "" if target is not None and target.runnable else f"{directory.target}, which it stands for, is gone"
        return "" if directory.runnable else f"its directory has no {RUN_FILE}"

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


def observe(path: str, system_path: str) -> Installed:
    """Return what is in the backends path and in the system path; what is missing is empty, never an error."""
    problems: list[str] = []
    directories = [_directory(path, name) for name in _names(path, problems) if name != OWN_DIRECTORY]
    readable = not problems
    system = [
        name
        for name in _names(system_path, problems)
        if os.path.isdir(os.path.join(system_path, name))
        and not os.path.islink(os.path.join(system_path, name))
        and os.path.isfile(os.path.join(system_path, name, RUN_FILE))
    ]
    return Installed(path, system_path, tuple(directories), tuple(system), tuple(problems), readable)


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
        if directory.name in with_row:
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


def _concrete_row(installed: Installed, directory: Directory, name: str, kind: str) -> Row:
    problem = f"{METADATA} {directory.problem}" if directory.problem else _bad_name(name)
    if not directory.runnable:
        problem = problem or f"{directory.name} has no {RUN_FILE} that is a file"
    return Row(
        name, kind, directory.name, installed.run_file(directory.name), directory.runnable, directory.metadata, problem
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


def _names(path: str, problems: list[str]) -> list[str]:
    try:
        return sorted(os.listdir(path), key=os.fsencode)
    except FileNotFoundError:
        return []
    except OSError as e:
        problems.append(f"{path}: {e.strerror}")
        return []


def _directory(path: str, name: str) -> Directory:
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
        owner=owner_name(status.st_uid),
        group=group_name(status.st_gid),
        mode=f"{stat.S_IMODE(status.st_mode):04o}",
    )
    if stat.S_ISLNK(status.st_mode):
        return replace(observed, kind="symlink")
    if not stat.S_ISDIR(status.st_mode):
        return observed
    metadata, problem = _read_metadata(place)
    return replace(
        observed, kind="directory", metadata=metadata, problem=problem, record=_read_record(os.path.join(place, RECORD))
    )


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
        return Record.parse(read_file(path, MOST_METADATA))
    except OSError:
        return None

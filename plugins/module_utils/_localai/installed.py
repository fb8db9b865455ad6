# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scanned content of the backends path and of the system path, as values. Pure.

The definition of a backend follows LocalAI's `ListSystemBackends` in `core/gallery/backends.go`.
"""

from __future__ import annotations

import functools
import posixpath
import typing as t
from dataclasses import dataclass, field, replace

from .._fs.file_attributes import FileAttributes
from .._store.builds import Build
from .._store.record import Inspection, Record
from .leftovers import BACKUPS
from .metadata import METADATA, Metadata

RUN_FILE = "run.sh"
_UNKNOWN = FileAttributes()


@dataclass(frozen=True)
class Directory:
    """One entry of the backends path, or a directory of the system path if it `is_system`.

    `kind` is `directory`, `symlink` or `other`. `has_run_file`: whether it has a `run.sh`, which is LocalAI's test for
    a backend. `runnable`: whether its `run.sh` is a file. `problem` is the reason why the metadata cannot be read.
    `run_file_attributes` and `metadata_attributes` are those of the two files that LocalAI needs. `inspection` is the
    result of a walk through the tree, if there was one. `busy`: whether it is a temporary directory of LocalAI with
    recent changes.
    """

    name: str
    kind: t.Literal["directory", "symlink", "other"] = "directory"
    has_run_file: bool = False
    runnable: bool = False
    metadata: Metadata | None = None
    record: Record | None = None
    problem: str = ""
    attributes: FileAttributes = _UNKNOWN
    run_file_attributes: FileAttributes = _UNKNOWN
    metadata_attributes: FileAttributes = _UNKNOWN
    inspection: Inspection | None = None
    busy: bool = False
    is_system: bool = False

    @property
    def alias(self) -> str:
        """The alias in its metadata."""
        return self.metadata.alias if self.metadata else ""

    @property
    def target(self) -> str:
        """The concrete backend that a meta backend points to; empty for others."""
        return self.metadata.meta_backend_for if self.metadata else ""

    @property
    def digest(self) -> str | None:
        """The digest of the installed build: that of the image, else the sha256 of the archive."""
        if self.metadata and self.metadata.digest:
            return self.metadata.digest
        return f"sha256:{self.record.sha256}" if self.record and self.record.sha256 else None

    @property
    def is_from_source(self) -> bool:
        """Whether it was installed directly from a source that the task named, and not from a gallery or pins."""
        metadata = self.metadata
        if metadata is None or not metadata.uri or metadata.gallery_url or metadata.meta_backend_for:
            return False
        return self.record is None or not self.record.pinned

    @property
    def damage(self) -> str:
        """The damage that a walk through the tree has found."""
        return self.inspection.damage if self.inspection else ""

    @property
    def names(self) -> set[str]:
        """The names of the entry in lower case: that of the directory, that of a meta backend, and the alias."""
        names = {self.name.lower(), self.alias.lower() or self.name.lower()}
        return names | {self.metadata.name.lower()} if self.target and self.metadata else names

    def has_digest(self, digest: str) -> bool:
        """Return whether `digest` is that of the installed build, or of its image for this platform."""
        return bool(digest) and digest in (self.digest, self.record.platform_digest if self.record else "")

    def with_attributes(self, attributes: FileAttributes) -> Directory:
        """Return the entry with these attributes; empty ones are not changed."""
        return replace(self, attributes=attributes.over(self.attributes))


@dataclass(frozen=True)
class PreviousVersion:
    """A replaced tree, or a backup that LocalAI left. `path` is relative to the backends path."""

    backend: str
    path: str
    directory: Directory


class DownloadedBuild(t.NamedTuple):
    """A build that a run with `download_only` fetched, and no run has installed yet.

    `path` is relative to the backends path, and `key` tells the content from others: see `content_key`.
    """

    path: str
    key: str
    directory: Directory


class ListingRules(t.NamedTuple):
    """How a server lists its backends.

    `reads_system_metadata`: whether aliases and meta backends of the system path count, as since LocalAI 4.10.
    `prefers_development`: whether a development build that can run answers to its alias before all other builds.
    """

    reads_system_metadata: bool = True
    prefers_development: bool = False


_NEWEST_RULES = ListingRules()


@dataclass(frozen=True)
class Installed:
    """The result of a scan: `directories`, the entries of the backends path, and `system`, the directories of the
    system path, both in byte order.

    `previous` has the previous versions, the latest first. `builds` has the last installed build of each backend, and
    `downloaded` the build of each backend that is downloaded, and not installed yet.
    `readable`: whether the backends path is a directory that this user can list, or does not exist.
    `rules` are those of the server.
    """

    path: str
    system_path: str
    directories: tuple[Directory, ...] = ()
    system: tuple[Directory, ...] = ()
    problems: tuple[str, ...] = ()
    readable: bool = True
    previous: tuple[PreviousVersion, ...] = ()
    builds: t.Mapping[str, Build] = field(default_factory=dict)
    downloaded: t.Mapping[str, DownloadedBuild] = field(default_factory=dict)
    rules: ListingRules = _NEWEST_RULES

    @functools.cached_property
    def listed(self) -> tuple[Directory, ...]:
        """The directories of both paths whose names LocalAI lists. Of several with one name, it uses the last one.

        A directory of the system path is left out if the backends path has a directory with its name, or one with its
        alias. An unreadable one is skipped.
        """
        own = tuple(directory for directory in self.directories if directory.kind == "directory")
        if not self.system:
            return own
        if not self.rules.reads_system_metadata:
            # The row of a system backend is the first one, so that every other row with its name replaces it.
            run_files = (system for system in self.system if system.has_run_file)
            return (*(replace(system, metadata=None, problem="") for system in run_files), *own)
        names = {directory.name for directory in own}
        aliases = {directory.alias for directory in own if directory.alias}
        system = (
            directory
            for directory in self.system
            if not (directory.problem or directory.name in names or directory.alias in aliases)
        )
        return tuple(sorted((*own, *system), key=_bytes_of_name))

    @functools.cached_property
    def _listed_as(self) -> dict[str, list[Directory]]:
        return _by_names(self.listed)

    @functools.cached_property
    def _system_by_name(self) -> dict[str, Directory]:
        return {directory.name: directory for directory in self.system}

    @functools.cached_property
    def _by_name(self) -> dict[str, Directory]:
        return {directory.name: directory for directory in self.directories}

    @functools.cached_property
    def _called(self) -> dict[str, list[Directory]]:
        return _by_names(self.directories)

    def get(self, name: str) -> Directory | None:
        """Return the entry with exactly that name, or None."""
        return self._by_name.get(name)

    def find(self, name: str) -> Directory | None:
        """Return the entry with that name; if there is none, one whose name differs only in case."""
        exact = self.get(name)
        if exact is not None:
            return exact
        return next((entry for entry in self.called(name) if entry.name.lower() == name.lower()), None)

    def target_of(self, directory: Directory) -> Directory | None:
        """Return the directory that a meta backend points to, which is in the same path, or None."""
        by_name = self._system_by_name if directory.is_system else self._by_name
        return by_name.get(directory.target)

    def listed_as(self, name: str) -> t.Sequence[Directory]:
        """Return the `listed` directories that have this name among their `names`, in order. Case is ignored."""
        if not self.system:
            return [directory for directory in self.called(name) if directory.kind == "directory"]
        return self._listed_as.get(name.lower(), ())

    def system_hidden_by(self, alias: str) -> list[str]:
        """Return the system backends that LocalAI does not run because the backends path has this alias."""
        listed = {directory.name for directory in self.listed if directory.is_system}
        return [
            system.name
            for system in self.system
            if system.has_run_file
            and self.get(system.name) is None
            and (system.name == alias or (system.alias == alias and system.name not in listed))
        ]

    def called(self, name: str) -> t.Sequence[Directory]:
        """Return the entries that have this name among their `names`, in byte order. Case is ignored."""
        return self._called.get(name.lower(), ())

    def damage(self, directory: Directory) -> str:
        """Return the damage of an entry; empty if it is a sound backend."""
        if directory.kind == "symlink":
            return "a symlink"
        if directory.kind != "directory":
            return "a file"
        if directory.problem:
            return f"its {METADATA} {directory.problem}"
        if directory.target:
            target = self.get(directory.target)
            if target is None or target.kind != "directory":
                return f"{directory.target}, which it points to, is missing"
            damage = f"its {METADATA} {target.problem}" if target.problem else _damage_of_build(target)
            return f"{target.name}, which it points to, is damaged: {damage}" if damage else ""
        return _damage_of_build(directory)

    def is_build(self, name: str) -> bool:
        """Return whether an entry is a sound build and not a meta backend."""
        directory = self.get(name)
        return directory is not None and not directory.target and not self.damage(directory)

    def previous_of(self, backend: str) -> list[PreviousVersion]:
        """Return the previous versions of a backend, the latest first. Case is ignored."""
        return [version for version in self.previous if version.backend.lower() == backend.lower()]

    def backup_of(self, name: str) -> PreviousVersion | None:
        """Return the backup that an interrupted LocalAI left of a backend, if it can run."""
        for suffix in BACKUPS:
            backup = self.get(name + suffix)
            if backup is not None and self.is_build(backup.name):
                return PreviousVersion(name, backup.name, backup)
        return None

    def run_file(self, name: str, is_system: bool = False) -> str:
        """Return the path of the run file of a directory."""
        return posixpath.normpath(f"{self.system_path if is_system else self.path}/{name}/{RUN_FILE}")

    def with_directory(self, directory: Directory) -> Installed:
        """Return a copy with one entry added or replaced."""
        others = (entry for entry in self.directories if entry.name != directory.name)
        return replace(self, directories=tuple(sorted((*others, directory), key=_bytes_of_name)))

    def without(self, name: str) -> Installed:
        """Return a copy without one entry."""
        if self.get(name) is None:
            return self
        return replace(self, directories=tuple(entry for entry in self.directories if entry.name != name))

    def inspected(self, name: str, inspection: Inspection | None) -> Installed:
        """Return a copy with the result of a walk through a tree, or without the entry if the tree did not exist."""
        directory = self.get(name)
        if directory is None or inspection is None:
            return self.without(name)
        return self.with_directory(replace(directory, inspection=inspection))

    def with_downloaded(self, backend: str, build: DownloadedBuild | None) -> Installed:
        """Return a copy with another downloaded build of a backend, or with none."""
        others = {name: other for name, other in self.downloaded.items() if name != backend}
        return replace(self, downloaded={**others, **({} if build is None else {backend: build})})

    def with_previous(self, previous: tuple[PreviousVersion, ...]) -> Installed:
        """Return a copy with other previous versions."""
        return replace(self, previous=previous)


def attribute_problem(directory: Directory, requested: FileAttributes) -> str:
    """Return the reason for a change of attributes: the first that was not as requested; empty if there is none.

    Only the top directory and the two files that LocalAI needs are compared.
    """
    run_file, metadata = directory.run_file_attributes, directory.metadata_attributes
    for subject, attributes in (
        ("its {}", replace(directory.attributes, mode="")),
        (f"the {{}} of its {RUN_FILE}", run_file),
        (f"the {{}} of its {METADATA}", metadata),
    ):
        for attribute, (current, wanted) in attributes.difference(replace(requested, mode="")).items():
            return f"{subject.format(attribute)} was {current}, not {wanted}"
    if requested.mode and directory.attributes.mode != requested.mode:
        return f"its mode was {directory.attributes.mode}, not {requested.mode}"
    if directory.record is not None and run_file.mode and not int(run_file.mode, 8) & 0o100:
        return f"its {RUN_FILE} was not executable"
    if directory.record is not None and metadata.mode not in ("", "0644"):
        return f"the mode of its {METADATA} was {metadata.mode}, not 0644"
    return ""


def _damage_of_build(directory: Directory) -> str:
    return directory.damage if directory.runnable else f"its directory has no {RUN_FILE}"


def _by_names(directories: t.Iterable[Directory]) -> dict[str, list[Directory]]:
    by_name: dict[str, list[Directory]] = {}
    for directory in directories:
        for name in directory.names:
            by_name.setdefault(name, []).append(directory)
    return by_name


def _bytes_of_name(directory: Directory) -> bytes:
    return directory.name.encode("utf-8", "surrogateescape")

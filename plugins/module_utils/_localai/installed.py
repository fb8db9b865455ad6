# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on disk as values. Pure."""

from __future__ import annotations

import functools
import os
import posixpath
import typing as t
from dataclasses import asdict, dataclass, field, replace

from .._fs.file_attributes import FileAttributes
from .._store.builds import Build
from .._store.layout import TreeFiles
from .._store.record import Inspection, Record
from .leftovers import BACKUPS
from .metadata import METADATA, Metadata

RUN_FILE = "run.sh"
# The files by which LocalAI knows a backend.
BACKEND_FILES = TreeFiles(described_by=(METADATA,), executables=(RUN_FILE,))
_UNKNOWN = FileAttributes()


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
    run_look: FileAttributes = _UNKNOWN
    metadata_look: FileAttributes = _UNKNOWN
    inspection: Inspection | None = None
    busy: bool = False

    @property
    def alias(self) -> str:
        """The alias that its metadata gives it."""
        return self.metadata.alias if self.metadata else ""

    @property
    def target(self) -> str:
        """The concrete backend that this points to, if it is a meta."""
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

    def looking(self, look: FileAttributes) -> Directory:
        """Return the same with what C(look) says."""
        return replace(self, **asdict(look.over(FileAttributes(self.owner, self.group, self.mode))))

    @property
    def is_from_source(self) -> bool:
        """Whether it came straight from a source that the task named, and not from a gallery or pins."""
        metadata = self.metadata
        if metadata is None or not metadata.uri or metadata.gallery_url or metadata.meta_backend_for:
            return False
        return self.record is None or not self.record.pinned

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
class Installed:
    """The backends path as it was observed: C(directories) in byte order, C(system) the names of system backends.

    C(kept) has the trees that were replaced, the latest first, C(builds) what each backend was given last. It is not
    C(readable) when this user cannot list the backends path, or it is no directory.
    """

    path: str
    system_path: str
    directories: tuple[Directory, ...] = ()
    system: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    readable: bool = True
    kept: tuple[Kept, ...] = ()
    builds: t.Mapping[str, Build] = field(default_factory=dict)

    def get(self, name: str) -> Directory | None:
        """Return the entry of exactly that name, or None."""
        return self._by_name.get(name)

    def find(self, name: str) -> Directory | None:
        """Return the entry of that name, in any case when none is spelled so."""
        exact = self.get(name)
        if exact is not None:
            return exact
        return next((entry for entry in self.called(name) if entry.name.lower() == name.lower()), None)

    def called(self, name: str) -> t.Sequence[Directory]:
        """Return what bears a name in any case: as its own, as the one that a meta has, or as alias; in byte order."""
        return [self._by_name[bearer] for bearer in self._called.get(name.lower(), ())]

    # A plan looks names up again and again, and changes one entry at a time: what is known of the others stays known.
    @functools.cached_property
    def _by_name(self) -> dict[str, Directory]:
        return {directory.name: directory for directory in self.directories}

    @functools.cached_property
    def _called(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for directory in self.directories:
            for name in _names_of(directory):
                found.setdefault(name, []).append(directory.name)
        return {name: tuple(bearers) for name, bearers in found.items()}

    @functools.cached_property
    def _kept_by_name(self) -> dict[str, list[Kept]]:
        found: dict[str, list[Kept]] = {}
        for kept in self.kept:
            found.setdefault(kept.backend.lower(), []).append(kept)
        return found

    def _changed(self, name: str, new: Directory | None) -> Installed:
        """Return the same with C(new), or nothing, as the entry of that name."""
        old, place = self.get(name), _place(name, self.directories)
        rest = self.directories[place if old is None else place + 1 :]
        by_name, called = dict(self._by_name), dict(self._called)
        by_name.pop(name, None)
        for known_by in _names_of(old) if old is not None else ():
            called[known_by] = tuple(bearer for bearer in called[known_by] if bearer != name)
        if new is not None:
            by_name[name] = new
            for known_by in _names_of(new):
                called[known_by] = tuple(sorted((*called.get(known_by, ()), name), key=os.fsencode))
        changed = replace(self, directories=(*self.directories[:place], *((new,) if new is not None else ()), *rest))
        vars(changed).update(_by_name=by_name, _called=called, _kept_by_name=self._kept_by_name)
        return changed

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
                return f"{directory.target}, which it points to, is gone"
            damage = f"its {METADATA} {target.problem}" if target.problem else target.spoiled
            return f"{target.name}, which it points to, is damaged: {damage}" if damage else ""
        return directory.spoiled if directory.runnable else f"its directory has no {RUN_FILE}"

    def is_build(self, name: str) -> bool:
        """Return whether C(name) is a sound build, and no meta."""
        directory = self.get(name)
        return directory is not None and not directory.target and not self.damage(directory)

    def kept_of(self, backend: str) -> list[Kept]:
        """Return the kept trees of a backend, in any case of its letters, the latest first."""
        return list(self._kept_by_name.get(backend.lower(), ()))

    def backup_of(self, name: str) -> Kept | None:
        """Return the tree that LocalAI moved aside for C(name) and never put back, if it can run."""
        for suffix in BACKUPS:
            if self.is_build(name + suffix):
                return Kept(name, name + suffix, t.cast(Directory, self.get(name + suffix)))
        return None

    def with_directory(self, directory: Directory) -> Installed:
        """Return the same with one entry added or replaced."""
        return self._changed(directory.name, directory)

    def without(self, name: str) -> Installed:
        """Return the same without one entry."""
        return self if self.get(name) is None else self._changed(name, None)

    def inspected(self, name: str, found: Inspection | None) -> Installed:
        """Return the same with what a walk through a tree found; without it if it was gone by then."""
        directory = self.get(name)
        if directory is None or found is None:
            return self.without(name)
        return self.with_directory(replace(directory, inspection=found))

    def with_kept(self, kept: tuple[Kept, ...]) -> Installed:
        """Return the same with other trees that were replaced."""
        changed = replace(self, kept=kept)
        vars(changed).update(_by_name=self._by_name, _called=self._called)
        return changed

    def run_file(self, name: str) -> str:
        """Return the path of the run file that belongs to the directory C(name)."""
        return posixpath.normpath(f"{self.path}/{name}/{RUN_FILE}")


def unlike(directory: Directory, look: FileAttributes) -> str:
    """Return in words how a tree, looked at from its top, is not as wanted; nothing when it is."""
    ours = directory.record is not None
    for whose, attributes in (
        ("its {}", FileAttributes(directory.owner, directory.group)),
        (f"the {{}} of its {RUN_FILE}", directory.run_look),
        (f"the {{}} of its {METADATA}", directory.metadata_look),
    ):
        for attribute, (current, requested) in attributes.difference(replace(look, mode="")).items():
            return f"{whose.format(attribute)} is {current}, not {requested}"
    if look.mode and directory.mode != look.mode:
        return f"its mode is {directory.mode}, not {look.mode}"
    if ours and directory.run_look.mode and not int(directory.run_look.mode, 8) & 0o100:
        return f"its {RUN_FILE} is not executable"
    if ours and directory.metadata_look.mode not in ("", "0644"):
        return f"the mode of its {METADATA} is {directory.metadata_look.mode}, not 0644"
    return ""


def _names_of(directory: Directory) -> set[str]:
    """Return in lower case what one entry may be called: its name, the one that a meta has, and its alias."""
    names = {directory.name.lower(), directory.alias.lower() or directory.name.lower()}
    return names | {directory.metadata.name.lower()} if directory.target and directory.metadata else names


def _place(name: str, directories: t.Sequence[Directory]) -> int:
    """Return where an entry of that name stands, or would, in byte order."""
    wanted, low, high = os.fsencode(name), 0, len(directories)
    while low < high:
        middle = (low + high) // 2
        if os.fsencode(directories[middle].name) < wanted:
            low = middle + 1
        else:
            high = middle
    return low

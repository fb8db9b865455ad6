# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan while it is made: the steps so far, and the backends path as it would be after them. Pure."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field, replace

from .._address import Address
from .._localai.capability import HostCapability
from .._localai.installed import Directory, Inspection, Installed, Kept, Look
from .._localai.listing import Listing
from .._localai.metadata import Metadata
from .._request import BackendOptions
from .._store.builds import Build
from .._store.layout import KEPT, OWN_DIRECTORY
from .._store.record import Record
from .recorded import Recorded
from .upgrade import Target

# What a plan brings needs no walk: it is whole, and looks as wanted.
AS_WANTED = Inspection()
Facts = t.Mapping[str, t.Union[str, int, Address, None]]


@dataclass(frozen=True)
class Step:
    """One change of the backends path.

    C(kind) is C(fetch), C(restore), C(meta), C(metadata), C(chown), C(retire), C(remove) or C(prune). What a fetch, a
    restore or a retirement puts out of its place is kept, if C(keep) is not 0; a removal takes along what is kept, and
    C(prune) leaves C(keep) of it. C(metadata) is
    what will stand in metadata.json, without the time, C(record) what in our own file beside it, and C(build) what is
    remembered for repairs. C(place) is where a restored tree comes from, relative to the backends path.
    """

    kind: str
    backend: str
    before: Facts
    after: Facts
    metadata: Metadata | None = None
    record: Record | None = None
    keep: int = 0
    place: str = ""
    build: Build | None = None


@dataclass
class Draft:
    """What is asked for, and what has been decided so far.

    C(moved) has what a meta stood for, and why no more; C(stale) has directories that bear a name in another place than
    they should, and what the name stands for now.
    """

    options: BackendOptions
    state: Installed
    look: Look
    capability: HostCapability
    steps: list[Step] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)
    dismissed: list[Step] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def wanted_look(self) -> Look:
        """How trees that are there already have to look: only what the task says counts."""
        return Look(
            owner=self.look.owner if self.options.owner is not None else "",
            group=self.look.group if self.options.group is not None else "",
            mode=self.look.mode if self.options.directory_mode is not None else "",
        )

    def rows(self) -> Listing:
        """Return the listing as it would be now."""
        return Listing(self.state, self.capability.name)

    def note(self, name: str, found: Inspection | None) -> None:
        """Take down what a walk through a tree found, None if the tree was gone."""
        self.state = self.state.inspected(name, found)

    def is_named(self, backend: str) -> bool:
        """Return whether the task asks for a directory by its own name."""
        return backend.lower() in self._named

    @functools.cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.options.bare_names)

    def fetch(self, target: Target, meta: str, known: Recorded | None = None, fixed: bool = False) -> None:
        """Bring a build, for the meta backend C(meta) if there is one, unless that is decided already.

        C(known) is what is recorded of the same build.
        """
        if any(step.kind == "fetch" and step.backend == target.backend for step in self.steps):
            return
        old = self.state.get(target.backend)
        metadata = Metadata(
            alias=target.alias,
            name=target.backend,
            gallery_url=target.gallery_url,
            version=target.version,
            uri=target.uri,
            digest=target.image_digest,
            extra=old.metadata.extra if old is not None and old.metadata is not None else (),
        )
        requested = bool(known and known.requested) or bool(old and old.record and old.record.requested)
        record = Record(
            requested=self.is_named(target.backend) or requested,
            platform_digest=target.platform_digest,
            sha256=target.sha256,
            pinned=self.options.pins is not None or bool(known and known.pinned),
        )
        new = Directory(target.backend, has_run_file=True, runnable=True, metadata=metadata, record=record)
        build = self._build(new, fixed, meta)
        self._put("fetch", new.looking(self.look), build=build)

    def restore(self, kept: Kept, fixed: bool) -> None:
        """Put a tree that was kept, or that LocalAI moved aside, in its place again."""
        new = replace(kept.directory, name=kept.backend).looking(self.wanted_look)
        self._put("restore", new, kept.place, self._build(new, fixed))

    def _build(self, new: Directory, fixed: bool, meta: str = "") -> Build:
        """Return what is to be remembered of a build; without C(meta) it stays that of the one before."""
        before = self.state.builds.get(new.name, Build())
        requested = new.record.requested if new.record is not None else before.requested
        return Build(new.digest or "", requested, fixed, meta or before.meta)

    def write_meta(self, name: str, metadata: Metadata) -> None:
        """Write a meta backend, unless it is there as it should be; keys that only its file knows stay."""
        old = self.state.get(name)
        recorded = old.metadata if old is not None and old.kind == "directory" else None
        if recorded is not None and recorded.meta_backend_for:
            metadata = replace(metadata, extra=recorded.extra)
        if recorded is not None and replace(recorded, installed_at="") == metadata:
            return
        self._put("meta", Directory(name, metadata=metadata).looking(self.look))

    def rewrite(self, directory: Directory, alias: str) -> None:
        """Give an installed backend another alias."""
        metadata = replace(directory.metadata or Metadata(), alias=alias)
        before = facts_of(self.state, directory.name)
        self.state = self.state.with_directory(replace(directory, metadata=metadata))
        self.steps.append(Step("metadata", directory.name, before, facts_of(self.state, directory.name), metadata))

    def chown(self, directory: Directory) -> None:
        """Make a tree look as wanted; the number of its paths that do not is part of what the diff shows."""
        before = facts_of(self.state, directory.name)
        count = directory.inspection.unlike if directory.inspection else 0
        self.state = self.state.with_directory(_made_alike(directory, self.wanted_look))
        shown = {**facts_of(self.state, directory.name), "paths_to_change": 0}
        self.steps.append(Step("chown", directory.name, {**before, "paths_to_change": count}, shown))

    def move(self, old: str, name: str, new: str) -> None:
        """Note that C(name) stands for another build than before."""
        if old != new:
            self.moved.setdefault(old, f"{name} stands for {new} now" if new else f"{name} is a build itself now")

    def retire(self, name: str, reason: str) -> None:
        """Remove a build that nothing needs any more, and keep it if anything is to be kept."""
        before = facts_of(self.state, name)
        keep = self._displace(self.state.get(name))
        self.state = self.state.without(name)
        self.steps.append(Step("retire", name, before, facts_of(self.state, name), keep=keep))
        self.removed.append((name, reason))

    def dismiss(self, name: str, reason: str) -> None:
        """Let a directory answer to nothing from now on; it is removed when all else is done."""
        self.dismissed.append(Step("remove", name, facts_of(self.state, name), {}))
        self.removed.append((name, reason))
        self.state = self.state.without(name)

    def remove_dismissed(self) -> None:
        """Remove what was dismissed."""
        self.steps += self.dismissed

    def remove(self, name: str) -> None:
        """Remove a directory, with what is kept of it."""
        before = facts_of(self.state, name)
        kept = self.state.kept_of(name)
        self.state = self.state.without(name)
        if kept:
            self.state = self.state.with_kept(tuple(each for each in self.state.kept if each not in kept))
        self.steps.append(Step("remove", name, before, {}))

    def prune(self, backend: str, most: int) -> None:
        """Remove the previous versions of a backend but for the latest ones, C(most) of them."""
        before = facts_of(self.state, backend)
        surplus = self.state.kept_of(backend)[most:]
        self.state = self.state.with_kept(tuple(kept for kept in self.state.kept if kept not in surplus))
        self.steps.append(Step("prune", backend, before, facts_of(self.state, backend), keep=most))

    def _put(self, kind: str, new: Directory, place: str = "", build: Build | None = None) -> None:
        """Put a tree in its place; it comes from C(place) if that is given."""
        before = facts_of(self.state, new.name)
        if place:
            others = tuple(kept for kept in self.state.kept if kept.place != place)
            self.state = self.state.without(place).with_kept(others)
        old = self.state.get(new.name)
        if old is not None and old.target:
            self.move(old.target, new.name, new.target)
        keep = self._displace(old)
        self.state = self.state.with_directory(replace(new, inspection=AS_WANTED))
        after = facts_of(self.state, new.name)
        self.steps.append(Step(kind, new.name, before, after, new.metadata, new.record, keep, place, build))

    def _displace(self, old: Directory | None) -> int:
        """Return how many trees of a backend are kept when this one goes out of its place: 0 for what is not sound."""
        most = self.options.keep_previous or 0
        if not most or old is None or not self.state.is_build(old.name):
            return 0
        latest = Kept(old.name, f"{OWN_DIRECTORY}/{KEPT}/{old.name}/next", old)
        mine = [kept for kept in self.state.kept if kept.backend == old.name]
        others = [kept for kept in self.state.kept if kept.backend != old.name]
        self.state = self.state.with_kept((*others, latest, *mine[: most - 1]))
        return most


def facts_of(installed: Installed, name: str) -> Facts:
    """Return what the diff shows of a directory; nothing for one that is not there, nor kept."""
    directory, kept = installed.get(name), len(installed.kept_of(name))
    shown = {"previous": kept} if kept else {}
    if directory is None:
        return shown
    metadata = directory.metadata or Metadata()
    return {
        "backend": directory.target or directory.name,
        "alias": directory.alias or None,
        "uri": metadata.uri or None,
        "digest": directory.digest,
        "version": metadata.version or None,
        "owner": directory.owner,
        "group": directory.group,
        "mode": directory.mode,
        "run_file": installed.run_file(directory.target or directory.name)
        if directory.has_run_file or directory.target
        else None,
        **shown,
    }


def _made_alike(directory: Directory, look: Look) -> Directory:
    """Return a directory as it is after its whole tree was given a look."""
    run_file, metadata = directory.run_look, directory.metadata_look
    mode = int(run_file.mode or "0", 8)
    return replace(
        directory.looking(look),
        run_look=_given(run_file, look, f"{mode | (mode & 0o444) >> 2:04o}"),
        metadata_look=_given(metadata, look, "0644"),
        inspection=AS_WANTED,
    )


def _given(has: Look, look: Look, mode: str) -> Look:
    """Return how a file looks after its tree was given a look; one that is not there has none."""
    return Look(look.owner or has.owner, look.group or has.group, mode) if has != Look() else has

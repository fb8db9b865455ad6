# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans single steps: each function adds a step to the changes, and brings their state up to date."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._fs.file_attributes import FileAttributes
from .._localai.installed import Directory, PreviousVersion
from .._localai.metadata import Metadata
from .._store.builds import Build
from .._store.layout import OWN_DIRECTORY, PREVIOUS
from .._store.record import Inspection, Record
from .changes import Changes
from .questions import Artifact, NewTreeAttributes
from .repair import RecordedBuild
from .steps import Fetch, Prune, Remove, Restore, Retire, SetAlias, SetAttributes, State, WriteMeta, state_of
from .targets import Target

# A tree that the plan installs is whole and has the requested attributes.
_AS_REQUESTED = Inspection()


def fetch(
    changes: Changes,
    target: Target,
    artifact: Artifact,
    *,
    meta: str = "",
    recorded: RecordedBuild | None = None,
    fixed: bool = False,
) -> None:
    """Install a build, for the meta backend `meta` if there is one, unless that is planned already.

    `recorded` is what is recorded of the same build; `fixed` says that a task chose exactly this build.
    """
    if any(isinstance(step, Fetch) and step.backend == target.backend for step in changes.steps):
        return
    old = changes.state.get(target.backend)
    metadata = Metadata(
        alias=target.alias,
        name=target.backend,
        gallery_url=target.gallery_url,
        version=target.version,
        uri=target.uri or artifact.uri,
        digest="" if artifact.sha256 else artifact.digest or "",
        extra=old.metadata.extra if old is not None and old.metadata is not None else (),
    )
    was_requested = bool(recorded and recorded.requested) or bool(old and old.record and old.record.requested)
    record = Record(
        requested=changes.is_named(target.backend) or was_requested,
        platform_digest=artifact.platform_digest,
        sha256=artifact.sha256,
        pinned=changes.request.pins is not None or bool(recorded and recorded.pinned),
    )
    new = Directory(target.backend, has_run_file=True, runnable=True, metadata=metadata, record=record)
    build = _build(changes, new, fixed, meta)
    before, keep = _replace_tree(changes, new.with_attributes(_of_new_trees(changes)))
    after = state_of(changes.state, new.name)
    changes.steps.append(Fetch(new.name, before, after, artifact, metadata, record, build, keep))


def restore(changes: Changes, previous: PreviousVersion, fixed: bool) -> None:
    """Restore a previous version, or a backup that LocalAI made."""
    new = replace(previous.directory, name=previous.backend).with_attributes(changes.facts.requested)
    build = _build(changes, new, fixed)
    before, keep = _replace_tree(changes, new, previous.path)
    changes.steps.append(Restore(new.name, before, state_of(changes.state, new.name), previous.path, build, keep))


def write_meta(changes: Changes, name: str, metadata: Metadata) -> None:
    """Write a meta backend, unless it is there as it should be; keys that only its file knows stay."""
    old = changes.state.get(name)
    recorded = old.metadata if old is not None and old.kind == "directory" else None
    if recorded is not None and recorded.meta_backend_for:
        metadata = replace(metadata, extra=recorded.extra)
    if recorded is not None and replace(recorded, installed_at="") == metadata:
        return
    before, keep = _replace_tree(changes, Directory(name, metadata=metadata).with_attributes(_of_new_trees(changes)))
    changes.steps.append(WriteMeta(name, before, state_of(changes.state, name), metadata, keep))


def set_alias(changes: Changes, directory: Directory, alias: str) -> None:
    """Give an installed build another alias."""
    metadata = replace(directory.metadata or Metadata(), alias=alias)
    before = state_of(changes.state, directory.name)
    changes.state = changes.state.with_directory(replace(directory, metadata=metadata))
    changes.steps.append(SetAlias(directory.name, before, state_of(changes.state, directory.name), metadata))


def set_attributes(changes: Changes, directory: Directory) -> None:
    """Give a tree the requested owner, group and mode; the diff shows how many of its paths differ."""
    before = state_of(changes.state, directory.name)
    count = directory.inspection.differing if directory.inspection else 0
    changes.state = changes.state.with_directory(_with_attributes(directory, changes.facts.requested))
    after = {**state_of(changes.state, directory.name), "paths_to_change": 0}
    changes.steps.append(SetAttributes(directory.name, {**before, "paths_to_change": count}, after))


def repoint(changes: Changes, old: str, name: str, new: str) -> None:
    """Note that `name` points to another build than before."""
    if old != new:
        reason = f"{name} points to {new} now" if new else f"{name} is a build itself now"
        changes.repointed.setdefault(old, reason)


def retire(changes: Changes, name: str, reason: str) -> None:
    """Remove a build that nothing needs any more; it becomes a previous version."""
    before, keep = state_of(changes.state, name), _keep(changes, name)
    changes.state = changes.state.without(name)
    changes.steps.append(Retire(name, before, state_of(changes.state, name), keep))
    changes.removed.append((name, reason))


def dismiss(changes: Changes, name: str, reason: str) -> None:
    """Remove a leftover at the end of the plan; it answers to no name from now on."""
    changes.dismissed.append(Remove(name, state_of(changes.state, name), {}))
    changes.removed.append((name, reason))
    changes.state = changes.state.without(name)


def remove(changes: Changes, name: str) -> None:
    """Remove a directory and its previous versions."""
    before = state_of(changes.state, name)
    previous = changes.state.previous_of(name)
    changes.state = changes.state.without(name)
    if previous:
        others = tuple(version for version in changes.state.previous if version not in previous)
        changes.state = changes.state.with_previous(others)
    changes.steps.append(Remove(name, before, {}))


def prune(changes: Changes, backend: str, keep: int) -> None:
    """Remove the previous versions of a backend but for the latest `keep` ones."""
    before = state_of(changes.state, backend)
    surplus = changes.state.previous_of(backend)[keep:]
    changes.state = changes.state.with_previous(tuple(each for each in changes.state.previous if each not in surplus))
    changes.steps.append(Prune(backend, before, state_of(changes.state, backend), keep))


def _of_new_trees(changes: Changes) -> FileAttributes:
    return t.cast(FileAttributes, changes.facts.answer(NewTreeAttributes()))


def _build(changes: Changes, new: Directory, fixed: bool, meta: str = "") -> Build:
    """Return what is remembered of a build; without `meta`, its meta backend stays that of the build before."""
    before = changes.state.builds.get(new.name, Build())
    requested = new.record.requested if new.record is not None else before.requested
    return Build(new.digest or "", requested, fixed, meta or before.meta)


def _replace_tree(changes: Changes, new: Directory, path: str = "") -> tuple[State, int]:
    """Put a tree, moved from `path` if that is given, in its place.

    Returns the state before, and how many previous versions stay.
    """
    before = state_of(changes.state, new.name)
    if path:
        others = tuple(previous for previous in changes.state.previous if previous.path != path)
        changes.state = changes.state.without(path).with_previous(others)
    old = changes.state.get(new.name)
    if old is not None and old.target:
        repoint(changes, old.target, new.name, new.target)
    keep = _keep(changes, new.name)
    changes.state = changes.state.with_directory(replace(new, inspection=_AS_REQUESTED))
    return before, keep


def _keep(changes: Changes, name: str) -> int:
    """Make a directory that is replaced a previous version if it is sound; returns how many of these stay."""
    most, old = changes.request.keep_previous or 0, changes.state.get(name)
    if not most or old is None or not changes.state.is_build(name):
        return 0
    latest = PreviousVersion(name, f"{OWN_DIRECTORY}/{PREVIOUS}/{name}/next", old)
    mine = [previous for previous in changes.state.previous if previous.backend == name]
    others = [previous for previous in changes.state.previous if previous.backend != name]
    changes.state = changes.state.with_previous((*others, latest, *mine[: most - 1]))
    return most


def _with_attributes(directory: Directory, requested: FileAttributes) -> Directory:
    """Return a directory as it is after its whole tree got the requested attributes."""
    run_file = directory.run_file_attributes
    mode = int(run_file.mode or "0", 8)
    return replace(
        directory.with_attributes(requested),
        run_file_attributes=_given(run_file, requested, f"{mode | (mode & 0o444) >> 2:04o}"),
        metadata_attributes=_given(directory.metadata_attributes, requested, "0644"),
        inspection=_AS_REQUESTED,
    )


def _given(attributes: FileAttributes, requested: FileAttributes, mode: str) -> FileAttributes:
    """Return the attributes of a file after its tree got the requested ones; a missing file has none."""
    if attributes == FileAttributes():
        return attributes
    return FileAttributes(requested.owner or attributes.owner, requested.group or attributes.group, mode)

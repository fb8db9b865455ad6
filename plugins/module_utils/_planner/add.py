# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions that plan one step each: they append the step to the changes and update the planned state."""

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
from .downloads import download_of
from .questions import Artifact, NewTreeAttributes
from .repair import RecordedBuild
from .steps import Fetch, Prune, Remove, Restore, Retire, SetAlias, SetAttributes, State, WriteMeta, state_of
from .targets import Target

# The inspection of a tree that the plan installs: it is undamaged and has the requested attributes.
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
    """Plan to install a build, unless that is already planned.

    `meta` is the meta backend that points to the build, if any. `recorded` is the recorded build that a repair
    reinstalls. `fixed`: whether a task chose exactly this build.
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
    downloaded = download_of(target.backend, artifact, changes.state)
    if downloaded is not None and downloaded.directory.record is not None:
        fetched = downloaded.directory.record
        record = replace(record, size=fetched.size, entries=fetched.entries, listed=fetched.listed)
    new = Directory(target.backend, has_run_file=True, runnable=True, metadata=metadata, record=record)
    build = _build(changes, new, fixed, meta, target.key)
    if downloaded is None:
        attributes = _new_tree_attributes(changes)
    else:
        attributes = changes.facts.requested.over(downloaded.directory.attributes)
    before, keep = _replace_tree(changes, new.with_attributes(attributes))
    # A repair with the recorded build says nothing about the one that is to be installed later.
    spares_download = recorded is not None and downloaded is None
    if not spares_download:
        changes.state = changes.state.with_downloaded(target.backend, None)
    after = _reinstalled(before, state_of(changes.state, new.name))
    path = downloaded.path if downloaded is not None else ""
    changes.steps.append(Fetch(new.name, before, after, artifact, metadata, record, build, keep, path, spares_download))


def restore(changes: Changes, previous: PreviousVersion, fixed: bool) -> None:
    """Plan to restore a previous version, or a backup that LocalAI made."""
    new = replace(previous.directory, name=previous.backend).with_attributes(changes.facts.requested)
    build = _build(changes, new, fixed)
    before, keep = _replace_tree(changes, new, previous.path)
    changes.steps.append(Restore(new.name, before, state_of(changes.state, new.name), previous.path, build, keep))


def write_meta(changes: Changes, name: str, metadata: Metadata) -> None:
    """Plan to write a meta backend, unless it already has this metadata. Unknown keys in its file are kept."""
    old = changes.state.get(name)
    recorded = old.metadata if old is not None and old.kind == "directory" else None
    if recorded is not None and recorded.meta_backend_for:
        metadata = replace(metadata, extra=recorded.extra)
    if recorded is not None and replace(recorded, installed_at="") == metadata:
        return
    before, keep = _replace_tree(
        changes, Directory(name, metadata=metadata).with_attributes(_new_tree_attributes(changes))
    )
    changes.steps.append(WriteMeta(name, before, state_of(changes.state, name), metadata, keep))


def set_alias(changes: Changes, directory: Directory, alias: str) -> None:
    """Plan to change the alias of an installed build."""
    metadata = replace(directory.metadata or Metadata(), alias=alias)
    before = state_of(changes.state, directory.name)
    changes.state = changes.state.with_directory(replace(directory, metadata=metadata))
    changes.steps.append(SetAlias(directory.name, before, state_of(changes.state, directory.name), metadata))


def set_attributes(changes: Changes, directory: Directory) -> None:
    """Plan to set the requested owner, group and mode of a tree. The diff has the number of paths that differ."""
    before = state_of(changes.state, directory.name)
    count = directory.inspection.differing if directory.inspection else 0
    changes.state = changes.state.with_directory(_with_attributes(directory, changes.facts.requested))
    after = {**state_of(changes.state, directory.name), "paths_to_change": 0}
    changes.steps.append(SetAttributes(directory.name, {**before, "paths_to_change": count}, after))


def repoint(changes: Changes, old: str, name: str, new: str) -> None:
    """Record that the meta backend `name` changes its target; `new` is empty if it becomes a concrete backend."""
    if old != new:
        reason = f"{name} points to {new} after this run" if new else f"{name} is a concrete backend after this run"
        changes.repointed.setdefault(old, reason)


def retire(changes: Changes, name: str, reason: str) -> None:
    """Plan to remove a build that is no longer needed. It becomes a previous version."""
    before, keep = state_of(changes.state, name), _keep_previous(changes, name)
    changes.state = changes.state.without(name).with_downloaded(name, None)
    changes.steps.append(Retire(name, before, state_of(changes.state, name), keep))
    changes.removed.append((name, reason))


def dismiss(changes: Changes, name: str, reason: str) -> None:
    """Plan to remove a leftover at the end of the plan. The planned state lacks it from now on."""
    changes.dismissed.append(Remove(name, state_of(changes.state, name), {}))
    changes.removed.append((name, reason))
    changes.state = changes.state.without(name)


def remove(changes: Changes, name: str) -> None:
    """Plan to remove a directory, its previous versions and its downloaded build."""
    before = dict(state_of(changes.state, name))
    if not state_of(changes.facts.installed, name).get("problem"):
        # A meta backend whose build an earlier step removes was sound before the run.
        before.pop("problem", None)
    previous = changes.state.previous_of(name)
    changes.state = changes.state.without(name).with_downloaded(name, None)
    if previous:
        others = tuple(version for version in changes.state.previous if version not in previous)
        changes.state = changes.state.with_previous(others)
    changes.steps.append(Remove(name, before, {}))


def prune(changes: Changes, backend: str, keep: int) -> None:
    """Plan to remove all but the latest `keep` previous versions of a backend."""
    before = state_of(changes.state, backend)
    surplus = changes.state.previous_of(backend)[keep:]
    others = tuple(version for version in changes.state.previous if version not in surplus)
    changes.state = changes.state.with_previous(others)
    changes.steps.append(Prune(backend, before, state_of(changes.state, backend), keep))


def _new_tree_attributes(changes: Changes) -> FileAttributes:
    return t.cast(FileAttributes, changes.facts.answer(NewTreeAttributes()))


def _build(changes: Changes, new: Directory, fixed: bool, meta: str = "", capability: str = "") -> Build:
    """Return the build to record for a directory. Without `meta` or `capability`, the recorded one is kept."""
    recorded = changes.state.builds.get(new.name, Build())
    requested = new.record.requested if new.record is not None else recorded.requested
    return Build(new.digest or "", requested, fixed, meta or recorded.meta, capability or recorded.capability)


def _reinstalled(before: State, after: State) -> State:
    """Return the state after an installation. The same build installed again is visible in the diff too."""
    return {**after, "reinstalled": True} if before == after else after


def _replace_tree(changes: Changes, new: Directory, path: str = "") -> tuple[State, int]:
    """Replace a directory in the planned state by `new`. If `path` is given, the tree is moved from there.

    Returns the state before the change, and the number of previous versions to keep.
    """
    before = state_of(changes.state, new.name)
    if path:
        others = tuple(previous for previous in changes.state.previous if previous.path != path)
        changes.state = changes.state.without(path).with_previous(others)
    old = changes.state.get(new.name)
    if old is not None and old.target:
        repoint(changes, old.target, new.name, new.target)
    keep = _keep_previous(changes, new.name)
    changes.state = changes.state.with_directory(replace(new, inspection=_AS_REQUESTED))
    return before, keep


def _keep_previous(changes: Changes, name: str) -> int:
    """Turn a sound build into a previous version in the planned state. Returns how many of them to keep."""
    most, old = changes.request.keep_previous or 0, changes.state.get(name)
    if not most or old is None or not changes.state.is_build(name):
        return 0
    latest = PreviousVersion(name, f"{OWN_DIRECTORY}/{PREVIOUS}/{name}/next", old)
    older = [previous for previous in changes.state.previous if previous.backend == name]
    others = [previous for previous in changes.state.previous if previous.backend != name]
    changes.state = changes.state.with_previous((*others, latest, *older[: most - 1]))
    return most


def _with_attributes(directory: Directory, requested: FileAttributes) -> Directory:
    """Return a directory with the requested attributes set on its whole tree."""
    run_file = directory.run_file_attributes
    mode = int(run_file.mode or "0", 8)
    return replace(
        directory.with_attributes(requested),
        run_file_attributes=_file_attributes(run_file, requested, f"{mode | (mode & 0o444) >> 2:04o}"),
        metadata_attributes=_file_attributes(directory.metadata_attributes, requested, "0644"),
        inspection=_AS_REQUESTED,
    )


def _file_attributes(attributes: FileAttributes, requested: FileAttributes, mode: str) -> FileAttributes:
    """Return the attributes of a file in a tree with the requested ones. A missing file has none."""
    if attributes == FileAttributes():
        return attributes
    return FileAttributes(requested.owner or attributes.owner, requested.group or attributes.group, mode)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans the work for a finding: builds, previous versions, meta backends, aliases and attributes."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from .._address import Address
from .._errors import SourceError
from .._localai.capability import LAST_RESORTS
from .._localai.installed import Directory, Installed
from .._localai.metadata import Metadata
from . import add
from .changes import Changes
from .facts import Facts
from .pinned import is_pinned_build
from .plan import Action, Outcome
from .questions import Artifact
from .targets import Difference, Target, artifact_of, difference, target_of
from .usable import check_alias, check_usable
from .work import Compare, Install, Leftover, MetaMissing, OtherAlias, OtherAttributes, RestorePrevious, Work


def carry_out(name: str, finding: Work, changes: Changes, facts: Facts) -> Outcome:
    """Plan the steps for one finding about a bare name; raises LocalAIError, and Unanswered for an open question."""
    task = changes.request
    changes.request = task.of(name)
    try:
        return _carry_out(name, finding, changes, facts)
    finally:
        changes.request = task


def _carry_out(name: str, finding: Work, changes: Changes, facts: Facts) -> Outcome:
    if isinstance(finding, (Install, Compare)):
        return _install(name, finding, changes, facts)
    if isinstance(finding, RestorePrevious):
        return _restore(name, finding, changes)
    if isinstance(finding, MetaMissing):
        build = changes.state.get(finding.build)
        metadata = build.metadata if build and build.metadata else Metadata()
        _point(changes, finding.meta, finding.build, metadata.gallery_url, metadata.version)
        return Outcome(finding.meta, finding.build, finding.action, finding.reason)
    if isinstance(finding, Leftover):
        add.dismiss(changes, finding.directory, finding.reason)
        return Outcome(name, None, "none", finding.reason)
    return _adjust(name, finding, changes)


def _adjust(name: str, finding: OtherAlias | OtherAttributes, changes: Changes) -> Outcome:
    directory = changes.state.get(finding.directory) or Directory(finding.directory)
    if isinstance(finding, OtherAttributes):
        add.set_attributes(changes, directory)
    else:
        pin, alias = changes.request.pin(name), changes.request.alias or ""
        check_alias("" if pin else alias, directory.name, changes)
        add.set_alias(changes, directory, pin.alias if pin else alias)
    action: Action = "chown" if isinstance(finding, OtherAttributes) else "replace"
    return Outcome(changes.spelling_of(name), directory.target or directory.name, action, finding.reason)


def _restore(name: str, finding: RestorePrevious, changes: Changes) -> Outcome:
    """Plan to restore a previous version, and to point the requested meta backend to it."""
    previous, recorded = finding.previous, finding.recorded
    is_chosen = finding.action == "restore"
    add.restore(changes, previous, fixed=recorded.fixed if recorded is not None else is_chosen)
    directory, is_pinned = changes.state.find(name), changes.request.pin(name) is not None
    answers = _runs(name, previous.backend, changes) and not (is_pinned and directory is None)
    if is_chosen and previous.backend.lower() != name.lower() and not answers:
        metadata = previous.directory.metadata or Metadata()
        url = directory.metadata.gallery_url if directory and directory.metadata else metadata.gallery_url
        _point(changes, directory.name if directory else name, previous.backend, url, metadata.version)
    return Outcome(changes.spelling_of(name), previous.backend, finding.action, finding.reason)


def _install(name: str, finding: Install | Compare, changes: Changes, facts: Facts) -> Outcome:
    """Plan to install the target of a name if it is missing or, for a `Compare`, if its source has another build."""
    target, steps_before = target_of(finding, changes, facts), len(changes.steps)
    if not (isinstance(finding, Install) and finding.recorded):
        check_usable(target, changes)
    superseded = _superseded_by(target, name, changes.state)
    points = target.is_meta and not (isinstance(finding, Compare) and _runs(name, target.backend, changes))
    reason = _install_build(name, finding, target, changes, facts, points=points, superseded=superseded)
    if points:
        build = changes.state.get(target.backend)
        version = build.metadata.version if build and build.metadata else ""
        _point(changes, target.name, target.backend, target.meta_url, version)
    if superseded:
        changes.superseded[superseded] = target.backend if target.is_meta else ""
    if target.last_resort and changes.host.has_gpu:
        changes.warnings.append(_last_resort_warning(target, changes))
    spelling = target.name if target.name.lower() == name.lower() else name
    if isinstance(finding, Install):
        return Outcome(spelling, target.backend, finding.action, reason, target.key)
    action: Action = "upgrade" if len(changes.steps) > steps_before or superseded else "none"
    return Outcome(spelling, target.backend, action, reason, target.key)


def _install_build(
    name: str,
    finding: Install | Compare,
    target: Target,
    changes: Changes,
    facts: Facts,
    *,
    points: bool,
    superseded: str,
) -> str:
    """Plan to install the build of a target, unless it is already installed. Returns the reason for the outcome."""
    state, request = changes.state, changes.request
    build = state.get(target.backend)
    # If an alias answers to the name, there is no meta backend that a later run would have to write.
    meta = target.name if points or (target.is_meta and state.find(name) is not None) else ""
    if build is not None and build.alias.lower() == name.lower() != target.alias.lower():
        # The name depends on this alias, so the repair keeps it, even if the gallery has dropped it.
        target = replace(target, alias=build.alias)
    twin = state.get(target.name) if superseded and not target.is_meta and isinstance(finding, Install) else None
    if twin is not None and not state.damage(twin) and not request.force:
        return f"{finding.reason}; {twin.name}, with the spelling of the gallery, was already installed"
    if _must_fetch(target, finding, changes):
        artifact = _artifact(target, changes, facts)
        if artifact.digest == target.lost:
            target = replace(target, lost="")
        reason = _reason_to_fetch(name, finding, target, changes)
        _fetch(name, finding, target, artifact, changes, meta=meta)
        return reason
    if isinstance(finding, Compare):
        return _compare(build or Directory(target.backend), target, changes, facts, meta) or finding.reason
    return f"{finding.reason}; its build {target.backend} needs no download"


def _artifact(target: Target, changes: Changes, facts: Facts) -> Artifact:
    """Return the artifact of a target; raises ReleaseError with the option `release`, else SourceError."""
    with _of_release(target, changes):
        return artifact_of(target, facts)


def _difference(target: Target, installed: Directory, changes: Changes, facts: Facts) -> Difference:
    """Return the difference to an installed build; raises ReleaseError with the option `release`, else SourceError."""
    with _of_release(target, changes):
        return difference(target, installed, facts)


@contextlib.contextmanager
def _of_release(target: Target, changes: Changes) -> t.Iterator[None]:
    """Turn the SourceError of a target into ReleaseError, if the task has a release."""
    try:
        yield
    except SourceError as e:
        release = changes.request.release
        if release is None:
            raise
        from .failures import not_released

        raise not_released(target.backend, target.origins, e, release) from e


def _must_fetch(target: Target, finding: Install | Compare, changes: Changes) -> bool:
    """Return whether a build has to be fetched. For a meta backend, a sound one suffices, unless another is pinned."""
    build = changes.state.get(target.backend)
    if changes.request.force or build is None or not changes.state.is_build(target.backend):
        return True
    if isinstance(finding, Compare):
        return False
    return not target.is_meta or not is_pinned_build(build, finding.subject, changes.request)


def _fetch(
    name: str, finding: Install | Compare, target: Target, artifact: Artifact, changes: Changes, *, meta: str
) -> None:
    """Plan to fetch a build, and record whether a task chose exactly this one."""
    recorded = finding.recorded if isinstance(finding, Install) and not target.lost else None
    is_chosen = changes.request.pins is not None or changes.request.digest_of(name) is not None
    fixed = is_chosen or bool(recorded and recorded.fixed)
    add.fetch(changes, target, artifact, meta=meta, recorded=recorded, fixed=fixed)
    if target.lost:
        changes.warnings.append(f"{target.backend}: {finding.reason}, and {_current_build_instead(target.lost)}.")


def _reason_to_fetch(name: str, finding: Install | Compare, target: Target, changes: Changes) -> str:
    if isinstance(finding, Install):
        return f"{finding.reason}; {_current_build_instead(target.lost)}" if target.lost else finding.reason
    row = changes.listing().find(name)
    return f"it resolves to {target.backend}, and {row.backend if row else 'nothing'} was installed"


def _current_build_instead(lost: str) -> str:
    return f"its source no longer has the recorded build {lost}, so the current build of the source is installed"


def _compare(build: Directory, target: Target, changes: Changes, facts: Facts, meta: str) -> str:
    """Plan to install a newer build or to set the current alias. Returns the reason; empty if nothing differs."""
    other = _difference(target, build, changes, facts)
    if other.unknown:
        changes.warnings.append(
            f"{target.backend}: its source states neither a digest nor a version nor a sha256, so the backend cannot "
            "be compared and is not changed. Use force to install it again."
        )
        return ""
    if other.reason:
        add.fetch(changes, target, _artifact(target, changes, facts), meta=meta)
        return other.reason
    if target.alias != build.alias:
        add.set_alias(changes, build, target.alias)
        return f"its alias was {build.alias or 'not set'}, and the gallery has {target.alias or 'none'}"
    return ""


def _point(changes: Changes, meta: str, backend: str, gallery_url: Address, version: str) -> None:
    """Plan to write a meta backend that points to a build."""
    metadata = Metadata(meta_backend_for=backend, name=meta, gallery_url=gallery_url, version=version)
    add.write_meta(changes, meta, metadata)


def _runs(name: str, backend: str, changes: Changes) -> bool:
    """Return whether a name already runs `backend`, through its meta backend if it has one."""
    directory, row, build = changes.state.find(name), changes.listing().find(name), changes.state.get(backend)
    if directory is None:
        return row is not None and row.backend == backend
    versions = {entry.metadata.version for entry in (directory, build) if entry and entry.metadata}
    return directory.target == backend and len(versions) <= 1


def _superseded_by(target: Target, name: str, installed: Installed) -> str:
    """Return the directory that a target supersedes, because it has the same name; empty if there is none."""
    for directory in installed.called(name):
        has_name = directory.name.lower() == name.lower() == target.name.lower()
        meta = directory.metadata if directory.target and directory.target != target.backend else None
        is_meta_elsewhere = meta is not None and meta.name.lower() == name.lower() == target.name.lower()
        if directory.name not in (target.name, target.backend) and (has_name or is_meta_elsewhere):
            return directory.name
    return ""


def _last_resort_warning(target: Target, changes: Changes) -> str:
    host = changes.host
    if host.name in LAST_RESORTS:
        # There may be a build for the GPU of this host, which is not used.
        return (
            f"{target.name}: this host has a GPU, and {target.backend}, the build for {target.key!r}, is installed, "
            f"because {host.evidence.rule}. If the GPU can be used, set the option capability."
        )
    origin = "its gallery" if changes.request.pins is None else "the set of pins"
    return (
        f"{target.name}: {origin} has no build for this host ({host.name}: {host.evidence.rule}), so "
        f"{target.backend} is installed, the build for {target.key!r}."
    )

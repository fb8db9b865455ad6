# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings for missing and damaged backends.

A repair restores a backup or a previous version, or fetches the recorded build from its source, even if its tag has
moved.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._address import NO_ADDRESS, Address
from .._localai.capability import HostCapability
from .._localai.installed import Directory, Installed, PreviousVersion
from .._localai.leftovers import is_temporary, leftover_of
from .._localai.listing import Row
from .._localai.metadata import Metadata
from .._request import BackendOptions
from .._sources.uri import is_at_digest, is_of_release, same_uri
from .._store.builds import Build
from .._store.record import Record
from .findings import Sound
from .situation import Situation, can_be_restored
from .work import Finding, Install, Leftover, MetaMissing, Repairing, RestorePrevious


@dataclass(frozen=True)
class RecordedBuild:
    """The build that was installed as `backend`, identified by its `digest`.

    `fixed`: a task chose exactly this build, so a repair must not install another one. `metadata` is empty if it can
    no longer be read. `meta` is the meta backend that points to the build, and `meta_url` the URL of its gallery.
    """

    backend: str
    digest: str
    fixed: bool
    metadata: Metadata
    requested: bool
    pinned: bool
    meta: str = ""
    meta_url: Address = NO_ADDRESS


# A reason is true before the run and after it, and the same in check mode.
NOT_INSTALLED = "it was not installed before this run"
_POINTED_TO = ", which it points to, is "


def was_damaged(problem: str) -> str:
    """Return the reason for the repair of a backend with a problem; empty if it has none."""
    if _POINTED_TO in problem:
        return problem.replace(_POINTED_TO, ", which it points to, was ", 1)
    return f"it was damaged: {problem}" if problem else ""


def blocked(situation: Situation) -> Finding:
    """Return the finding for a name whose directory cannot be created, because a file or a symlink has its name."""
    return repaired(situation, f"its path was taken by {situation.damage}", situation.name, action="install")


def meta_missing(situation: Situation) -> Finding | None:
    """Return the finding for a meta backend that is missing although an interrupted run has installed its build."""
    backend = build_behind(situation.name, situation.installed)
    build = situation.installed.builds.get(backend)
    points = build is not None and build.meta.lower() == situation.name.lower()
    if build is None or not points or situation.request.force:
        return None
    if not situation.installed.is_build(backend) or not situation.host.may_run(backend):
        return None
    reason = f"{was_damaged(situation.damage) or NOT_INSTALLED}; its build {backend} was already installed"
    return MetaMissing("repair" if situation.damage else "install", reason, build.meta, backend)


def damaged(situation: Situation, directory: Directory) -> Finding:
    """Return the finding for a directory that is not sound."""
    return repaired(
        situation, was_damaged(situation.damage), situation.name, backup_of=directory.target or directory.name
    )


def missing(situation: Situation) -> Finding:
    """Return the finding for a name that LocalAI does not list."""
    if _backup(situation, situation.name) is not None:
        return repaired(situation, "it was missing", situation.name, backup_of=situation.name)
    return repaired(situation, NOT_INSTALLED, situation.name, action="install")


def cannot_run(situation: Situation, row: Row) -> Finding | None:
    """Return the finding for a name that LocalAI lists with a build that cannot run, or with a leftover."""
    leftover = situation.installed.get(row.backend) if leftover_of(row.backend) and row.name != row.backend else None
    if leftover is not None:
        return _leftover(situation, row, leftover)
    if not row.problem:
        return None
    finding = repaired(situation, was_damaged(row.problem), row.backend, backup_of=row.backend)
    is_alias = row.kind == "alias" and isinstance(finding, Install)
    return replace(finding, instead=situation.name) if is_alias and isinstance(finding, Install) else finding


def repaired(
    situation: Situation,
    damage: str,
    name: str,
    *,
    subject: str = "",
    action: Repairing = "repair",
    backup_of: str = "",
) -> Finding:
    """Return the finding that repairs `name` with its recorded build, else with the build of `subject`.

    `subject` is the name to resolve, by default `name`. `backup_of` is the backend whose backup may be restored.
    """
    recorded = recorded_build(name, situation.installed, situation.request, situation.host)
    backup = _backup(situation, backup_of, recorded) if backup_of else None
    if backup is not None:
        return RestorePrevious("repair", f"{damage}; LocalAI's backup {backup.path} could run", backup, recorded)
    previous = next(filter(can_be_restored, _versions_of(recorded, situation)), None)
    if previous is not None:
        reason = f"{damage}; the previous version {previous.path} had the recorded digest"
        return RestorePrevious(action, reason, previous, recorded)
    return Install(action, damage, subject or name, recorded=recorded)


def build_behind(name: str, installed: Installed) -> str:
    """Return the name of the build behind a name: the target of its meta backend, or the name itself."""
    directory = installed.find(name)
    if directory is not None and directory.target:
        return directory.target
    if directory is None or not directory.has_run_file:
        for backend, build in installed.builds.items():
            if build.meta.lower() == name.lower():
                return backend
    if directory is not None:
        return directory.name
    return next((backend for backend in installed.builds if backend.lower() == name.lower()), name)


def recorded_build(
    name: str, installed: Installed, request: BackendOptions, host: HostCapability
) -> RecordedBuild | None:
    """Return the recorded build behind a name; None if there is none, or if the task chooses the build."""
    backend = build_behind(name, installed)
    directory, build = installed.get(backend), installed.builds.get(backend, Build())
    metadata = directory.metadata if directory is not None and directory.metadata is not None else Metadata()
    record = directory.record if directory is not None and directory.record is not None else Record()
    digest = _recorded_digest(directory, build)
    if not digest or _task_decides(name, request, metadata) or not host.may_run(backend):
        return None
    meta = installed.find(name)
    pointer = meta.metadata if meta is not None and meta.target == backend else None
    return RecordedBuild(
        backend=backend,
        digest=digest,
        fixed=record.pinned or is_at_digest(metadata.uri) or (build.fixed and build.digest == digest),
        metadata=metadata,
        requested=record.requested or build.requested,
        pinned=record.pinned,
        meta=pointer.name if pointer else build.meta,
        meta_url=pointer.gallery_url if pointer else metadata.gallery_url,
    )


def is_from(previous: PreviousVersion, uri: Address) -> bool:
    """Return whether a previous version was installed from `uri`."""
    return previous.directory.metadata is not None and same_uri(previous.directory.metadata.uri, uri)


def _leftover(situation: Situation, row: Row, leftover: Directory) -> Finding | None:
    """Return the finding for a leftover of LocalAI that has the name as its alias."""
    base = leftover_of(row.backend)
    damage = f"only LocalAI's leftover {row.backend} answered to it"
    if leftover.busy:
        return Sound(f"LocalAI is currently installing it in {row.backend}")
    if is_temporary(row.backend) or row.problem:
        return Leftover(damage, row.backend)
    if situation.installed.is_build(base):
        return None
    return repaired(situation, damage, base, subject=situation.name, backup_of=base)


def _backup(situation: Situation, name: str, recorded: RecordedBuild | None = None) -> PreviousVersion | None:
    """Return LocalAI's backup of a backend; None with `force`, or if it is not the requested build."""
    request = situation.request
    backup = None if request.force else situation.installed.backup_of(name)
    if backup is None or (request.uri is not None and not is_from(backup, request.uri)):
        return None
    directory = situation.installed.get(name)
    is_ours = directory is not None and directory.record is not None
    # LocalAI makes a backup before it replaces a backend. A build that we installed since then is newer.
    if (
        is_ours
        and recorded is not None
        and backup.directory.digest
        and not backup.directory.has_digest(recorded.digest)
    ):
        return None
    return backup


def _versions_of(recorded: RecordedBuild | None, situation: Situation) -> t.Sequence[PreviousVersion]:
    """Return the previous versions that are the recorded build, and from the `uri` of the task, if it has one."""
    if recorded is None:
        return ()
    uri = situation.request.uri
    return [
        version
        for version in situation.installed.previous_of(recorded.backend)
        if version.directory.has_digest(recorded.digest) and (uri is None or is_from(version, uri))
    ]


def _recorded_digest(directory: Directory | None, build: Build) -> str:
    """Return the recorded digest; that in `metadata.json` takes precedence, because LocalAI also upgrades backends."""
    digest = (directory.digest or "") if directory is not None else ""
    if directory is not None and directory.metadata is not None:
        return digest
    platform_digest = directory.record.platform_digest if directory is not None and directory.record is not None else ""
    return build.digest or digest or platform_digest


def _task_decides(name: str, request: BackendOptions, metadata: Metadata) -> bool:
    """Return whether the options of the task choose the build, so that it may differ from the recorded one."""
    if request.state != "present" or request.force or request.pins is not None:
        return True
    if request.digest_of(name) is not None:
        return True
    if request.release is not None:
        return not is_of_release(metadata.uri, request.release)
    return request.uri is not None and bool(metadata.uri) and not same_uri(metadata.uri, request.uri)

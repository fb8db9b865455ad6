# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Diagnosis of one name, from the state of the disk alone.

The checks run in a fixed order, and the first finding is returned. After the work for it is planned, the checks run
again on the planned state. Modules that only some tasks need are imported where they are used.
"""

from __future__ import annotations

import typing as t

from .._fs.file_attributes import FileAttributes
from .._localai.capability import HostCapability
from .._localai.installed import Installed, attribute_problem
from .._localai.leftovers import leftover_of
from .._localai.listing import Row
from .._request import BackendOptions
from .findings import NotVerified, Sound
from .situation import Situation, situation_of

if t.TYPE_CHECKING:
    from .work import Finding


def diagnose(
    name: str, request: BackendOptions, installed: Installed, host: HostCapability, requested: FileAttributes
) -> Finding:
    """Return the finding for a bare name with `state=present` or `latest`.

    `requested` has the owner, group and mode that installed trees must have.
    """
    situation = situation_of(name, request, installed, host, requested)
    finding = _obstacle(situation) or _other_source(situation) or _unsound(situation)
    if finding is not None:
        return finding
    if situation.row is None:
        from .repair import missing

        return missing(situation)
    return _listed(situation, situation.row)


def _obstacle(situation: Situation) -> Finding | None:
    """Return a finding that prevents the other checks: the path is taken, or a tree has to be walked first."""
    if situation.directory is not None and situation.directory.kind != "directory":
        from .repair import blocked

        return blocked(situation)
    if situation.request.verify:
        for directory in situation.involved:
            has_manifest = directory.record is not None and directory.record.listed
            if directory.inspection is None and (has_manifest or situation.requested != FileAttributes()):
                return NotVerified(directory.name)
    return None


def _other_source(situation: Situation) -> Finding | None:
    """Return the finding for a name that differs from the `pins` or the `uri` of the task."""
    pin, uri = situation.request.pin(situation.name), situation.request.uri
    if pin is None and uri is None:
        return None
    from .pinned import other_pin, other_uri

    finding = other_pin(situation, pin) if pin is not None else None
    return finding or (other_uri(situation, uri) if uri is not None else None)


def _unsound(situation: Situation) -> Finding | None:
    """Return the finding for a meta backend that was not written, or for a damaged directory."""
    directory, finding = situation.directory, None
    if directory is None or not (directory.has_run_file or directory.target):
        from .repair import meta_missing

        finding = meta_missing(situation)
    if finding is None and directory is not None and situation.damage:
        from .repair import damaged

        finding = damaged(situation, directory)
    return finding


def _listed(situation: Situation, row: Row) -> Finding:
    """Return the finding for a name that LocalAI lists and whose own directory is sound."""
    request = situation.request
    if request.force:
        from .work import Install

        return Install("install" if row.kind == "system" else "replace", "force is set", situation.name)
    if row.kind == "system":
        if row.runnable:
            return Sound("a system backend answers to it, and system backends are never changed")
        if situation.directory is None:
            from .repair import missing

            return missing(situation)
        return Sound("it is installed, and LocalAI uses a system backend that cannot run")
    return (
        _unusable(situation, row) or _other_version(situation) or _other_attributes(situation) or _sound(situation, row)
    )


def _unusable(situation: Situation, row: Row) -> Finding | None:
    # With uri or pins, the requested build is already installed. If another build answers to the name, a warning
    # suffices.
    if situation.request.uri is not None or situation.request.pins is not None:
        return None
    if not row.problem and not leftover_of(row.backend):
        return None
    from .repair import cannot_run

    return cannot_run(situation, row)


def _other_version(situation: Situation) -> Finding | None:
    request, finding = situation.request, None
    if request.digest is not None or request.release is not None:
        from .pinned import other_digest, other_release

        finding = other_digest(situation, request.digest) if request.digest is not None else None
        if finding is None and request.release is not None:
            finding = other_release(situation, request.release)
    if finding is None and request.state == "latest":
        from .work import Compare

        # With a uri, only the name on disk has the correct spelling.
        finding = Compare(situation.directory.name if situation.directory and request.uri else situation.name)
    return finding


def _other_attributes(situation: Situation) -> Finding | None:
    for directory in situation.involved:
        reason = attribute_problem(directory, situation.requested)
        if directory.inspection is None:
            if reason:
                return NotVerified(directory.name)
        elif directory.inspection.differing:
            from .work import OtherAttributes

            reason = reason or f"{directory.inspection.differing} of its paths had another owner, group or mode"
            return OtherAttributes(reason, directory.name)
    return None


def _sound(situation: Situation, row: Row) -> Sound:
    reason = f"it is installed as {row.backend}" if row.backend != situation.name else "it is installed"
    build = situation.build
    if situation.request.verify and not (build and build.record and build.record.listed):
        reason += "; its files are not recorded, so they cannot be verified"
    return Sound(reason)

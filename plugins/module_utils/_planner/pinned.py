# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings for the options that choose a build: `pins`, `uri`, `digest` and `release`."""

from __future__ import annotations

from .._address import NO_ADDRESS, Address
from .._localai.installed import Directory, PreviousVersion
from .._localai.metadata import METADATA
from .._request import BackendOptions, Pin
from .._sources.uri import is_of_release, same_uri
from .repair import NOT_INSTALLED, is_from, recorded_build, repaired, was_damaged
from .situation import Situation, can_be_restored
from .work import Finding, Install, OtherAlias, RestorePrevious


def other_pin(situation: Situation, pin: Pin) -> Finding | None:
    """Return the finding for a name that differs from its row of `pins`."""
    installed, directory = situation.installed, situation.directory
    build, is_sound = installed.get(pin.backend), installed.is_build(pin.backend)
    if situation.request.force or build is None or not is_sound or not build.has_digest(pin.digest):
        return _pinned_build(situation, pin, build, is_sound)
    if pin.backend.lower() != situation.name.lower() and (directory is None or directory.target != pin.backend):
        reason = f"it pointed to {directory.target or 'itself'}" if directory else NOT_INSTALLED
        return Install(
            "replace" if directory else "install", f"{reason}, and is pinned to {pin.backend}", situation.name
        )
    if build.alias != pin.alias:
        reason = f"its alias was {build.alias or 'not set'}, and {pin.alias or 'none'} is pinned"
        return OtherAlias(reason, build.name)
    return None


def other_uri(situation: Situation, uri: Address) -> Finding | None:
    """Return the finding for a name that was not installed from `uri`."""
    directory, request = situation.directory, situation.request
    if directory is None:
        if _is_recorded(situation, situation.name):
            return repaired(situation, NOT_INSTALLED, situation.name, action="install")
        return _version_from(situation, uri) or Install("install", NOT_INSTALLED, situation.name)
    damage = was_damaged(situation.damage)
    if directory.metadata is None and not damage and _is_recorded(situation, directory.name):
        damage = f"it had no {METADATA}"
    if damage and not directory.target:
        return repaired(situation, damage, directory.name, backup_of=directory.name)
    recorded = directory.metadata.uri if directory.metadata and not directory.target else NO_ADDRESS
    if not same_uri(recorded, uri):
        reason = f"it was installed from {recorded or 'an unknown source'}"
        return _version_from(situation, uri) or Install("replace", reason, directory.name)
    if request.force:
        return Install("replace", "force is set", directory.name)
    if request.alias is not None and directory.alias != request.alias:
        return OtherAlias(f"its alias was {directory.alias or 'not set'}", directory.name)
    return None


def other_digest(situation: Situation, digest: str) -> Finding | None:
    """Return the finding for a build that does not have the digest of the task."""
    build = situation.build
    if build is None or build.has_digest(digest):
        return None
    may_be_meta = situation.directory is None or bool(situation.directory.target)
    for previous in sorted(situation.installed.previous, key=lambda previous: previous.backend != build.name):
        # The former build of a meta backend has the name of the meta backend as its alias.
        had_name = may_be_meta and previous.directory.alias.lower() == situation.name.lower()
        is_candidate = (previous.backend == build.name or had_name) and can_be_restored(previous)
        if is_candidate and previous.directory.has_digest(digest):
            return _restore(previous, "had the pinned digest")
    return Install("replace", _other_than(build, digest), situation.name)


def other_release(situation: Situation, release: str) -> Finding | None:
    """Return the finding for a build that is not of the release of the task."""
    build = situation.build
    recorded = build.metadata.uri if build and build.metadata else NO_ADDRESS
    if build is None or is_of_release(recorded, release):
        return None
    for previous in situation.restorable(build.name):
        if previous.directory.metadata and is_of_release(previous.directory.metadata.uri, release):
            return _restore(previous, f"was of release {release}")
    reason = f"it was installed from {recorded or 'an unknown source'}, which is not of release {release}"
    return Install("replace", reason, situation.name)


def is_pinned_build(build: Directory, name: str, request: BackendOptions) -> bool:
    """Return whether a build is the one that the options pin for a name; true if they pin none."""
    pin = request.pin(name)
    digest = pin.digest if pin is not None else request.digest_of(name)
    if digest is not None:
        return build.has_digest(digest)
    recorded = build.metadata.uri if build.metadata else NO_ADDRESS
    return request.release is None or is_of_release(recorded, request.release)


def _pinned_build(situation: Situation, pin: Pin, build: Directory | None, is_sound: bool) -> Finding:
    for previous in situation.restorable(pin.backend):
        if previous.directory.has_digest(pin.digest):
            return _restore(previous, "has the pinned digest")
    if build is None:
        return Install("install", NOT_INSTALLED, situation.name)
    if not is_sound:
        damage = situation.damage or situation.installed.damage(build) or f"{pin.backend} is not a build"
        return Install("repair", was_damaged(damage), situation.name)
    reason = "force is set" if build.has_digest(pin.digest) else _other_than(build, pin.digest)
    return Install("replace", reason, situation.name)


def _version_from(situation: Situation, uri: Address) -> Finding | None:
    for previous in situation.restorable(situation.directory.name if situation.directory else situation.name):
        if is_from(previous, uri):
            return _restore(previous, "was installed from this uri")
    return None


def _is_recorded(situation: Situation, name: str) -> bool:
    return recorded_build(name, situation.installed, situation.request, situation.host) is not None


def _restore(previous: PreviousVersion, predicate: str) -> RestorePrevious:
    return RestorePrevious("restore", f"the previous version {previous.path} {predicate}", previous)


def _other_than(build: Directory, digest: str) -> str:
    return f"its digest was {build.digest or 'not recorded'}, and {digest} is pinned"

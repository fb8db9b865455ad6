# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The need of one name, as far as the disk alone tells: the next thing to do to make it as requested. Pure.

C(assess) asks its questions in order. The first one that finds something to do decides.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._address import NO_ADDRESS, Address
from .._localai.capability import HostCapability
from .._localai.installed import Directory, Installed, Kept, Look, unlike
from .._localai.leftovers import is_temporary, leftover_of
from .._localai.listing import Listing, Row
from .._localai.metadata import METADATA
from .._request import BackendOptions, bare_name
from .._sources.uri import is_of_release, same_uri
from .recorded import Recorded, backend_of, recorded_build
from .upgrade import Target


@dataclass(frozen=True)
class Need:
    """The next thing to do for one name.

    If C(subject) is set, that name has to be resolved, or C(instead) if that fails. Otherwise C(directory) is the
    directory to change, C(kept) the previous version to restore, or C(meta) the meta backend to write for
    C(directory). C(recorded) is the build that a repair has to install. The actions C(inspect) and C(compare) are
    questions: they need a walk through a tree, or the answer of its source.
    """

    action: str
    reason: str
    subject: str = ""
    directory: str = ""
    kept: Kept | None = None
    instead: str = ""
    meta: str = ""
    recorded: Recorded | None = None

    @property
    def key(self) -> tuple[str, bool, bool]:
        """The key of the target that answers this need: a comparison needs less of it than an installation."""
        return self.subject, self.action == "compare", self.recorded is not None


@dataclass(frozen=True)
class _Case:
    """One name, the directories that belong to it, and the attributes that they should have."""

    name: str
    options: BackendOptions
    installed: Installed
    capability: HostCapability
    look: Look
    own: Directory | None
    row: Row | None
    damage: str
    build: Directory | None
    involved: t.Sequence[Directory]


def assess(name: str, options: BackendOptions, installed: Installed, capability: HostCapability, look: Look) -> Need:
    """Return the need of one name for C(state=present) or C(latest); C(look) has the requested attributes of trees."""
    case = _case(bare_name(name), options, installed, capability, look)
    for question in (
        _in_the_way,
        _not_inspected,
        _other_pin,
        _other_uri,
        _lost_meta,
        _damaged,
        _missing,
        _forced,
        _of_the_system,
        _cannot_run,
        _other_digest,
        _other_release,
        _to_compare,
        _other_look,
    ):
        need = question(case)
        if need is not None:
            return need
    row = t.cast(Row, case.row)
    reason = f"it is installed, as {row.backend}" if row.backend != case.name else "it is installed"
    if options.verify and not (case.build and case.build.record and case.build.record.listed):
        reason += "; what was installed is not recorded, so it cannot be verified"
    return Need("none", reason)


def must_fetch(target: Target, need: Need, options: BackendOptions, installed: Installed) -> bool:
    """Return whether a build has to be fetched; a meta backend takes a sound one, unless another one is pinned."""
    if options.force or not installed.is_build(target.backend):
        return True
    if need.action == "compare":
        return False
    if not target.is_meta:
        return True
    build = t.cast(Directory, installed.get(target.backend))
    return not _has_pinned(build, need.subject, options)


def _case(name: str, options: BackendOptions, installed: Installed, capability: HostCapability, look: Look) -> _Case:
    own = installed.find(name)
    row = Listing(installed, capability.name).find(name)
    answering = installed.get(row.backend) if row is not None and row.kind != "system" else None
    build = installed.get(own.target) if own is not None and own.target else own or answering
    involved = [each for each in (own, build, answering) if each is not None and each.kind == "directory"]
    return _Case(
        name,
        options,
        installed,
        capability,
        look,
        own,
        row,
        damage=installed.damage(own) if own is not None else "",
        build=build,
        involved=list({each.name: each for each in involved}.values()),
    )


def _in_the_way(case: _Case) -> Need | None:
    if case.own is None or case.own.kind == "directory":
        return None
    return _bring_back(case, f"in its place stands {case.damage}", case.name, action="install")


def _not_inspected(case: _Case) -> Need | None:
    if not case.options.verify:
        return None
    for directory in case.involved:
        known = directory.record is not None and directory.record.listed
        if directory.inspection is None and (known or case.look != Look()):
            return Need("inspect", "verify is set", directory=directory.name)
    return None


def _other_pin(case: _Case) -> Need | None:
    pin = case.options.pin(case.name)
    if pin is None:
        return None
    build = case.installed.get(pin.backend)
    sound = case.installed.is_build(pin.backend)
    if case.options.force or build is None or not sound or not build.has_digest(pin.digest):
        return _pinned_content(case, build, sound, pin.backend, pin.digest)
    if pin.backend.lower() != case.name.lower() and (case.own is None or case.own.target != pin.backend):
        reason = f"it stands for {case.own.target or 'itself'}" if case.own else "it is not installed"
        return Need("replace" if case.own else "install", f"{reason}, and is pinned to {pin.backend}", case.name)
    if build.alias != pin.alias:
        reason = f"its alias is {build.alias or 'not set'}, and {pin.alias or 'none'} is pinned"
        return Need("replace", reason, directory=build.name)
    return None


def _pinned_content(case: _Case, build: Directory | None, sound: bool, backend: str, digest: str) -> Need:
    for kept in _kept(case, backend):
        if kept.directory.has_digest(digest):
            return Need("restore", _came_back(kept, "it has the digest that is pinned"), kept=kept)
    if build is None:
        return Need("install", "it is not installed", case.name)
    if not sound:
        return Need("repair", case.damage or case.installed.damage(build) or f"{backend} is no build", case.name)
    if build.has_digest(digest):
        return Need("replace", "force is set", case.name)
    return Need("replace", _other_than(build, digest), case.name)


def _other_uri(case: _Case) -> Need | None:
    uri, own = case.options.uri, case.own
    if uri is None:
        return None
    if own is None:
        if _recorded(case, case.name) is not None:
            return _bring_back(case, "it is not installed", case.name, action="install")
        return _kept_from(case, uri) or Need("install", "it is not installed", case.name)
    damage = case.damage
    if own.metadata is None and not damage and _recorded(case, own.name) is not None:
        damage = f"it has no {METADATA}"
    if damage and not own.target:
        return _bring_back(case, damage, own.name, backup_of=own.name)
    recorded = own.metadata.uri if own.metadata and not own.target else NO_ADDRESS
    if not same_uri(recorded, uri):
        reason = f"it was installed from {recorded or 'an unknown source'}"
        return _kept_from(case, uri) or Need("replace", reason, own.name)
    if case.options.force:
        return Need("replace", "force is set", own.name)
    if case.options.alias is not None and own.alias != case.options.alias:
        return Need("replace", f"its alias is {own.alias or 'not set'}", directory=own.name)
    return None


def _kept_from(case: _Case, uri: Address) -> Need | None:
    for kept in _kept(case, case.own.name if case.own else case.name):
        if _is_from(kept, uri):
            return Need("restore", _came_back(kept, "it was installed from there"), kept=kept)
    return None


def _lost_meta(case: _Case) -> Need | None:
    """Return the need for a meta backend that an interrupted run did not write after it had installed the build."""
    if case.own is not None and (case.own.has_run_file or case.own.target):
        return None
    backend = backend_of(case.name, case.installed)
    build = case.installed.builds.get(backend)
    points = build is not None and build.meta.lower() == case.name.lower()
    if build is None or not points or case.options.force:
        return None
    if not case.installed.is_build(backend) or not case.capability.may_run(backend):
        return None
    reason = f"{case.damage or 'it is not installed'}; {backend}, which was installed for it, is there"
    return Need("repair" if case.damage else "install", reason, directory=backend, meta=build.meta)


def _damaged(case: _Case) -> Need | None:
    if not case.damage or case.own is None:
        return None
    return _bring_back(case, case.damage, case.name, backup_of=case.own.target or case.own.name)


def _missing(case: _Case) -> Need | None:
    if case.row is not None:
        return None
    if _backup(case, case.name) is not None:
        return _bring_back(case, "it is missing", case.name, backup_of=case.name)
    return _bring_back(case, "it is not installed", case.name, action="install")


def _forced(case: _Case) -> Need | None:
    if not case.options.force:
        return None
    return Need("install" if t.cast(Row, case.row).kind == "system" else "replace", "force is set", case.name)


def _of_the_system(case: _Case) -> Need | None:
    if t.cast(Row, case.row).kind != "system":
        return None
    return Need("none", "a system backend answers to it, which only the system's packager changes")


def _cannot_run(case: _Case) -> Need | None:
    if case.options.uri is not None or case.options.pins is not None:
        # The requested build is there. Another one that answers in its place causes a warning only.
        return None
    row = t.cast(Row, case.row)
    leftover = case.installed.get(row.backend) if leftover_of(row.backend) and row.name != row.backend else None
    if leftover is not None:
        return _left_behind(case, row, leftover)
    if not row.problem:
        return None
    need = _bring_back(case, row.problem, row.backend, backup_of=row.backend)
    return replace(need, instead=case.name) if row.kind == "alias" and need.kept is None else need


def _left_behind(case: _Case, row: Row, leftover: Directory) -> Need | None:
    """Return the need for a leftover of LocalAI whose alias is the name."""
    base = leftover_of(row.backend)
    damage = f"only {row.backend} answers to it, which LocalAI left behind"
    if leftover.busy:
        return Need("none", f"LocalAI fills {row.backend} for it at this moment")
    if is_temporary(row.backend) or row.problem:
        return Need("dismiss", damage, directory=row.backend)
    return None if case.installed.is_build(base) else _bring_back(case, damage, base, subject=case.name, backup_of=base)


def _other_digest(case: _Case) -> Need | None:
    digest, build = case.options.digest, case.build
    if digest is None or build is None or build.has_digest(digest):
        return None
    by_meta = case.own is None or bool(case.own.target)
    for kept in sorted(case.installed.kept, key=lambda kept: kept.backend != build.name):
        # A build to which a meta backend pointed before has the name of the meta backend as its alias.
        known = kept.backend == build.name or (by_meta and kept.directory.alias.lower() == case.name.lower())
        if known and _can_come_back(kept) and kept.directory.has_digest(digest):
            return Need("restore", _came_back(kept, "it has the digest that is pinned"), kept=kept)
    return Need("replace", _other_than(build, digest), case.name)


def _other_release(case: _Case) -> Need | None:
    release, build = case.options.release, case.build
    recorded = build.metadata.uri if build and build.metadata else NO_ADDRESS
    if release is None or build is None or is_of_release(recorded, release):
        return None
    for kept in _kept(case, build.name):
        if kept.directory.metadata and is_of_release(kept.directory.metadata.uri, release):
            return Need("restore", _came_back(kept, f"it is of release {release}"), kept=kept)
    reason = f"it was installed from {recorded or 'an unknown source'}, which is not of release {release}"
    return Need("replace", reason, case.name)


def _to_compare(case: _Case) -> Need | None:
    if case.options.state != "latest":
        return None
    # With a uri nothing but the name on disk says how it is spelled.
    subject = case.own.name if case.own and case.options.uri else case.name
    return Need("compare", "it is what its source has", subject)


def _other_look(case: _Case) -> Need | None:
    for directory in case.involved:
        reason = unlike(directory, case.look)
        if reason and directory.inspection is None:
            return Need("inspect", reason, directory=directory.name)
        if directory.inspection is not None and directory.inspection.unlike:
            reason = reason or f"{directory.inspection.unlike} of its paths have another owner, group or mode"
            return Need("chown", reason, directory=directory.name)
    return None


def _recorded(case: _Case, name: str) -> Recorded | None:
    return recorded_build(name, case.installed, case.options, case.capability)


def _bring_back(
    case: _Case, damage: str, name: str, *, subject: str = "", action: str = "repair", backup_of: str = ""
) -> Need:
    """Return the need that repairs C(name): with its recorded build, else with what C(subject) resolves to."""
    known, subject = _recorded(case, name), subject or name
    backup = _backup(case, backup_of, known) if backup_of else None
    if backup is not None:
        return Need("repair", f"{damage}; {backup.place}, which LocalAI left, can run", kept=backup, recorded=known)
    kept = next(filter(_can_come_back, _having(known, case.installed)), None)
    if kept is not None:
        reason = f"{damage}; {kept.place} was kept, and has the digest that is recorded"
        return Need(action, reason, kept=kept, recorded=known)
    return Need(action, damage, subject, recorded=known)


def _backup(case: _Case, name: str, known: Recorded | None = None) -> Kept | None:
    """Return the backup that LocalAI made of a name; None with C(force), or if it is not the requested build."""
    backup = None if case.options.force else case.installed.backup_of(name)
    if backup is None or (case.options.uri is not None and not _is_from(backup, case.options.uri)):
        return None
    directory = case.installed.get(name)
    ours = directory is not None and directory.record is not None
    # LocalAI makes a backup before it replaces a backend. A build that we installed since then is newer.
    if ours and known is not None and backup.directory.digest and not backup.directory.has_digest(known.digest):
        return None
    return backup


def _having(known: Recorded | None, installed: Installed) -> list[Kept]:
    """Return the previous versions that are the recorded build."""
    if known is None:
        return []
    return [kept for kept in installed.kept_of(known.backend) if kept.directory.has_digest(known.digest)]


def _has_pinned(build: Directory, name: str, options: BackendOptions) -> bool:
    """Return whether a build is the pinned one; true if the options pin none."""
    pin = options.pin(name)
    if pin is not None:
        return build.has_digest(pin.digest)
    digest = options.digest_of(name)
    if digest is not None:
        return build.has_digest(digest)
    return options.release is None or is_of_release(
        build.metadata.uri if build.metadata else NO_ADDRESS, options.release
    )


def _kept(case: _Case, backend: str) -> list[Kept]:
    """Return the previous versions of a backend that can be restored, the latest first."""
    return [each for each in case.installed.kept_of(backend) if case.options.takes_kept and _can_come_back(each)]


def _can_come_back(kept: Kept) -> bool:
    directory = kept.directory
    return directory.kind == "directory" and directory.runnable and not directory.problem and not directory.target


def _is_from(kept: Kept, uri: Address) -> bool:
    return kept.directory.metadata is not None and same_uri(kept.directory.metadata.uri, uri)


def _came_back(kept: Kept, why: str) -> str:
    return f"{kept.place} was kept, and {why}"


def _other_than(build: Directory, digest: str) -> str:
    return f"its digest is {build.digest or 'not recorded'}, and {digest} is pinned"

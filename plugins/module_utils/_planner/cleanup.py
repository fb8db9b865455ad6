# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The removals at the end of a plan: builds, leftovers and previous versions that are no longer needed."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._localai.installed import Installed
from .._localai.leftovers import is_temporary, leftover_of
from .._localai.listing import Listing
from . import add
from .changes import Changes
from .plan import Outcome
from .removal import plan_other_removals
from .unreadable import spared_builds


def clean_up(changes: Changes, outcomes: t.Sequence[Outcome]) -> list[Outcome]:
    """Plan to remove names with `state=absent`, builds that are no longer needed, leftovers, and what is excluded.

    Leftovers and previous versions are removed only for backends in `outcomes`. Returns the outcomes. If only previous
    versions of a backend are removed, its action is `prune`.
    """
    names = {name.lower() for outcome in outcomes for name in (outcome.name, outcome.backend or "") if name}
    removals = plan_other_removals(changes) if changes.request.absent else []
    changes.steps += changes.dismissed
    _remove_superseded(changes)
    _retire(changes)
    for directory in changes.state.directories:
        if is_temporary(directory.name) and not directory.busy and leftover_of(directory.name).lower() in names:
            add.remove(changes, directory.name)
            changes.removed.append((directory.name, "LocalAI left it behind more than an hour ago"))
    if changes.request.exclusive:
        for backend in _removable(_unneeded(changes), changes):
            add.remove(changes, backend)
            changes.removed.append((backend, "exclusive is set, and no named backend needs it"))
    return _prune(changes, outcomes, names) + removals


def _remove_superseded(changes: Changes) -> None:
    """Plan to remove directories whose name another directory has taken over."""
    for name, target in changes.superseded.items():
        directory = changes.state.get(name)
        if directory is not None and directory.target:
            add.repoint(changes, directory.target, name, target)
        add.remove(changes, name)


def _retire(changes: Changes) -> None:
    """Plan to retire builds that no meta backend points to any more, unless a task requested them by name."""
    for backend, reason in changes.repointed.items():
        directory = changes.state.get(backend)
        is_needed = any(other.target == backend for other in changes.state.directories) or changes.is_named(backend)
        was_requested = directory is not None and directory.record is not None and directory.record.requested
        if directory is not None and not directory.target and not (is_needed or was_requested):
            add.retire(changes, backend, reason)
    if changes.request.upgraded:
        for backend in _removable(_orphans(changes), changes):
            add.retire(changes, backend, "an interrupted run left it, and no meta backend points to it any more")


def _prune(changes: Changes, outcomes: t.Sequence[Outcome], names: t.AbstractSet[str]) -> list[Outcome]:
    """Plan to remove previous versions that exceed `keep_previous`.

    Returns the outcomes, with the action `prune` for a backend with no other change.
    """
    most = changes.request.keep_previous
    surplus = _surplus(names, changes.state, most) if most is not None else {}
    for backend in surplus:
        add.prune(changes, backend, most or 0)
    return [
        replace(
            outcome,
            action="prune",
            reason=f"{outcome.reason}; {surplus[outcome.backend]} of its previous versions exceeded keep_previous",
            done_after=len(changes.steps),
        )
        if outcome.action == "none" and outcome.backend in surplus
        else outcome
        for outcome in outcomes
    ]


def _surplus(names: t.AbstractSet[str], installed: Installed, most: int) -> dict[str, int]:
    """Return, for each backend with one of `names`, how many of its previous versions exceed `most`."""
    counts = {
        previous.backend: len(installed.previous_of(previous.backend))
        for previous in installed.previous
        if not names.isdisjoint((previous.backend.lower(), previous.directory.alias.lower()))
    }
    return {backend: count - most for backend, count in counts.items() if count > most}


def _unneeded(changes: Changes) -> list[str]:
    """Return the listed directories and meta backends that no requested backend needs."""
    installed, rows, needed = changes.state, changes.listing(), set()
    for name in changes.request.bare_names:
        directory, row = installed.find(name), rows.find(name)
        needed |= {directory.name, directory.target} if directory is not None else set()
        needed |= {row.backend, row.home} if row is not None and row.kind != "system" else set()
    return [
        directory.name
        for directory in installed.directories
        if directory.kind == "directory"
        and directory.name not in needed
        and not directory.busy
        and (directory.has_run_file or directory.target or directory.alias)
    ]


def _orphans(changes: Changes) -> list[str]:
    """Return the orphaned builds of requested meta backends: no meta backend points to them, and no name runs them.

    They are left by an interrupted run that had changed the target of the meta backend.
    """
    installed, requested = changes.state, {name.lower() for name in changes.request.bare_names}
    upgraded = {name.lower() for name in changes.request.upgraded}
    needed = {directory.target for directory in installed.directories}
    rows = Listing(installed, changes.host.name)
    needed |= {row.backend for name, row in rows.items() if name != row.backend and row.kind != "system"}
    return [
        directory.name
        for directory in installed.directories
        if directory.record is not None
        and not directory.record.requested
        and directory.alias.lower() in upgraded
        and directory.name not in needed
        and directory.name.lower() not in requested
    ]


def _removable(backends: t.Iterable[str], changes: Changes) -> list[str]:
    """Return `backends` without those that are kept because a GPU cannot be read."""
    spared = spared_builds(changes.request.bare_names, changes.state, changes.host)
    return [backend for backend in backends if backend not in spared]

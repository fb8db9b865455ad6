# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The removals at the end of a plan: builds, leftovers and previous versions that are no longer needed. Pure."""

from __future__ import annotations

import typing as t

from .._localai.leftovers import is_temporary, leftover_of
from .changes import Draft
from .removal import outlived, outnumbering, superfluous
from .unreadable import spared_builds


def clean_up(draft: Draft, names: t.AbstractSet[str]) -> None:
    """Remove what the planned steps make superfluous, leftovers of LocalAI, and what C(exclusive) excludes.

    C(names) are those of the backends in the plan, in lower case: only their leftovers are removed.
    """
    draft.remove_dismissed()
    _remove_stale(draft)
    _retire(draft)
    for directory in draft.state.directories:
        if is_temporary(directory.name) and not directory.busy and leftover_of(directory.name).lower() in names:
            draft.remove(directory.name)
            draft.removed.append((directory.name, "LocalAI left it behind more than an hour ago"))
    if draft.options.exclusive:
        for backend in _not_spared(superfluous(draft.options.bare_names, draft.state, draft.capability.name), draft):
            draft.remove(backend)
            draft.removed.append((backend, "exclusive is set, and nothing that is named needs it"))


def prune(draft: Draft, names: t.AbstractSet[str]) -> dict[str, int]:
    """Remove the previous versions that exceed C(keep_previous); returns their number for each backend."""
    most = draft.options.keep_previous
    if most is None:
        return {}
    surplus = outnumbering(names, draft.state, most)
    for backend in surplus:
        draft.prune(backend, most)
    return surplus


def _remove_stale(draft: Draft) -> None:
    """Remove directories that have a name which now belongs to another directory."""
    for stale, target in draft.stale.items():
        directory = draft.state.get(stale)
        if directory is not None and directory.target:
            draft.move(directory.target, stale, target)
        draft.remove(stale)


def _retire(draft: Draft) -> None:
    """Remove builds that a meta backend pointed to and that nothing needs any more; they become previous versions."""
    for backend, reason in draft.moved.items():
        directory = draft.state.get(backend)
        needed = any(other.target == backend for other in draft.state.directories)
        requested = directory is not None and directory.record is not None and directory.record.requested
        if directory is not None and not directory.target and not (needed or requested or draft.is_named(backend)):
            draft.retire(backend, reason)
    if draft.options.state == "latest":
        for backend in _not_spared(outlived(draft.options.bare_names, draft.state, draft.capability.name), draft):
            draft.retire(backend, "nothing has stood for it since a run was interrupted")


def _not_spared(backends: t.Iterable[str], draft: Draft) -> list[str]:
    """Return those of C(backends) that do not stay because a GPU cannot be read."""
    spared = spared_builds(draft.options.bare_names, draft.state, draft.capability)
    return [backend for backend in backends if backend not in spared]

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removals for `state=absent`: the directories that answer to a name, and those that belong to them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._errors import OptionError
from .._localai.installed import Installed
from .._localai.leftovers import leftover_of
from .._request import bare_name
from . import add
from .changes import Changes
from .plan import Outcome


@dataclass(frozen=True)
class Removal:
    """The directories to remove: `reasons` has the reason for each, in the order of removal.

    `named` has the directories with a requested name. `answers` maps each name to the first directory that answers to
    it.
    """

    reasons: t.Mapping[str, str]
    named: frozenset[str]
    answers: t.Mapping[str, str]


def plan_removal(
    changes: Changes, requested: t.Sequence[str], needed: t.Mapping[str, str] | None = None
) -> list[Outcome]:
    """Plan `state=absent` for names; raises OptionError for a removal that would break another backend.

    `needed` has the directories that other names of the task need, with one of these names.
    """
    names = [bare_name(name) for name in requested]
    # LocalAI names a meta backend as it was requested, including its gallery.
    spelling = {bare_name(name): name for name in requested if "@" in name and changes.state.find(name)}
    removals = removal([*names, *spelling.values()], changes.state, needed or {})
    answering = [name if name in removals.answers else spelling.get(name, name) for name in names]
    outcomes = [_outcome(name, removals, changes) for name in answering]
    for backend, reason in removals.reasons.items():
        add.remove(changes, backend)
        if backend not in removals.named:
            changes.removed.append((backend, reason))
    return [replace(outcome, done_after=len(changes.steps)) for outcome in outcomes]


def plan_other_removals(changes: Changes) -> list[Outcome]:
    """Plan the removals of a task that also installs backends; raises OptionError if one of these would be removed."""
    needed: dict[str, str] = {}
    rows = changes.listing()
    for name in changes.request.bare_names:
        directory, row = changes.state.find(name), rows.find(name)
        backends = [directory.name, directory.target] if directory is not None else []
        backends += [row.backend, row.home] if row is not None and row.kind != "system" else []
        needed.update({backend: name for backend in backends if backend})
    return plan_removal(changes, changes.request.absent, needed)


def removal(names: t.Sequence[str], installed: Installed, needed: t.Mapping[str, str]) -> Removal:
    """Return the directories to remove so that nothing answers to `names`, which are case-insensitive.

    Raises OptionError if a meta backend that is not removed points to a named build, and for a directory that is
    `needed`.
    """
    reasons: dict[str, str] = {}
    named: set[str] = set()
    answers: dict[str, str] = {}
    for name in names:
        with_name, with_alias = _answering(name, installed)
        named.update(with_name)
        for backend, reason in [*with_name.items(), *with_alias.items()]:
            reasons.setdefault(backend, reason)
            answers.setdefault(name, backend)
    _refuse_needed(named, reasons, installed)
    _add_metas(reasons, named, installed)
    _add_targets(reasons, installed, needed)
    _refuse_requested(reasons, needed)
    _add_leftovers(names, reasons, installed)
    for name in names:
        _add_previous(name, reasons, named, answers, installed)
    metas = {directory.name for directory in installed.directories if directory.target}
    # Builds first: if the run is interrupted, the next run finds the remaining directories by the meta backend.
    ordered = {backend: reasons[backend] for backend in sorted(reasons, key=lambda backend: backend in metas)}
    return Removal(ordered, frozenset(named), answers)


def _outcome(name: str, removals: Removal, changes: Changes) -> Outcome:
    if name in removals.answers:
        answering = removals.answers[name]
        directory = changes.state.get(answering)
        backend = directory.target or directory.name if directory else answering
        return Outcome(name, backend, "remove", removals.reasons[answering])
    row = changes.listing().find(name)
    if row is not None and row.kind == "system":
        reason = "a system backend answers to it, and system backends are never removed"
        changes.warnings.append(f"{name}: {reason}. Nothing is removed.")
        return Outcome(row.name, row.backend, "none", reason)
    return Outcome(name, None, "none", "it is not installed")


def _answering(name: str, installed: Installed) -> tuple[dict[str, str], dict[str, str]]:
    """Return the directories that have a name, and those that have it as their alias, each with the reason."""
    lowered = name.lower()
    with_name: dict[str, str] = {}
    with_alias: dict[str, str] = {}
    for directory in installed.called(name):
        if directory.busy:
            continue
        metadata = directory.metadata if directory.kind == "directory" else None
        if directory.name.lower() == lowered:
            with_name[directory.name] = "state is absent"
        elif metadata and directory.target and metadata.name.lower() == lowered:
            with_name[directory.name] = f"it was the meta backend {metadata.name}"
        elif metadata and metadata.alias.lower() == lowered:
            with_alias[directory.name] = f"its alias was {metadata.alias}"
    return with_name, with_alias


def _refuse_needed(named: t.Container[str], reasons: t.Container[str], installed: Installed) -> None:
    for directory in installed.directories:
        if directory.target in named and directory.name not in reasons:
            raise OptionError(
                f"{directory.target} cannot be removed: the installed meta backend {directory.name} points to it. "
                f"Add {directory.name} to name, or remove {directory.target} from it."
            )


def _add_metas(reasons: dict[str, str], named: t.Container[str], installed: Installed) -> None:
    """Add the meta backends of builds that are removed because of their alias."""
    for directory in installed.directories:
        if directory.target in reasons and directory.target not in named:
            reasons.setdefault(directory.name, f"it pointed to {directory.target}, which is removed too")


def _refuse_requested(reasons: t.Mapping[str, str], needed: t.Mapping[str, str]) -> None:
    for backend, reason in reasons.items():
        if backend in needed:
            raise OptionError(
                f"{backend} would be installed for {needed[backend]} and removed, because {reason}. Remove one of the "
                "two entries from backends."
            )


def _add_targets(reasons: dict[str, str], installed: Installed, requested: t.Container[str]) -> None:
    """Add the builds that removed meta backends point to, unless another meta backend or the task needs them."""
    needed = {directory.target for directory in installed.directories if directory.name not in reasons}
    for meta in installed.directories:
        target = installed.get(meta.target) if meta.name in reasons and meta.target else None
        if target is not None and not target.target and target.name not in needed and target.name not in requested:
            reasons.setdefault(target.name, f"{meta.name} pointed to it")


def _add_leftovers(names: t.Sequence[str], reasons: dict[str, str], installed: Installed) -> None:
    """Add LocalAI's leftovers of the removed backends, except directories that LocalAI may be filling."""
    removed = {name.lower() for name in (*names, *reasons)}
    for directory in installed.directories:
        if leftover_of(directory.name).lower() in removed and not directory.busy:
            reasons.setdefault(directory.name, f"it was LocalAI's leftover of {leftover_of(directory.name)}")


def _add_previous(
    name: str, reasons: dict[str, str], named: set[str], answers: dict[str, str], installed: Installed
) -> None:
    """Add backends that have only previous versions or a downloaded build."""
    only = {previous.backend: "only previous versions of it existed" for previous in installed.previous_of(name)}
    for backend, build in installed.downloaded.items():
        if name.lower() in (backend.lower(), build.directory.alias.lower()) and not installed.get(backend):
            only.setdefault(backend, "it was only downloaded")
    for backend, reason in only.items():
        if backend not in reasons:
            reasons[backend] = reason
            named.add(backend)
            answers.setdefault(name, backend)

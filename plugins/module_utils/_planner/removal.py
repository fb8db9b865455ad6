# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to go: what answers to a name that shall be absent, and what that takes along; what is superfluous. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import OptionError
from .._localai.installed import Installed
from .._localai.leftovers import leftover_of
from .._localai.listing import Listing, home


@dataclass(frozen=True)
class Removal:
    """The directories that go, with the reason, in the order of their removal.

    C(named) are those that bear a name asked for; C(answers) has for each name something answers to the directory that
    does so first.
    """

    reasons: t.Mapping[str, str]
    named: frozenset[str]
    answers: t.Mapping[str, str]


def removal(names: t.Sequence[str], installed: Installed) -> Removal:
    """Return what has to go so that nothing answers to C(names), in any case of their letters.

    Raises OptionError when a name's own build is what an installed meta backend stands for that stays.
    """
    reasons: dict[str, str] = {}
    named: set[str] = set()
    answers: dict[str, str] = {}
    for name in names:
        bearing, by_alias = _answering(name, installed)
        named.update(bearing)
        for backend, why in [*bearing.items(), *by_alias.items()]:
            reasons.setdefault(backend, why)
            answers.setdefault(name, backend)
    _refuse_needed(named, reasons, installed)
    _take_metas_along(reasons, named, installed)
    _take_targets_along(reasons, installed)
    _take_leftovers_along(names, reasons, installed)
    for name in names:
        _take_kept_along(name, reasons, named, answers, installed)
    metas = {directory.name for directory in installed.directories if directory.target}
    # Builds first, so that an interrupted run leaves a meta by which the next one finds what is left.
    ordered = {backend: reasons[backend] for backend in sorted(reasons, key=lambda backend: backend in metas)}
    return Removal(ordered, frozenset(named), answers)


def superfluous(names: t.Sequence[str], installed: Installed, capability: str) -> list[str]:
    """Return the directories that LocalAI lists or that are metas, and that none of C(names) needs."""
    rows = Listing(installed, capability)
    needed = set()
    for name in names:
        own, row = installed.find(name), rows.find(name)
        needed |= {own.name, own.target} if own is not None else set()
        needed |= {row.backend, home(installed, row)} if row is not None and row.kind != "system" else set()
    return [
        directory.name
        for directory in installed.directories
        if directory.kind == "directory"
        and directory.name not in needed
        and not directory.busy
        and (directory.has_run_file or directory.target or directory.alias)
    ]


def outnumbering(names: t.Iterable[str], installed: Installed, most: int) -> dict[str, int]:
    """Return how many previous versions of each backend are more than C(most): of those that bear one of C(names)."""
    meant = {name.lower() for name in names}
    counts = {
        kept.backend: len(installed.kept_of(kept.backend))
        for kept in installed.kept
        if not meant.isdisjoint((kept.backend.lower(), kept.directory.alias.lower()))
    }
    return {backend: count - most for backend, count in counts.items() if count > most}


def outlived(names: t.Sequence[str], installed: Installed, capability: str) -> list[str]:
    """Return the builds that were brought for a meta among C(names), and that nothing stands for or runs any more.

    A run that moved the meta on died before it came to them.
    """
    asked = {name.lower() for name in names}
    rows = Listing(installed, capability)
    needed = {directory.target for directory in installed.directories}
    needed |= {row.backend for name, row in rows.items() if name != row.backend}
    return [
        directory.name
        for directory in installed.directories
        if directory.record is not None
        and not directory.record.requested
        and directory.alias.lower() in asked
        and directory.name not in needed
        and directory.name.lower() not in asked
    ]


def _answering(name: str, installed: Installed) -> tuple[dict[str, str], dict[str, str]]:
    """Return why directories answer to a name: those that bear it, and those that have it as their alias."""
    wanted = name.lower()
    bearing: dict[str, str] = {}
    by_alias: dict[str, str] = {}
    for directory in installed.called(name):
        if directory.busy:
            continue
        metadata = directory.metadata if directory.kind == "directory" else None
        if directory.name.lower() == wanted:
            bearing[directory.name] = "state is absent"
        elif metadata and directory.target and metadata.name.lower() == wanted:
            bearing[directory.name] = f"it is the meta backend {metadata.name}"
        elif metadata and metadata.alias.lower() == wanted:
            by_alias[directory.name] = f"its alias is {metadata.alias}"
    return bearing, by_alias


def _refuse_needed(named: t.Container[str], reasons: t.Container[str], installed: Installed) -> None:
    for directory in installed.directories:
        if directory.target in named and directory.name not in reasons:
            raise OptionError(
                f"{directory.target} cannot be removed: the installed meta backend {directory.name} stands for it. "
                f"Put {directory.name} into name as well, or leave {directory.target} out."
            )


def _take_metas_along(reasons: dict[str, str], named: t.Container[str], installed: Installed) -> None:
    """Add the metas that stand for a build which goes by its alias."""
    for directory in installed.directories:
        if directory.target in reasons and directory.target not in named:
            reasons.setdefault(directory.name, f"it stands for {directory.target}, which goes")


def _take_targets_along(reasons: dict[str, str], installed: Installed) -> None:
    """Add the builds that metas which go stand for, unless another meta needs them."""
    needed = {directory.target for directory in installed.directories if directory.name not in reasons}
    for meta in installed.directories:
        target = installed.get(meta.target) if meta.name in reasons and meta.target else None
        if target is not None and not target.target and target.name not in needed:
            reasons.setdefault(target.name, f"it is what {meta.name} stands for")


def _take_leftovers_along(names: t.Sequence[str], reasons: dict[str, str], installed: Installed) -> None:
    """Add what LocalAI left of the backends that go, but for what it may be filling at this moment."""
    going = {name.lower() for name in (*names, *reasons)}
    for directory in installed.directories:
        if leftover_of(directory.name).lower() in going and not directory.busy:
            reasons.setdefault(directory.name, f"LocalAI left it of {leftover_of(directory.name)}")


def _take_kept_along(
    name: str, reasons: dict[str, str], named: set[str], answers: dict[str, str], installed: Installed
) -> None:
    """Add a backend of which nothing but replaced trees is there."""
    for kept in installed.kept_of(name):
        if kept.backend not in reasons:
            reasons[kept.backend] = "only replaced trees of it are kept"
            named.add(kept.backend)
            answers.setdefault(name, kept.backend)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The situation of one name: the directories that belong to it, and LocalAI's row for it."""

from __future__ import annotations

import typing as t

from .._fs.file_attributes import FileAttributes
from .._localai.capability import HostCapability
from .._localai.installed import Directory, Installed, PreviousVersion
from .._localai.listing import Listing, Row
from .._request import BackendOptions


class Situation(t.NamedTuple):
    """One bare name, and what is installed for it.

    `directory` is the directory with that name, and `damage` is its damage. `row` is the row of the name in LocalAI's
    listing, and `build` is the directory with the run file that it needs. `requested` has the attributes that all
    `involved` trees must have.
    """

    name: str
    request: BackendOptions
    installed: Installed
    host: HostCapability
    requested: FileAttributes
    directory: Directory | None
    row: Row | None
    damage: str
    build: Directory | None
    involved: t.Sequence[Directory]

    def restorable(self, backend: str) -> list[PreviousVersion]:
        """Return the previous versions of a backend that the task may restore, the latest first."""
        if not self.request.may_restore_previous:
            return []
        return [previous for previous in self.installed.previous_of(backend) if can_be_restored(previous)]


def situation_of(
    name: str, request: BackendOptions, installed: Installed, host: HostCapability, requested: FileAttributes
) -> Situation:
    """Return the situation of a bare name."""
    own = installed.find(name)
    row = Listing(installed, host.name).find(name)
    answering = installed.get(row.backend) if row is not None and row.kind != "system" else None
    build = installed.get(own.target) if own is not None and own.target else own or answering
    involved = {
        directory.name: directory
        for directory in (own, build, answering)
        if directory is not None and directory.kind == "directory"
    }
    damage = installed.damage(own) if own is not None else ""
    return Situation(name, request, installed, host, requested, own, row, damage, build, list(involved.values()))


def can_be_restored(previous: PreviousVersion) -> bool:
    """Return whether a previous version is a build that can run."""
    directory = previous.directory
    return directory.kind == "directory" and directory.runnable and not directory.problem and not directory.target

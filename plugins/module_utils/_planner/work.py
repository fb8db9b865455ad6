# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings that need a change: one class for each kind.

`action` and `reason` appear in the result.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._localai.installed import PreviousVersion
from .findings import NotVerified, Sound

if t.TYPE_CHECKING:
    from .repair import RecordedBuild


@dataclass(frozen=True)
class Install:
    """A build has to be installed: that of `subject` or, if `subject` cannot be resolved, that of `instead`.

    A repair installs the `recorded` build, if there is one.
    """

    action: str
    reason: str
    subject: str
    instead: str = ""
    recorded: RecordedBuild | None = None


@dataclass(frozen=True)
class Compare:
    """The installed build of `subject` has to be compared with the current build of its source."""

    subject: str
    reason: str = "it is the current build of its source"


@dataclass(frozen=True)
class RestorePrevious:
    """A previous version can be restored; `recorded` is the build that a repair has to install."""

    action: str
    reason: str
    previous: PreviousVersion
    recorded: RecordedBuild | None = None


@dataclass(frozen=True)
class MetaMissing:
    """The meta backend `meta` has to be written. Its `build` is already installed."""

    action: str
    reason: str
    meta: str
    build: str


@dataclass(frozen=True)
class OtherAlias:
    """The build in `directory` needs another alias."""

    reason: str
    directory: str


@dataclass(frozen=True)
class OtherAttributes:
    """Paths of the tree in `directory` have another owner, group or mode."""

    reason: str
    directory: str


@dataclass(frozen=True)
class Leftover:
    """LocalAI left the `directory` behind. It answers to the name, so it has to be removed."""

    reason: str
    directory: str


Work = t.Union[Install, Compare, RestorePrevious, MetaMissing, OtherAlias, OtherAttributes, Leftover]
Finding = t.Union[Sound, NotVerified, Work]

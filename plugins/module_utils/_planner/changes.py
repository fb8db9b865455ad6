# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan in the making: the steps so far, and the backends path as it will be after them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._localai.capability import HostCapability
from .._localai.installed import Installed
from .._localai.listing import Listing
from .._request import BackendOptions
from .facts import Facts

if t.TYPE_CHECKING:
    from .steps import Remove, Step


@dataclass
class Changes:
    """What was planned so far for a request; `add` has the functions that plan a step.

    `repointed` has former targets of meta backends, with the reason. `superseded` has directories whose name now
    belongs to another directory, with the new target of the name. `dismissed` are removals of leftovers.
    """

    request: BackendOptions
    facts: Facts
    state: Installed
    steps: list[Step] = field(default_factory=list)
    repointed: dict[str, str] = field(default_factory=dict)
    superseded: dict[str, str] = field(default_factory=dict)
    dismissed: list[Remove] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def host(self) -> HostCapability:
        """What this host can run."""
        return self.facts.host

    def listing(self) -> Listing:
        """Return what LocalAI would list after the steps so far."""
        return Listing(self.state, self.host.name)

    def is_named(self, backend: str) -> bool:
        """Return whether the task names a directory itself."""
        return backend.lower() in (name.lower() for name in self.request.bare_names)

    def spelling_of(self, name: str) -> str:
        """Return how the directory of a name is spelled on disk."""
        own = self.state.find(name)
        return own.name if own is not None else name

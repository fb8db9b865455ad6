# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An incomplete plan: the steps so far, and the state of the backends path after them."""

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
    """The changes that are planned so far. The functions in `add` plan a step.

    `state` is the state after the steps. `repointed` maps former targets of meta backends to the reason. `superseded`
    maps directories whose name another directory takes over to the new target of the name. `dismissed` has the
    removals of leftovers.
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
        """The capability of this host."""
        return self.facts.host

    def listing(self) -> Listing:
        """Return LocalAI's listing after the steps so far."""
        return Listing(self.state, self.host.name)

    def is_named(self, backend: str) -> bool:
        """Return whether the task requests a backend by the name of its directory."""
        return backend.lower() in (name.lower() for name in self.request.bare_names)

    def spelling_of(self, name: str) -> str:
        """Return a name with the spelling of its directory on disk."""
        directory = self.state.find(name)
        return directory.name if directory is not None else name

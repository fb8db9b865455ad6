# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The effects of a plan on a running server."""

from __future__ import annotations

import typing as t

from .._localai.installed import Installed
from .._localai.listing import Listing
from .._localai.server import server_mapping
from .steps import Fetch, Restore, Step


def effects(
    before: Installed, after: Installed, steps: t.Sequence[Step], capability: str
) -> tuple[tuple[str, ...], bool]:
    """Return the names whose files changed while their run file did not, and whether LocalAI needs a restart."""
    swapped = {step.backend for step in steps if isinstance(step, (Fetch, Restore))}
    changed = {directory.name for directory in before.directories if directory.has_run_file} & swapped
    old, new = Listing(before, capability), Listing(after, capability)
    unload = sorted(
        name
        for name in old
        if name in new
        and new[name].kind != "system"
        and new[name].backend in changed
        and old[name].run_file == new[name].run_file
    )
    return tuple(unload), server_mapping(before, capability) != server_mapping(after, capability)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends that a LocalAI server of some version knows after its start. Pure.

Follows `ListSystemBackends` in LocalAI's `core/gallery/backends.go`.
"""

from __future__ import annotations

import typing as t

from .installed import Installed, ListingRules
from .listing import Listing

PREFER_DEVELOPMENT_VARIABLE = "LOCALAI_PREFER_DEV_BACKENDS"
_NEW_RULES_SINCE = (4, 10)


def rules_of(version: tuple[int, ...] | None, environ: t.Mapping[str, str]) -> ListingRules:
    """Return how a server of this version lists its backends; None is the newest version.

    `environ` has the variables of the server that are known.
    """
    if version is not None and version < _NEW_RULES_SINCE:
        return ListingRules(reads_system_metadata=False)
    prefers = environ.get(PREFER_DEVELOPMENT_VARIABLE, "").lower() in ("true", "1", "yes")
    return ListingRules(prefers_development=prefers)


def lists_backends(installed: Installed) -> bool:
    """Return whether a server lists backends: not if it cannot read the path, or a `metadata.json` in it."""
    return installed.readable and not any(
        directory.kind == "directory" and directory.problem for directory in installed.directories
    )


def server_mapping(installed: Installed, capability: str) -> dict[str, str]:
    """Return the run files by name that a server knows after its start."""
    if not lists_backends(installed):
        return {}
    return {name: row.run_file for name, row in Listing(installed, capability).items()}

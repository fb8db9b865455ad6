# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends that a LocalAI server of some version knows after its start. Pure.

Follows `ListSystemBackends` in LocalAI's `core/gallery/backends.go`.
"""

from __future__ import annotations

from .installed import Installed
from .listing import Listing

_SYSTEM_METADATA_SINCE = (4, 10)


def reads_system_metadata(version: tuple[int, ...] | None) -> bool:
    """Return whether a server of this version lists aliases and meta backends of the system path. None: the newest."""
    return version is None or version >= _SYSTEM_METADATA_SINCE


def server_mapping(installed: Installed, capability: str) -> dict[str, str]:
    """Return the run files by name that a server knows after its start.

    If one `metadata.json` is unreadable, it knows no backends at all.
    """
    if any(directory.kind == "directory" and directory.problem for directory in installed.directories):
        return {}
    return {name: row.run_file for name, row in Listing(installed, capability).items()}

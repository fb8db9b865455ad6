# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of our own files and directories in a directory that we own parts of. Pure."""

from __future__ import annotations

import typing as t

BUILDS = "builds.json"

MEMORY = "file-system.json"

LOCK = "lock"

PROGRESS = "progress"

OWN_DIRECTORY = ".localai-core"
KEPT, STAGING, REPLACED = "kept", "staging", "replaced"
_LONGEST_NUMBER = 18


def kept_numbers(names: t.Iterable[str]) -> list[int]:
    """Return the numbers of previous versions that have these names, in order, without names that none gets from us."""
    return sorted(
        int(name)
        for name in names
        if name.isascii() and name.isdecimal() and len(name) <= _LONGEST_NUMBER and not name.startswith("0")
    )

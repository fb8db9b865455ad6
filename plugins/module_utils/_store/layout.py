# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of our own files and directories in a directory that we manage, and the files of the trees in it. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

OWN_DIRECTORY = ".localai-core"
BUILDS, FILE_SYSTEM, LOCK, PROGRESS = "builds.json", "file-system.json", "lock", "progress"
STAGING, REPLACED, PREVIOUS, PARTIAL = "staging", "replaced", "kept", "partial"
_MAX_DIGITS = 18


@dataclass(frozen=True)
class TreeFiles:
    """The files at the top of a tree by which others know it.

    Files of `described_by` describe it, have the mode 0644 and may be rewritten; those of `executables` have to be
    executable.
    """

    described_by: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.described_by, *self.executables)


def version_numbers(names: t.Iterable[str]) -> list[int]:
    """Return the numbers of the previous versions with these names in ascending order; other names are ignored."""
    return sorted(
        int(name)
        for name in names
        if name.isascii() and name.isdecimal() and len(name) <= _MAX_DIGITS and not name.startswith("0")
    )

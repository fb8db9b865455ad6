# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files at the top of a tree by which others know it. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TreeFiles:
    """The names of these files.

    Files of `described_by` describe it, have the mode 0644 and may be rewritten; those of `executables` have to be
    executable.
    """

    described_by: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.described_by, *self.executables)

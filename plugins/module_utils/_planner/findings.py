# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings about one name that need no change. For the others, see `work`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sound:
    """The name is as requested."""

    reason: str


@dataclass(frozen=True)
class NotVerified:
    """The tree in `directory` has to be walked before anything can be decided."""

    directory: str

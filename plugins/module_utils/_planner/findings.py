# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the disk alone tells about one name: it is sound, or a walk has to show it, or it takes `work`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sound:
    """The name is as requested."""

    reason: str


@dataclass(frozen=True)
class NotVerified:
    """Nothing can be said before a walk through the tree in `directory`."""

    directory: str

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What LocalAI leaves beside a backend when it is interrupted. Pure."""

from __future__ import annotations

# What LocalAI itself leaves beside a backend when it dies in an installation or an upgrade.
TEMPORARIES = (".install-tmp", ".upgrade-tmp")
BACKUPS = (".backup", ".install-backup")


def leftover_of(name: str) -> str:
    """Return the backend that a directory is one of LocalAI's leftovers of; nothing when it is none."""
    suffix = next((suffix for suffix in (*TEMPORARIES, *BACKUPS) if name.endswith(suffix)), "")
    return name[: -len(suffix)] if suffix else ""


def is_temporary(name: str) -> bool:
    """Return whether LocalAI fills a directory of that name before it becomes a backend."""
    return bool(leftover_of(name)) and name.endswith(TEMPORARIES)

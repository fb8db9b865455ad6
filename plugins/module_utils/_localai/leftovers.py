# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories that an interrupted LocalAI leaves beside a backend. Pure."""

from __future__ import annotations

# LocalAI fills a directory with such a name before it becomes a backend.
TEMPORARIES = (".install-tmp", ".upgrade-tmp")
# LocalAI moves an installed backend to such a name before it replaces it.
BACKUPS = (".backup", ".install-backup")


def leftover_of(name: str) -> str:
    """Return the backend that a leftover with this name belongs to; empty if the name is not that of a leftover."""
    suffix = next((suffix for suffix in (*TEMPORARIES, *BACKUPS) if name.endswith(suffix)), "")
    return name[: -len(suffix)] if suffix else ""


def is_temporary(name: str) -> bool:
    """Return whether LocalAI fills a directory with this name before it becomes a backend."""
    return bool(leftover_of(name)) and name.endswith(TEMPORARIES)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of our own files and directories in a directory that we manage. Pure."""

from __future__ import annotations

import hashlib
import typing as t

OWN_DIRECTORY = ".localai-core"
BUILDS, FILE_SYSTEM, LOCK, PROGRESS = "builds.json", "file-system.json", "lock", "progress"
STAGING, REPLACED, PREVIOUS, PARTIAL, MODELS = "staging", "replaced", "kept", "partial", "models"
DOWNLOADED = "downloaded"
OWN_NAMES = frozenset({BUILDS, FILE_SYSTEM, LOCK, PROGRESS, STAGING, REPLACED, PREVIOUS, PARTIAL, DOWNLOADED, MODELS})
_MAX_DIGITS = 18


def content_key(identity: str) -> str:
    """Return the name under which a content is kept; `identity` is its digest, or what else tells it from others."""
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def version_numbers(names: t.Iterable[str]) -> list[int]:
    """Return the numbers of the previous versions with these names in ascending order; other names are ignored."""
    return sorted(
        int(name)
        for name in names
        if name.isascii() and name.isdecimal() and len(name) <= _MAX_DIGITS and not name.startswith("0")
    )

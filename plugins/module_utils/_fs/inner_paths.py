# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The paths and the modes that members of an archive may get in a tree. Pure."""

from __future__ import annotations

from .._errors import SourceError

MAX_LEVELS = 200
# setuid, setgid and write for others
_REFUSED_BITS = 0o6002


def inner_path(name: str) -> str:
    """Return the path that the archive entry `name` has inside the tree, empty for its top; raises SourceError."""
    if "\0" in name:
        raise SourceError(f"an entry has a NUL in its name: {name[:100]!r}.")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise SourceError(f"the entry {name[:200]!r} leads out of the tree.")
    too_long = any(len(part.encode("utf-8", "surrogateescape")) > 255 for part in parts) or len(name) > 4000
    if too_long or len(parts) > MAX_LEVELS:
        raise SourceError(f"the entry {name[:100]!r}… has a name that is too long or too deep.")
    return "/".join(parts)


def safe_mode(mode: int) -> int:
    """Return the mode of a file: that of the archive without setuid, setgid and world-write, with owner-read."""
    return mode & 0o7777 & ~_REFUSED_BITS | 0o400

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One entry of an archive, whatever the format of the archive. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

EntryKind = t.Literal["file", "directory", "symlink", "hardlink", "other"]


@dataclass(frozen=True)
class Entry:
    """One entry; `link` is where a link leads, and `what` says in words what an entry of the kind "other" is.

    `holes` is None, or for a sparse file where its data are: pairs of an offset and a length, in bytes.
    """

    name: str
    kind: EntryKind
    mode: int
    mtime: float | None
    size: int = 0
    link: str = ""
    holes: tuple[tuple[int, int], ...] | None = None
    what: str = ""

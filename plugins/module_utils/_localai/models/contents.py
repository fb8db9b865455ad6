# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of the models path, as values. Pure."""

from __future__ import annotations

import posixpath
import typing as t
from dataclasses import dataclass

Kind = t.Literal["file", "directory", "link", "other"]
ARTIFACTS = ".artifacts"
SNAPSHOTS = ".artifacts/huggingface"
PARTIAL_SNAPSHOTS = ".artifacts/.partial"
PARTIAL = ".partial"


@dataclass(frozen=True)
class Entry:
    """One entry of the models path; `path` is relative to it.

    `target_kind` is what a link leads to, empty if it leads nowhere, and `target` the path of that, relative to the
    models path, empty if it is not in it. `mode` has the permission bits only. `mtime` is in seconds since 1970.
    """

    path: str
    kind: Kind = "file"
    size: int = 0
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = 0.0
    target_kind: t.Literal["", "file", "directory", "other"] = ""
    target: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return posixpath.basename(self.path)

    @property
    def is_top(self) -> bool:
        """Whether it lies directly in the models path."""
        return "/" not in self.path


class Listing(t.NamedTuple):
    """The entries of the models path, a directory before its entries, and why parts of it are not listed."""

    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()


class Finding(t.NamedTuple):
    """Something that is wrong in the models path: the entry, a sentence about it, and what to do."""

    path: str
    problem: str
    advice: str


class Reader(t.NamedTuple):
    """The user that the service runs as, and all of its groups."""

    uid: int
    gids: frozenset[int]

    def may_read(self, entry: Entry) -> bool:
        """Return whether the mode of a file lets this user read it; for a directory, whether they may enter it."""
        wanted = 0o1 if entry.kind == "directory" else 0o4
        if self.uid == 0:
            return True
        if self.uid == entry.uid:
            return bool(entry.mode & wanted << 6)
        return bool(entry.mode & (wanted << 3 if entry.gid in self.gids else wanted))


def is_yaml(name: str) -> bool:
    """Return whether a file is YAML by its name, in any spelling."""
    return name.lower().endswith((".yaml", ".yml"))

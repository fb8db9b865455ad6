# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our own record of an installed tree, beside LocalAI's metadata. Pure: bytes -> values -> bytes."""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict, dataclass, replace

Contents = t.Dict[str, t.List[str]]
RECORD = ".localai-core.json"
# How many paths a record may list: a few bytes of JSON take many of memory.
_MOST_LISTED = 4000000
# What the first trees were installed without.
_LATER_KEYS = ("pinned", "listed")


@dataclass(frozen=True)
class Record:
    """C(.localai-core.json): what only this collection needs to know of a tree; sizes are in bytes.

    C(requested) is a tree that was asked for by its own name, C(pinned) one that came from the option C(pins). With
    C(listed), what was installed is in the file too, as C(_verify) lists it. That is long for a tree of 300,000 files,
    so it stands on the second line, which is read only when a tree is to be verified.
    """

    requested: bool = False
    platform_digest: str = ""
    sha256: str = ""
    size: int = 0
    entries: int = 0
    pinned: bool = False
    listed: bool = False

    @classmethod
    def parse(cls, data: bytes) -> Record | None:
        """Return the record that C(data) begins with, or None when there is none: a tree without one is normal."""
        try:
            line = data.partition(b"\n")[0].decode("utf-8")
            document = json.loads(f"{line[:-1]}}}" if line.endswith(",") else line)
            known = [key for key in cls.__dataclass_fields__ if key in document or key not in _LATER_KEYS]
            values = {key: document[key] for key in known}
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        expected = cls()
        if any(type(value) is not type(getattr(expected, key)) for key, value in values.items()):
            return None
        return cls(**values)

    def to_json(self, contents: Contents | None = None) -> bytes:
        """Return the file's content, with the list of what was installed, if there is one, on a line of its own."""
        known = _compact({"format": 1, **asdict(replace(self, listed=contents is not None))})
        listed = "" if contents is None else f',\n"contents":{_compact(contents)}'
        return f"{known[:-1]}{listed}}}\n".encode("ascii")


def parse_contents(data: bytes) -> Contents | None:
    """Return the list in C(.localai-core.json) of what was installed, or None when it is damaged or too long."""
    if data.count(b",") > _MOST_LISTED:
        return None
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    contents = document.get("contents") if isinstance(document, dict) else None
    listed = isinstance(contents, dict) and all(
        isinstance(entries, list) and all(isinstance(entry, str) for entry in entries) for entries in contents.values()
    )
    return t.cast(Contents, contents) if listed else None


def _compact(document: t.Any) -> str:
    return json.dumps(document, separators=(",", ":"))

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`.localai-core.json`: our own record of an installed tree, beside the files that describe it. Pure.

Its second line is the list of what was installed: paths, types, sizes and the targets of symlinks, but no hashes, and
none of the files that LocalAI, Python or this collection rewrite. It is long for a tree of 300,000 files, so it is read
only to verify the tree.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict, dataclass, replace

RECORD = ".localai-core.json"
# Keys missing from records of early versions.
_LATER_KEYS = ("pinned", "listed")

# For each directory, its files as `SIZE NAME`, its symlinks as `> TARGET/NAME`, and anything else as `? NAME`.
Contents = t.Dict[str, t.List[str]]
# The size of a file in bytes, the target of a symlink, or None for anything else.
Content = t.Union[int, str, None]
# A few bytes of JSON take many bytes of memory.
_MAX_LISTED = 4_000_000
_VENV = "pyvenv.cfg"


@dataclass(frozen=True)
class Record:
    """What only this collection needs to know of a tree; `size` is in bytes.

    `requested`: a task named the tree itself. `pinned`: it was installed by the option `pins`. `listed`: the record has
    the list of what was installed.
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
        """Return the record on the first line of `data`, or None if there is none: a tree without one is normal."""
        try:
            line = data.partition(b"\n")[0].decode("utf-8")
            document = json.loads(f"{line[:-1]}}}" if line.endswith(",") else line)
            known = [key for key in cls.__dataclass_fields__ if key in document or key not in _LATER_KEYS]
            values = {key: document[key] for key in known}
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        defaults = cls()
        if any(type(value) is not type(getattr(defaults, key)) for key, value in values.items()):
            return None
        return cls(**values)


@dataclass(frozen=True)
class Inspection:
    """What a walk through an installed tree found.

    `damage` says in words what differs from the record, `differing` is the number of paths that have another owner,
    group or mode than requested.
    """

    damage: str = ""
    differing: int = 0


def contents_of(tree: t.Mapping[str, t.Mapping[str, Content]], described_by: t.Sequence[str]) -> Contents:
    """Return the list for a tree: what each of its directories holds by name.

    The files `described_by` at its top are left out.
    """
    rewritten = {*described_by, RECORD}
    venv_scripts = {f"{path}/bin".lstrip("/") for path, names in tree.items() if _VENV in names}
    return {
        path: [
            _entry(name, names[name])
            for name in sorted(names)
            if not (name == _VENV or name.endswith(".pyc") or (not path and name in rewritten))
        ]
        for path, names in sorted(tree.items())
        if path not in venv_scripts and "__pycache__" not in path.split("/")
    }


def name_of(entry: str) -> str:
    """Return the name in an entry of the list; a name has no slash."""
    return entry.rpartition("/")[2] if entry.startswith("> ") else entry.partition(" ")[2]


def record_file(record: Record, contents: Contents | None = None) -> bytes:
    """Return the content of `.localai-core.json`, with the list on the second line if there is one."""
    first_line = _compact({"format": 1, **asdict(replace(record, listed=contents is not None))})
    second_line = "" if contents is None else f',\n"contents":{_compact(contents)}'
    return f"{first_line[:-1]}{second_line}}}\n".encode("ascii")


def parse_contents(data: bytes) -> Contents | None:
    """Return the list in the content of `.localai-core.json`; None if there is none, or it is damaged or too long."""
    if data.count(b",") > _MAX_LISTED:
        return None
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    contents = document.get("contents") if isinstance(document, dict) else None
    is_valid = isinstance(contents, dict) and all(
        isinstance(entries, list) and all(isinstance(entry, str) for entry in entries) for entries in contents.values()
    )
    return t.cast(Contents, contents) if is_valid else None


def _entry(name: str, content: Content) -> str:
    if isinstance(content, str):
        return f"> {content}/{name}"
    return f"{'?' if content is None else content} {name}"


def _compact(document: t.Any) -> str:
    return json.dumps(document, separators=(",", ":"))

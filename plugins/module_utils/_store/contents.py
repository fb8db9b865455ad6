# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of what was installed in a tree, in its record: paths, types, sizes and the targets of symlinks. Pure.

It has no hashes, and none of the files that LocalAI, Python or this collection rewrite.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict, replace

from .record import RECORD, Record

# For each directory, its files as `SIZE NAME`, its symlinks as `> TARGET/NAME`, and anything else as `? NAME`.
Contents = t.Dict[str, t.List[str]]
# The size of a file in bytes, the target of a symlink, or None for anything else.
Content = t.Union[int, str, None]
# A few bytes of JSON take many bytes of memory.
_MAX_LISTED = 4_000_000
_VENV = "pyvenv.cfg"


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
    values = {"format": 1, **asdict(replace(record, listed=contents is not None))}
    del values["signer"]
    if record.signer is not None:
        values["signer"] = record.signer._asdict()
    first_line = _compact(values)
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

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was installed in a tree, written down, and later compared with what is there.

Paths, types, sizes and the targets of symlinks; no hashes, and nothing of what LocalAI's Python backends rewrite.
"""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t

from .._fs.walk import Place, walk
from .._localai.metadata import METADATA
from .record import RECORD, Contents

_VENV = "pyvenv.cfg"
_SHOWN = 3
_What = t.Union[int, str, None]


def contents_of(tree: t.Mapping[str, t.Mapping[str, _What]]) -> Contents:
    """Return what is in a tree: for each directory its files as C(SIZE NAME) and its symlinks as C(> TARGET/NAME).

    C(tree) is what each directory holds by name: the size of a file, the target of a symlink, or None for what is
    neither.
    """
    scripts = {f"{path}/bin".lstrip("/") for path, names in tree.items() if _VENV in names}
    return {
        path: [_entry(name, names[name]) for name in sorted(names) if not _is_rewritten(path, name)]
        for path, names in sorted(tree.items())
        if path not in scripts and "__pycache__" not in path.split("/")
    }


def found_at(top: int, where: str) -> Contents:
    """Return what is in a tree that is installed; C(where) is for messages."""
    tree: dict[str, dict[str, _What]] = {"": {}}
    for place in walk(top, where):
        if place.is_directory:
            tree[place.path] = {}
        else:
            parent, _slash, name = place.path.rpartition("/")
            # A server that runs removes files in its backends.
            with contextlib.suppress(FileNotFoundError):
                tree[parent][name] = _what(place)
    return contents_of(tree)


def damage(recorded: Contents, found: Contents) -> str:
    """Return in words what is not as it was installed; what has come since is no damage."""
    wrong = list(_differences(recorded, found))
    if not wrong:
        return ""
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return f"not as it was installed: {', '.join(wrong[:_SHOWN])}{more}"


def _differences(recorded: Contents, found: Contents) -> t.Iterator[str]:
    for path, entries in recorded.items():
        if path not in found:
            yield f"{path} is missing"
            continue
        there = set(found[path])
        names = {_name(entry) for entry in there}
        for entry in entries:
            if entry not in there:
                name = _name(entry)
                yield f"{path}/{name}".lstrip("/") + (" is changed" if name in names else " is missing")


def _what(place: Place) -> _What:
    if stat.S_ISLNK(place.status.st_mode):
        return os.readlink(place.name, dir_fd=place.fd)
    return place.status.st_size if stat.S_ISREG(place.status.st_mode) else None


def _entry(name: str, what: _What) -> str:
    if isinstance(what, str):
        return f"> {what}/{name}"
    return f"{'?' if what is None else what} {name}"


def _name(entry: str) -> str:
    """Return the name in an entry, which holds no slash."""
    return entry.rpartition("/")[2] if entry.startswith("> ") else entry.partition(" ")[2]


def _is_rewritten(directory: str, name: str) -> bool:
    """Return whether something else writes this file: LocalAI, Python, or we."""
    return (not directory and name in (METADATA, RECORD)) or name == _VENV or name.endswith(".pyc")

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was installed in a tree, written down, and later compared with what is there.

Paths, types, sizes and the targets of symlinks; no hashes, and nothing of what LocalAI's Python backends rewrite.
"""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.localai.core.plugins.module_utils._metadata import METADATA, RECORD, Contents
from ansible_collections.localai.core.plugins.module_utils._walk import Place, walk

_VENV = "pyvenv.cfg"
_SHOWN = 3


def contents_of(top: int, where: str) -> Contents:
    """Return what is in a tree: for each directory its files as C(SIZE NAME) and its symlinks as C(> TARGET/NAME)."""
    contents: Contents = {"": []}
    venvs = set()
    for place in walk(top, where):
        parent, _slash, name = place.path.rpartition("/")
        if name == _VENV:
            venvs.add(parent)
        if _is_rewritten(place.path):
            continue
        if place.is_directory:
            contents[place.path] = []
        elif parent in contents:
            contents[parent].append(_entry(place))
    scripts = {f"{venv}/bin".lstrip("/") for venv in venvs}
    return {path: entries for path, entries in contents.items() if path not in scripts}


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


def _entry(place: Place) -> str:
    if stat.S_ISLNK(place.status.st_mode):
        return f"> {os.readlink(place.name, dir_fd=place.fd)}/{place.name}"
    size = place.status.st_size if stat.S_ISREG(place.status.st_mode) else "?"
    return f"{size} {place.name}"


def _name(entry: str) -> str:
    """Return the name in an entry, which holds no slash."""
    return entry.rpartition("/")[2] if entry.startswith("> ") else entry.partition(" ")[2]


def _is_rewritten(path: str) -> bool:
    """Return whether something else writes this file: LocalAI, Python, or we."""
    name = path.rpartition("/")[2]
    return path in (METADATA, RECORD) or name == _VENV or name.endswith(".pyc") or "__pycache__" in path.split("/")

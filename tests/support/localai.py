# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LocalAI's own view of its two paths: a small model of its start-up, which shares no code with the collection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

_TOKENS = {
    "nvidia": ("cuda", "vulkan", "cpu"),
    "amd": ("rocm", "hip", "vulkan", "cpu"),
    "intel": ("sycl", "intel", "cpu"),
    "metal": ("metal", "cpu"),
    "darwin-x86": ("darwin-x86", "cpu"),
    "vulkan": ("vulkan", "cpu"),
}
_KEYS = ("alias", "meta_backend_for", "name", "gallery_url", "installed_at", "version", "uri", "digest")


class Known(NamedTuple):
    """What LocalAI lists under one name."""

    run_file: str
    is_meta: bool = False
    is_system: bool = False


def run_files(path: Path, system: Path, capability: str, version: str = "v4.11.0") -> dict[str, str]:
    """The run file of every name that a server started now would know; none if one metadata.json is unreadable."""
    readable = all(_metadata(place) is not None for place in _directories(path))
    return listing(path, system, capability, version) if readable else {}


def listing(path: Path, system: Path, capability: str, version: str = "v4.11.0") -> dict[str, str]:
    """The same, as if what is unreadable were not there."""
    return {name: known.run_file for name, known in rows(path, system, capability, version).items()}


def rows(path: Path, system: Path, capability: str, version: str = "v4.11.0") -> dict[str, Known]:
    """The same, with what LocalAI knows of each name besides."""
    old = tuple(map(int, version.lstrip("v").split(".")[:2])) < (4, 10)
    known: dict[str, Known] = {}
    if old:
        for place in _directories(system):
            if (place / "run.sh").exists():
                known[place.name] = Known(f"{place}/run.sh", is_system=True)
        places = _directories(path)
    else:
        places = sorted(_directories(path) + _not_hidden(path, system), key=lambda place: str(place.name).encode())
    aliased: dict[str, list[Path]] = {}
    for place in places:
        metadata = _metadata(place) or {}
        is_system = place.parent == system
        if (place / "run.sh").exists():
            known[place.name] = Known(f"{place}/run.sh", is_system=is_system)
        if metadata.get("meta_backend_for"):
            target = f"{place.parent / metadata['meta_backend_for']}/run.sh"
            known[metadata.get("name") or ""] = Known(target, is_meta=True, is_system=is_system)
        if metadata.get("alias"):
            aliased.setdefault(metadata["alias"], []).append(place)
    for alias, candidates in aliased.items():
        winner = _preferred(candidates, capability)
        is_system = winner.parent == system
        if not (is_system and alias in known and not known[alias].is_system):
            known[alias] = Known(f"{winner}/run.sh", is_system=is_system)
    return known


def _not_hidden(path: Path, system: Path) -> list[Path]:
    """The directories of the system path that neither a name nor an alias of the backends path hides."""
    own = _directories(path)
    names = {place.name for place in own}
    aliases = {(_metadata(place) or {}).get("alias") for place in own} - {None, ""}
    return [
        place
        for place in _directories(system)
        if place.name not in names
        for metadata in [_metadata(place)]
        if metadata is not None and metadata.get("alias") not in aliases
    ]


def _directories(path: Path) -> list[Path]:
    places = sorted(path.iterdir(), key=lambda place: str(place.name).encode()) if path.is_dir() else []
    return [place for place in places if place.is_dir() and not place.is_symlink()]


def _metadata(place: Path) -> dict[str, Any] | None:
    """What stands in metadata.json, its keys in lower case; nothing if there is none, None if it is unreadable."""
    try:
        found = json.loads((place / "metadata.json").read_bytes())
    except FileNotFoundError:
        return {}
    except (ValueError, OSError):
        return None
    if found is None:
        return {}
    if not isinstance(found, dict):
        return None
    metadata = {key.lower(): value for key, value in found.items() if value is not None}
    return metadata if all(isinstance(metadata.get(key, ""), str) for key in _KEYS) else None


def _preferred(places: list[Path], capability: str) -> Path:
    family = next((family for family in _TOKENS if capability.lower().startswith(family)), "")
    for token in _TOKENS.get(family, ("cpu",)):
        for place in places:
            if token in place.name.lower():
                return place
    return places[0]

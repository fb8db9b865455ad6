# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LocalAI's own view of a backends path: a small model of its start-up, which shares no code with the collection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_TOKENS = {"nvidia": ("cuda", "vulkan", "cpu"), "amd": ("rocm", "hip", "vulkan", "cpu")}


def run_files(path: Path, system: Path, capability: str) -> dict[str, str]:
    """The run file of every name that a server started now would know; none if one metadata.json is unreadable."""
    readable = all(_metadata(place) is not None for place in _directories(path))
    return listing(path, system, capability) if readable else {}


def listing(path: Path, system: Path, capability: str) -> dict[str, str]:
    """The same, as if what is unreadable were not there."""
    known = {place.parent.name: str(place) for place in system.glob("*/run.sh")}
    by_alias: dict[str, list[str]] = {}
    for place in _directories(path):
        metadata = _metadata(place) or {}
        if (place / "run.sh").exists():
            known[place.name] = str(place / "run.sh")
        if metadata.get("meta_backend_for"):
            known[metadata["name"]] = str(path / metadata["meta_backend_for"] / "run.sh")
        if metadata.get("alias"):
            by_alias.setdefault(metadata["alias"], []).append(place.name)
    for alias, names in by_alias.items():
        known[alias] = str(path / _preferred(names, capability) / "run.sh")
    return known


def _directories(path: Path) -> list[Path]:
    places = sorted(path.iterdir()) if path.is_dir() else []
    return [place for place in places if place.is_dir() and not place.is_symlink()]


def _metadata(place: Path) -> dict[str, Any] | None:
    """What stands in metadata.json; nothing if there is none, None if it is unreadable."""
    try:
        found = json.loads((place / "metadata.json").read_bytes())
    except FileNotFoundError:
        return {}
    except (ValueError, OSError):
        return None
    return found if isinstance(found, dict) else None


def _preferred(names: list[str], capability: str) -> str:
    tokens = _TOKENS.get(capability.partition("-")[0], ("cpu",))
    for token in tokens:
        for name in names:
            if token in name:
                return name
    return names[0]

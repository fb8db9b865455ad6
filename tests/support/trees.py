# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small trees that the store itself puts into a backends path."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.backend_tree import BACKEND_FILES
from ansible_collections.localai.core.plugins.module_utils._store.store import Store, open_store

from .host import ANYBODY


def opened(path: Path, timeout: float = 5) -> AbstractContextManager[Store]:
    """Open the store of a backends path."""
    return open_store(str(path), ANYBODY, BACKEND_FILES, timeout)


def install(
    path: Path,
    name: str = "piper",
    content: bytes = b"new",
    owner: FileAttributes = ANYBODY,
    mode: int = 0o755,
    *,
    timeout: float = 5,
) -> None:
    """Put two files with this content into the backend's place."""
    with open_store(str(path), owner, BACKEND_FILES, timeout, mode) as store, store.stage() as tree:
        tree.file("run.sh", 0o755, [content])
        tree.file("lib/x", 0o644, [content])
        store.publish(tree, name)


def replace_by(path: Path, content: bytes, keep: int) -> None:
    """Put a run file with this content into the place of `piper`, and keep so many of the trees before it."""
    with opened(path) as store, store.stage() as tree:
        tree.file("run.sh", 0o755, [content])
        store.publish(tree, "piper", keep)


def names(path: Path) -> list[str]:
    """The names in a directory."""
    return sorted(os.listdir(path))


def staging_of(path: Path) -> Path:
    """The staging directory of a backends path."""
    return path / ".localai-core/staging"


def versions(path: Path, name: str = "piper") -> dict[str, bytes]:
    """The previous versions of a backend by their numbers, and the content of their run files."""
    place = path / ".localai-core/kept" / name
    if not place.exists():
        return {}
    return {version.name: (version / "run.sh").read_bytes() for version in sorted(place.iterdir())}


IN_THE_WAY = ["full directory", "empty directory", "file", "symlink"]


def put(place: Path, what: str, outside: Path) -> None:
    """Put something there that is not ours, if nothing is there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(place):
        return
    if what == "symlink":
        place.symlink_to(outside)
    elif what == "file":
        place.write_text("x")
    else:
        place.mkdir()
        if what == "full directory":
            (place / "keep").mkdir()

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small trees that the store itself puts into a backends path."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.localai.core.plugins.module_utils._store.ownership import Ownership
from ansible_collections.localai.core.plugins.module_utils._store.store import Store

from .host import ANYBODY


def install(
    path: Path,
    name: str = "piper",
    content: bytes = b"new",
    owner: Ownership = ANYBODY,
    mode: int = 0o755,
    *,
    timeout: float = 5,
) -> None:
    """Put two files with this content into the backend's place."""
    store = Store(str(path), owner, mode)
    with store.lock(timeout), store.stage() as tree:
        tree.file("run.sh", 0o755, [content])
        tree.file("lib/x", 0o644, [content])
        store.publish(tree, name)


def replace_by(path: Path, content: bytes, keep: int) -> None:
    """Put a run file with this content into the place of `piper`, and keep so many of the trees before it."""
    store = Store(str(path), ANYBODY)
    with store.lock(5), store.stage() as tree:
        tree.file("run.sh", 0o755, [content])
        store.publish(tree, "piper", keep)

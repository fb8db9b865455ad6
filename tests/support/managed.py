# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A managed directory: files and trees that the store puts among the files of others."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._store.managed_files import ManagedFiles
from ansible_collections.localai.core.plugins.module_utils._store.store import Store, open_store
from ansible_collections.localai.core.plugins.module_utils._store.tree_files import TreeFiles

from .host import ANYBODY, IS_ROOT, snapshot

ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away and mount")
SERVICE = FileAttributes("1", "2")
FILE_MODE, DIRECTORY_MODE = 0o640, 0o750


@contextlib.contextmanager
def opened(path: Path, owner: FileAttributes = ANYBODY) -> Iterator[tuple[Store, ManagedFiles]]:
    """Open the store of a managed directory; its files get these modes."""
    with open_store(str(path), owner, TreeFiles(), 5) as store:
        yield store, store.files(FILE_MODE, DIRECTORY_MODE)


@contextlib.contextmanager
def staged(path: Path, owner: FileAttributes = ANYBODY) -> Iterator[tuple[Tree, ManagedFiles]]:
    """Open the store of a managed directory with a staging area in it."""
    with open_store(str(path), owner, TreeFiles(), 5) as store, store.stage() as tree:
        yield tree, store.files(FILE_MODE, DIRECTORY_MODE)


def install(path: Path, target: str, content: bytes = b"new", owner: FileAttributes = ANYBODY) -> None:
    """Install a file with this content."""
    with staged(path, owner) as (tree, files):
        tree.file("sub/staged", 0o644, [content])
        files.install(tree, "sub/staged", target)


def merge(path: Path, directory: str, contents: Mapping[str, bytes], owner: FileAttributes = ANYBODY) -> list[str]:
    """Merge files with these contents into a directory."""
    with staged(path, owner) as (tree, files):
        for name, content in contents.items():
            tree.file(name, 0o755, [content])
        return files.merge(tree, directory)


def publish(path: Path, target: str, contents: Mapping[str, bytes], owner: FileAttributes = ANYBODY) -> None:
    """Publish a tree of files with these contents."""
    with staged(path, owner) as (tree, files):
        for name, content in contents.items():
            tree.file(name, 0o600, [content])
        files.publish(tree, target)


def remove(path: Path, target: str) -> bool:
    """Remove what is at a path; returns whether there was anything."""
    with opened(path) as (_store, files):
        return files.remove(target)


def listing(path: Path) -> dict[str, str]:
    """All entries but our own directory, with the kind and the mode of each."""
    return {
        name: f"{entry[0]:#o}"
        for name, entry in sorted(snapshot(path).items())
        if name and not name.startswith(".localai-core")
    }


def attributes_of(place: Path) -> tuple[int, int, str]:
    """Owner, group and mode of whatever is there."""
    status = os.lstat(place)
    return status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode))

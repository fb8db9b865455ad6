# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight checks before the first write: permissions and disk space."""

from __future__ import annotations

import shutil
import typing as t

from .._errors import HostError
from .._fs.accounts import owner_name
from .._fs.paths import nearest_existing
from .._fs.utf8 import os
from .._fs.walk import disk_usage
from .._localai.scan import tree_path
from .._store.layout import DOWNLOADED, LOCK, OWN_DIRECTORY, PARTIAL, PREVIOUS, REPLACED, STAGING
from .._store.lock import check_lock


def check_own(path: str, names: t.Sequence[str]) -> None:
    """Raise HostError unless this user may change owner, group and mode of the backends `names`."""
    for name in names:
        tree = tree_path(path, name)
        try:
            owner = os.lstat(tree).st_uid
        except FileNotFoundError:
            # Another run has removed it, because this run does not hold the lock yet.
            continue
        if os.geteuid() not in (0, owner):
            raise HostError(
                f"{tree} does not belong to user {owner_name(os.geteuid())}, so its owner, group and mode cannot be "
                "changed. Run as its owner or as root, for example with become."
            )


# Most backends unpack to two or three times their size.
_MOST_GROWTH = 20


class Contents(t.NamedTuple):
    """The content of a managed directory, and the option that names it, for messages."""

    kind: str
    option: str


BACKENDS, MODELS = Contents("backends", "backends_path"), Contents("models", "models_path")


def check_writable(
    path: str, names: t.Sequence[str] = (), kept: t.Sequence[str] = (), contents: Contents = BACKENDS
) -> None:
    """Raise HostError unless `path` is a writable directory, or can be created. Writes nothing.

    `names` are the backends that will be replaced or removed. `kept` are those that will become previous versions.
    """
    existing = nearest_existing(path, follow_symlinks=False)
    if not os.path.isdir(existing):
        raise HostError(f"{existing} is not a directory, so {contents.kind} cannot be installed in {path}.")
    # This comes before the check of permissions, because access(2) fails on a read-only file system even for root.
    if os.statvfs(existing).f_flag & os.ST_RDONLY:
        raise HostError(
            f"{existing} is on a file system that is mounted read-only. Mount it for writing, or choose another "
            f"{contents.option}."
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise HostError(
            f"{existing} cannot be written by user {owner_name(os.geteuid())}. Run as a user who may write there, for "
            "example with become, or make it writable."
        )
    own_directory = os.path.join(path, OWN_DIRECTORY)
    own_directories = [
        own_directory,
        *(os.path.join(own_directory, name) for name in (STAGING, REPLACED, PREVIOUS, PARTIAL, DOWNLOADED)),
    ]
    for directory in (*own_directories, *(os.path.join(own_directory, PREVIOUS, name) for name in kept)):
        if os.path.islink(directory) or (os.path.lexists(directory) and not os.path.isdir(directory)):
            raise HostError(f"{directory} is not a directory of this collection. Remove it.")
    check_lock(own_directory)
    for target in [*own_directories, os.path.join(own_directory, LOCK), *(tree_path(path, name) for name in names)]:
        if _is_unwritable(target):
            raise HostError(
                f"{target} cannot be written by user {owner_name(os.geteuid())}. Run as its owner or as root, for "
                "example with become."
            )


def _is_unwritable(path: str) -> bool:
    """Return whether `path` is a directory or the lock, and this user has no write permission for it.

    Root always has it. Other users need it for a directory that is moved.
    """
    if os.access(path, os.W_OK) or os.path.islink(path):
        return False
    exists = os.path.isdir(path) or (path.endswith(f"{OWN_DIRECTORY}/{LOCK}") and os.path.exists(path))
    # Check again, because another run may have created it after the first check.
    return exists and not os.access(path, os.W_OK)


def check_space(
    path: str,
    packed: int,
    unpacked: t.Callable[[], int],
    contents: Contents = BACKENDS,
    downloads: int = 0,
) -> None:
    """Raise HostError unless the file system of `path` has enough space for the new trees.

    `packed` is the number of bytes to transfer. `unpacked` returns the number of bytes of the unpacked trees. It is
    called only if they might not fit. The space of replaced trees does not count as free: they may be kept, and are
    removed only after the new trees are complete. What interrupted runs have transferred counts as free, because it
    becomes a part of a new tree, or is removed when its space is needed. So do the bytes of
    `downloads`, which are used or removed before the first transfer.
    """
    own_directory = os.path.join(path, OWN_DIRECTORY)
    free = shutil.disk_usage(os.fsencode(nearest_existing(path))).free
    free += disk_usage(os.path.join(own_directory, PARTIAL))
    free += downloads
    needed = packed if packed * _MOST_GROWTH < free else unpacked()
    if free < needed:
        previous = disk_usage(os.path.join(own_directory, PREVIOUS))
        hint = f" The previous versions of keep_previous use {_size(previous)}." if previous >= 1024**2 else ""
        raise HostError(
            f"{path} has {_size(free)} of free space, but at least {_size(needed)} are needed. Free some "
            f"space, or choose another {contents.option}.{hint}"
        )


def _size(size: int) -> str:
    """Return a number of bytes as text."""
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024**2:.1f} MiB" if size >= 1024**2 else f"{size / 1024:.1f} KiB"

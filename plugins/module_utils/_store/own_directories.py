# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directory that we manage, and our own directories in it: they are created, opened, and given to their owner.

The owner of the parent of a directory can replace it at any moment. So a directory is changed only through its
descriptor, and a new one only if it still has the attributes of a new one and no unknown entries.
"""

from __future__ import annotations

import errno
import stat
import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.attributes import O_PATH, REFUSALS
from .._fs.entries import OPEN_DIRECTORY, closing, unless_vanished
from .._fs.paths import nearest_existing
from .._fs.tree import Tree
from .._fs.utf8 import os
from .numbered_trees import Staging
from .probe import Probed

# LocalAI must be able to read these directories.
_MODE = 0o755
_MAX_TRIES = 10
# Errors of an open of a symlink, and of anything else that is not a directory.
_NOT_A_DIRECTORY = (errno.ELOOP, errno.ENOTDIR)


@dataclass(frozen=True)
class OwnDirectories:
    """The descriptors of our own directories; valid while the lock is held."""

    own: int
    staging: Staging
    replaced: int
    previous: int


def open_path(path: str, owner: tuple[int, int], may_hold: frozenset[str]) -> int:
    """Return a descriptor of the directory `path`; missing directories are created, and `owner` owns the last one.

    A symlink that exists is followed, because the task names the path; one that appears meanwhile is not. `owner` has
    the numbers of user and group, -1 leaves one to the system. `may_hold` has the names of the entries that another run
    may create in it meanwhile.
    """
    existing = nearest_existing(path, follow_symlinks=False)
    missing = os.path.relpath(path, existing).split(os.sep) if existing != path else []
    # A directory in which only a directory is created need not be readable.
    fd = os.open(existing, OPEN_DIRECTORY & ~os.O_NOFOLLOW | (O_PATH if missing else 0))
    current = existing
    while missing:
        parent, name = fd, missing.pop(0)
        current = os.path.join(current, name)
        with closing(parent):
            fd, is_new = _open_or_create(name, parent, _replaced(current))
        if is_new and _is_untouched(fd, frozenset(missing[:1]) or may_hold):
            _set(fd, (-1, -1) if missing else owner, _MODE)
    return fd


def own_directory(name: str, dir_fd: int, path_fd: int, where: str, may_hold: frozenset[str] | None = None) -> int:
    """Return a descriptor of one of our own directories, which is created if it is missing.

    `where` is the path of its parent, for messages. It is given to the owner of `path_fd`, unless `may_hold` is given
    and it has other entries than these, so is not ours. Raises HostError if the name is taken by anything else.
    """
    taken = HostError(f"{where}/{name} is not a directory of this collection. Remove it.")
    fd, is_new = _open_or_create(name, dir_fd, taken)
    is_ours = (may_hold is None and not is_new) or frozenset(os.listdir(fd)) <= (may_hold or frozenset())
    if is_new and not is_ours:
        os.close(fd)
        raise _replaced(f"{where}/{name}")
    if is_ours and (not is_new or _is_untouched(fd, may_hold or frozenset())):
        give(fd, path_fd, _MODE)
    return fd


def staged_tree(path: str, staging_fd: int, owner: tuple[int, int], probed: Probed) -> Tree:
    """Open the directory of a new tree, which was just created in staging; raises HostError if it was replaced."""
    keeps = probed.keeps
    uid, gid = owner if keeps.owners else (-1, -1)
    tree = unless_vanished(lambda: Tree(path, uid, gid, staging_fd, keeps.modes))
    if tree is None:
        raise _replaced(path)
    status = os.fstat(tree.fd)
    is_closed = not keeps.modes or status.st_mode & 0o777 == 0o700
    if status.st_uid != probed.creator or not is_closed or os.listdir(tree.fd):
        tree.close()
        raise _replaced(path)
    return tree


def give(fd: int, path_fd: int, mode: int) -> None:
    """Give one of our own files to the owner of the directory that we manage, so that this user can run us too."""
    status, path_status = os.fstat(fd), os.fstat(path_fd)
    if os.geteuid() not in (0, status.st_uid):
        return
    owner = (path_status.st_uid, path_status.st_gid)
    if os.geteuid() != 0 or owner == (status.st_uid, status.st_gid):
        owner = (-1, -1)
    _set(fd, owner, mode if stat.S_IMODE(status.st_mode) != mode else None)


def _open_or_create(name: str, dir_fd: int, taken: HostError) -> tuple[int, bool]:
    """Return a descriptor of a directory, and whether it was created here; raises `taken` if it is something else."""
    tries = 0
    while True:
        tries += 1
        is_new = True
        try:
            os.mkdir(name, _MODE, dir_fd=dir_fd)
        except FileExistsError:
            is_new = False
        try:
            return os.open(name, OPEN_DIRECTORY, dir_fd=dir_fd), is_new
        except OSError as e:
            if e.errno in _NOT_A_DIRECTORY:
                raise taken from e
            # Somebody else removed it in between.
            if e.errno != errno.ENOENT or tries == _MAX_TRIES:
                raise


def _replaced(path: str) -> HostError:
    return HostError(f"{path} was replaced while it was being created.")


def _is_untouched(fd: int, may_hold: frozenset[str]) -> bool:
    """Return whether a directory is still as this user created it; not if the mount decides owners or modes."""
    status = os.fstat(fd)
    is_ours = status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & ~(_MODE | stat.S_ISGID)
    return is_ours and frozenset(os.listdir(fd)) <= may_hold


def _set(fd: int, owner: tuple[int, int], mode: int | None) -> None:
    """Set owner and mode, as far as the file system keeps them: it is what refuses to do so for root."""
    calls: list[t.Callable[[], None]] = [lambda: os.fchown(fd, *owner)]
    if mode is not None:
        calls.append(lambda: os.fchmod(fd, mode))
    for set_attribute in calls:
        try:
            set_attribute()
        except OSError as e:
            if os.geteuid() != 0 or e.errno not in REFUSALS:
                raise

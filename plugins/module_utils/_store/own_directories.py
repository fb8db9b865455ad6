# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directories of a run: the backends path, and those in it that are ours. Made, opened, given to their owner.

Whoever owns the directory above one can put another in its place at any moment. So a directory is changed only through
its descriptor, and a new one only if it still is as a new one must be.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import typing as t

from .._errors import HostError
from .._fs.attributes import NOT_KEPT, O_PATH, VANISHED
from .._fs.remove import OPEN_DIRECTORY
from .._fs.tree import Tree
from .ownership import Ownership
from .probe import Probed

# LocalAI must be able to look into every directory of the backends path.
_MODE = 0o755
_TRIES = 10
# The answers to an open of a symlink, and of anything else that is no directory.
_NO_DIRECTORY = (errno.ELOOP, errno.ENOTDIR)


def open_path(path: str, uid: int, gid: int, may_hold: frozenset[str]) -> int:
    """Return a descriptor of the backends path; what is missing is made, and C(uid) and C(gid) own its last directory.

    A symlink that is there is followed, because the task names the path; none that comes meanwhile is. C(may_hold) is
    what another run may put into it at the same time.
    """
    missing: list[str] = []
    while True:
        try:
            # A directory in which only something is to be made need not be readable.
            fd = os.open(path, OPEN_DIRECTORY & ~os.O_NOFOLLOW | (O_PATH if missing else 0))
            break
        except FileNotFoundError:
            if os.path.lexists(path):
                raise
            missing.append(os.path.basename(path))
            path = os.path.dirname(path)
    while missing:
        parent, name = fd, missing.pop()
        path = os.path.join(path, name)
        try:
            fd, is_new = _made(name, parent)
        except OSError as e:
            if e.errno not in _NO_DIRECTORY:
                raise
            raise HostError(f"{path} was exchanged while it was being made.") from e
        finally:
            os.close(parent)
        if is_new and _is_as_made(fd, frozenset(missing[-1:]) or may_hold):
            _set(fd, *((-1, -1) if missing else (uid, gid)), _MODE)
    return fd


def own_directory(name: str, dir_fd: int, path_fd: int, where: str, may_hold: frozenset[str] | None = None) -> int:
    """Return a descriptor of one of our directories, made if it is missing; C(where) is the directory above it.

    It is given to the owner of the backends path, unless it has entries that are not in C(may_hold), if that is given,
    and so is not ours. Raises HostError where something else has its name, or comes to have it meanwhile.
    """
    try:
        fd, is_new = _made(name, dir_fd)
    except OSError as e:
        if e.errno not in _NO_DIRECTORY:
            raise
        raise HostError(f"{where}/{name} is not a directory of ours. Remove it.") from e
    is_ours = (may_hold is None and not is_new) or frozenset(os.listdir(fd)) <= (may_hold or frozenset())
    if is_new and not is_ours:
        os.close(fd)
        raise HostError(f"{where}/{name} was exchanged while it was being made.")
    if is_ours and (not is_new or _is_as_made(fd, may_hold or frozenset())):
        give(fd, path_fd, _MODE)
    return fd


def staged_tree(path: str, staging_fd: int, ownership: Ownership, probed: Probed) -> Tree:
    """Open the directory of a new tree, just made in staging; raises HostError if another one is in its place."""
    keeps = probed.keeps
    uid, gid = (ownership.uid, ownership.gid) if keeps.owners else (-1, -1)
    exchanged = HostError(f"{path} was exchanged while it was being made.")
    try:
        tree = Tree(path, uid, gid, staging_fd, keeps.modes)
    except OSError as e:
        if e.errno not in VANISHED:
            raise
        raise exchanged from e
    status = os.fstat(tree.fd)
    is_closed = not keeps.modes or status.st_mode & 0o777 == 0o700
    if status.st_uid != probed.maker or not is_closed or os.listdir(tree.fd):
        tree.close()
        raise exchanged
    return tree


def give(fd: int, path_fd: int, mode: int) -> None:
    """Let what is ours belong to the owner of the backends path, so that this user can run us too."""
    status, path_status = os.fstat(fd), os.fstat(path_fd)
    if os.geteuid() not in (0, status.st_uid):
        return
    owner = (path_status.st_uid, path_status.st_gid)
    if os.geteuid() != 0 or owner == (status.st_uid, status.st_gid):
        owner = (-1, -1)
    _set(fd, *owner, mode if stat.S_IMODE(status.st_mode) != mode else None)


def _made(name: str, dir_fd: int) -> tuple[int, bool]:
    """Open a directory, made if it is missing; returns also whether it was."""
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
        except FileNotFoundError:
            # Somebody removed it in between.
            if tries == _TRIES:
                raise


def _is_as_made(fd: int, may_hold: frozenset[str]) -> bool:
    """Return whether a directory is as this user makes one: else it is another, or gets its look from the mount."""
    status = os.fstat(fd)
    is_ours = status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & ~(_MODE | stat.S_ISGID)
    return is_ours and frozenset(os.listdir(fd)) <= may_hold


def _set(fd: int, uid: int, gid: int, mode: int | None) -> None:
    """Set what the file system keeps: it is what refuses root something."""
    with _refusals_ignored():
        os.fchown(fd, uid, gid)
    with _refusals_ignored():
        if mode is not None:
            os.fchmod(fd, mode)


@contextlib.contextmanager
def _refusals_ignored() -> t.Iterator[None]:
    try:
        yield
    except OSError as e:
        if os.geteuid() != 0 or e.errno not in NOT_KEPT:
            raise

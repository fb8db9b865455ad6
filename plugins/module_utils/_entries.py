# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of directories held by descriptors: whether they are there, and their removal. No symlink is followed."""

from __future__ import annotations

import errno
import os
import stat

OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Answers to a rename where there is no room for the name, or a directory is in a lower layer of an overlay: what shall
# go is removed where it is then.
CANNOT_MOVE = (errno.ENOSPC, errno.EDQUOT, errno.EXDEV)


def exists(name: str, dir_fd: int) -> bool:
    """Return whether there is anything of that name in a directory, a symlink to nowhere included."""
    try:
        os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def remove(path: str, dir_fd: int | None = None) -> None:
    """Remove a file, a symlink (never what it points to) or a whole directory; a missing one is fine."""
    if _unlinked(path, dir_fd):
        return
    top = _open_to_change(path, dir_fd)
    try:
        _empty(top)
    finally:
        os.close(top)
    os.rmdir(path, dir_fd=dir_fd)


def _empty(top: int) -> None:
    """Empty a directory, by moving what is in its subdirectories up into it, so that no depth is too much."""
    moved = 0
    pending = os.listdir(top)
    while pending:
        name = pending.pop()
        if _unlinked(name, top):
            continue
        fd = _open_to_change(name, top)
        try:
            for inner in os.listdir(fd):
                if _unlinked(inner, fd):
                    continue
                moved += 1
                # A directory has to be writable to get another parent.
                os.close(_open_to_change(inner, fd))
                try:
                    os.rename(inner, f".removed-{moved}", src_dir_fd=fd, dst_dir_fd=top)
                except OSError as e:
                    if e.errno not in CANNOT_MOVE:
                        raise
                    remove(inner, fd)
                    continue
                pending.append(f".removed-{moved}")
        finally:
            os.close(fd)
        os.rmdir(name, dir_fd=top)


def _unlinked(path: str, dir_fd: int | None) -> bool:
    """Remove what is no directory; returns whether nothing is left of it."""
    try:
        os.unlink(path, dir_fd=dir_fd)
    except FileNotFoundError:
        return True
    except (IsADirectoryError, PermissionError):
        # macOS answers EPERM for a directory.
        if stat.S_ISDIR(os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_mode):
            return False
        raise
    return True


def _open_to_change(path: str, dir_fd: int | None) -> int:
    """Open a directory that is going to be removed, making its entries removable for its owner."""
    try:
        fd = os.open(path, OPEN_DIRECTORY, dir_fd=dir_fd)
    except PermissionError:
        os.chmod(path, 0o700, dir_fd=dir_fd)
        fd = os.open(path, OPEN_DIRECTORY, dir_fd=dir_fd)
    if os.fstat(fd).st_mode & 0o300 != 0o300:
        os.fchmod(fd, 0o700)
    return fd

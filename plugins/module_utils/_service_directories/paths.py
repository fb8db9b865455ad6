# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths of directories -> what is there, opened so that nobody but root can lead it elsewhere."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import typing as t
from dataclasses import dataclass

from .._errors import HostError

_MOST_LINKS = 40
_MARK = "trusted.localai_created"
_DIRECTORY = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Identity:
    """Which directory this is, whatever path leads to it.

    The kernel may renumber devices at a reboot (btrfs, NFS, LVM), so the identifier of the file system counts too;
    `file_system` is 0 where the kernel does not tell one. Inodes are used again for other directories, so one that was
    created here has a random mark, which only root can read and write; `mark` is empty where there is none.
    """

    device: int
    inode: int
    file_system: int
    mark: str = ""

    def is_same(self, other: Identity) -> bool:
        """Return whether a directory that was found is this one, which is recorded."""
        on_one = self.device == other.device or 0 != self.file_system == other.file_system
        return on_one and self.inode == other.inode and self.mark in ("", other.mark)


@dataclass(frozen=True)
class Found:
    """What is at a path. `directory` is None where it is no directory, `real` is its path without symlinks.

    A link leads to a directory; what is hidden this user may not see, as root on NFS that squashes root.
    """

    path: str
    kind: t.Literal["missing", "directory", "link", "other", "hidden"]
    directory: Identity | None = None
    real: str = ""
    uid: int = -1
    gid: int = -1
    mode: int = 0


@contextlib.contextmanager
def open_parent(path: str) -> t.Iterator[int | None]:
    """Open the directory that holds `path`; None where there is none.

    A symlink on the way is followed only if it belongs to root or to this user, since others could change it meanwhile.
    """
    pending = [name for name in path.split("/") if name]
    links = 0
    fd = os.open("/", os.O_PATH | os.O_CLOEXEC)
    try:
        while len(pending) > 1:
            name = pending.pop(0)
            target = _link_target(fd, name, path)
            if target is not None:
                links += 1
                if links > _MOST_LINKS:
                    raise HostError(f"{path}: it leads through more than {_MOST_LINKS} symlinks.")
                pending = [part for part in target.split("/") if part] + pending
                name = "/" if target.startswith("/") else "."
            try:
                inner = os.open(name, os.O_PATH | _DIRECTORY, dir_fd=fd)
            except FileNotFoundError:
                yield None
                return
            except NotADirectoryError:
                raise HostError(f"{path}: {name} on the way to it is not a directory.") from None
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def _link_target(fd: int, name: str, path: str) -> str | None:
    """Return where a symlink leads, None for anything else."""
    try:
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISLNK(status.st_mode):
        return None
    if status.st_uid not in (0, os.geteuid()):
        raise HostError(
            f"{path}: the symlink {name} on the way to it belongs to another user, who could lead root elsewhere. "
            "Replace it by a directory, or let root make the symlink."
        )
    return os.readlink(name, dir_fd=fd)


@contextlib.contextmanager
def open_directory(path: str, flags: int = os.O_RDONLY) -> t.Iterator[int | None]:
    """Open a directory, to read it by default; None where there is none, or a symlink or a file in its place."""
    with contextlib.ExitStack() as stack:
        parent = stack.enter_context(open_parent(path))
        fd = None
        if parent is not None:
            try:
                fd = os.open(os.path.basename(path), flags | _DIRECTORY, dir_fd=parent)
            except OSError as e:
                if e.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                    raise
            else:
                stack.callback(os.close, fd)
        yield fd


def find(path: str) -> Found:
    """Return what is at a path; raises OSError and HostError."""
    try:
        # This needs no right to read it.
        with open_directory(path, os.O_PATH) as fd:
            if fd is not None:
                status = os.fstat(fd)
                mode = stat.S_IMODE(status.st_mode)
                return Found(path, "directory", identity_of(fd), real_path(fd), status.st_uid, status.st_gid, mode)
        with open_parent(path) as parent:
            if parent is not None:
                with contextlib.suppress(FileNotFoundError):
                    status = os.stat(os.path.basename(path), dir_fd=parent, follow_symlinks=False)
                    leads_to_one = stat.S_ISLNK(status.st_mode) and os.path.isdir(path)
                    return Found(path, "link" if leads_to_one else "other")
    except PermissionError:
        return Found(path, "hidden")
    return Found(path, "missing")


def identity_of(fd: int) -> Identity:
    """Return which directory is open."""
    status = os.fstat(fd)
    mark = ""
    with contextlib.suppress(OSError):
        mark = os.getxattr(f"/proc/self/fd/{fd}", _MARK).decode("ascii", "replace")
    return Identity(status.st_dev, status.st_ino, os.statvfs(fd).f_fsid, mark)


def mark(fd: int) -> None:
    """Give an open directory a new mark, where this user and the file system can do that."""
    with contextlib.suppress(OSError):
        os.setxattr(f"/proc/self/fd/{fd}", _MARK, os.urandom(16).hex().encode("ascii"))


def real_path(fd: int) -> str:
    """Return the path of what is open, without symlinks."""
    return os.readlink(f"/proc/self/fd/{fd}")


def mount_points(real: str) -> list[str]:
    """Return what is mounted at or below a path without symlinks, bind mounts too."""
    with open("/proc/self/mountinfo", "rb") as stream:
        fields = [line.split(b" ") for line in stream]
    # The kernel writes spaces, tabs, line feeds and backslashes as octal numbers.
    escaped = (os.fsdecode(field[4]) for field in fields if len(field) > 4)
    points = {re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), point) for point in escaped}
    return sorted(point for point in points if names_below(point, real) is not None)


def names_below(path: str, top: str) -> tuple[str, ...] | None:
    """Return the names that lead from `top` to a path in it: none where both are one, None where it is elsewhere."""
    if path != top and not path.startswith(f"{top.rstrip('/')}/"):
        return None
    return tuple(name for name in path[len(top) :].split("/") if name)

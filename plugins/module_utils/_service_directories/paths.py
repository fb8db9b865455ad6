# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entry at the path of a directory, opened so that only root can lead this process elsewhere."""

from __future__ import annotations

import contextlib
import re
import stat
import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.entries import closing, unless_missing, unless_vanished
from .._fs.utf8 import os

_MAX_SYMLINKS = 40
_MARK = "trusted.localai_created"
_DIRECTORY = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Identity:
    """The identity of a directory, for any path that leads to it.

    The kernel can renumber devices at a reboot (btrfs, NFS, LVM), so the identifier of the file system counts too;
    `file_system` is 0 if the kernel states none. Inode numbers are used again, so a directory that was created here has
    a random `mark`, which only root can read and write; it is empty if there is none.
    """

    device: int
    inode: int
    file_system: int
    mark: str = ""

    def is_same(self, other: Identity) -> bool:
        """Return whether a directory that was found is this recorded one."""
        same_file_system = self.device == other.device or 0 != self.file_system == other.file_system
        return same_file_system and self.inode == other.inode and self.mark in ("", other.mark)


@dataclass(frozen=True)
class PathState:
    """The entry at a path: `directory` is None for anything but a directory, `real` is its path without symlinks.

    The kind `link` is a symlink to a directory; `hidden` is a path that this user may not see, such as root on NFS that
    squashes root.
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
    """Open the parent of `path`; gives None if it does not exist.

    A symlink on the way is followed only if it belongs to root or to this user: others could change it meanwhile.
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
                if links > _MAX_SYMLINKS:
                    raise HostError(f"{path}: it leads through more than {_MAX_SYMLINKS} symlinks.")
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
    """Return the target of a symlink, None for anything else."""
    status = unless_missing(lambda: os.stat(name, dir_fd=fd, follow_symlinks=False))
    if status is None or not stat.S_ISLNK(status.st_mode):
        return None
    if status.st_uid not in (0, os.geteuid()):
        raise HostError(
            f"{path}: the symlink {name} on the way to it belongs to another user, who could lead root elsewhere. "
            "Replace it by a directory, or let root make the symlink."
        )
    return os.readlink(name, dir_fd=fd)


@contextlib.contextmanager
def open_directory(path: str, flags: int = os.O_RDONLY) -> t.Iterator[int | None]:
    """Open a directory, by default for reading; gives None if there is none, or a symlink or a file."""
    with contextlib.ExitStack() as stack:
        parent = stack.enter_context(open_parent(path))
        name = os.path.basename(path)
        fd = unless_vanished(lambda: os.open(name, flags | _DIRECTORY, dir_fd=parent)) if parent is not None else None
        yield fd if fd is None else stack.enter_context(closing(fd))


def scan_path(path: str) -> PathState:
    """Return what is at a path; raises OSError and HostError."""
    try:
        # O_PATH needs no permission to read the directory.
        with open_directory(path, os.O_PATH) as fd:
            if fd is not None:
                status = os.fstat(fd)
                mode = stat.S_IMODE(status.st_mode)
                return PathState(path, "directory", identity_of(fd), real_path(fd), status.st_uid, status.st_gid, mode)
        with open_parent(path) as parent:
            if parent is not None:
                with contextlib.suppress(FileNotFoundError):
                    status = os.stat(os.path.basename(path), dir_fd=parent, follow_symlinks=False)
                    leads_to_one = stat.S_ISLNK(status.st_mode) and os.path.isdir(path)
                    return PathState(path, "link" if leads_to_one else "other")
    except PermissionError:
        return PathState(path, "hidden")
    return PathState(path, "missing")


def identity_of(fd: int) -> Identity:
    """Return the identity of an open directory."""
    status = os.fstat(fd)
    mark = ""
    with contextlib.suppress(OSError):
        mark = os.getxattr(f"/proc/self/fd/{fd}", _MARK).decode("ascii", "replace")
    return Identity(status.st_dev, status.st_ino, os.statvfs(fd).f_fsid, mark)


def mark(fd: int) -> None:
    """Give an open directory a new mark, if this user and the file system can do that."""
    with contextlib.suppress(OSError):
        os.setxattr(f"/proc/self/fd/{fd}", _MARK, os.urandom(16).hex().encode("ascii"))


def real_path(fd: int) -> str:
    """Return the path of an open directory without symlinks."""
    return os.readlink(f"/proc/self/fd/{fd}")


def mount_points(real: str) -> list[str]:
    """Return the mount points at or below a path without symlinks, bind mounts included."""
    with open("/proc/self/mountinfo", "rb") as stream:
        fields = [line.split(b" ") for line in stream]
    # The kernel writes spaces, tabs, line feeds and backslashes as octal numbers.
    escaped = (os.fsdecode(field[4]) for field in fields if len(field) > 4)
    points = {re.sub(r"\\([0-7]{3})", lambda escape: chr(int(escape.group(1), 8)), point) for point in escaped}
    return sorted(point for point in points if names_below(point, real) is not None)


def names_below(path: str, top: str) -> tuple[str, ...] | None:
    """Return the names that lead from `top` to `path`: none if both are the same, None if `path` is not in `top`."""
    if path != top and not path.startswith(f"{top.rstrip('/')}/"):
        return None
    return tuple(name for name in path[len(top) :].split("/") if name)

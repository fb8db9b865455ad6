# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file, directory or symlink at a path of the service's files. A symlink at the path itself is not followed."""

from __future__ import annotations

import enum
import stat
from dataclasses import dataclass

from .._fs.accounts import attributes_of
from .._fs.entries import unless_missing
from .._fs.file_attributes import FileAttributes
from .._fs.os_errors import DiskErrors
from .._fs.read import open_file
from .._fs.utf8 import os
from .._service_directories.paths import mount_points, open_parent, real_path

# Longer files are not ours, and are replaced without being read.
_MAX_SIZE = 4 * 1024**2
_NO_ATTRIBUTES = FileAttributes()


class Kind(enum.Enum):
    """The kind of a directory entry."""

    MISSING = "missing"
    DIRECTORY = "directory"
    FILE = "file"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True)
class PathEntry:
    """The entry at a path: the content of a file, or the target of a symlink, None if it is not known."""

    kind: Kind
    attributes: FileAttributes = _NO_ATTRIBUTES
    content: bytes | None = None
    target: str | None = None
    status: os.stat_result | None = None
    mounts: tuple[str, ...] = ()

    @property
    def has_other_names(self) -> bool:
        """Whether it is a file with hard links, which somebody else may have made."""
        return self.kind == Kind.FILE and self.status is not None and self.status.st_nlink > 1


MISSING = PathEntry(Kind.MISSING)


def entry_at(path: str) -> PathEntry:
    """Return what is at a path; raises HostError if a symlink of another user is on the way, or for an I/O error."""
    with DiskErrors("", path), open_parent(path) as parent:
        if parent is None:
            return MISSING
        name = os.path.basename(path)
        status = unless_missing(lambda: os.stat(name, dir_fd=parent, follow_symlinks=False))
        if status is None:
            return MISSING
        attributes = attributes_of(status)
        if stat.S_ISDIR(status.st_mode):
            top = os.path.join(real_path(parent), name)
            return PathEntry(Kind.DIRECTORY, attributes, status=status, mounts=tuple(mount_points(top)))
        if stat.S_ISLNK(status.st_mode):
            return PathEntry(Kind.LINK, attributes, target=os.readlink(name, dir_fd=parent), status=status)
        if stat.S_ISREG(status.st_mode):
            return PathEntry(Kind.FILE, attributes, _content(name, parent), status=status)
        return PathEntry(Kind.OTHER, attributes, status=status)


def directory_at(path: str) -> PathEntry:
    """Return what is at the path of a directory; a symlink of root or of this user is followed."""
    entry = entry_at(path)
    if entry.kind != Kind.LINK:
        return entry
    with DiskErrors("", path), open_parent(f"{path}/.") as fd:
        return entry if fd is None else PathEntry(Kind.DIRECTORY, attributes_of(os.fstat(fd)))


def _content(name: str, parent: int) -> bytes | None:
    """Return the content of a file, None if it is too long or was replaced meanwhile."""
    with open_file(name, parent, os.O_NOFOLLOW) as stream:
        content = stream.read(_MAX_SIZE + 1)
    return content if len(content) <= _MAX_SIZE else None

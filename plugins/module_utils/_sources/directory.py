# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A path on this host: a directory, which is copied, or a file."""

from __future__ import annotations

import stat
import typing as t
from dataclasses import dataclass

from .._errors import SourceError
from .._fs.entries import OPEN_DIRECTORY, closing, opened_directory
from .._fs.inner_paths import inner_path
from .._fs.read import chunks_of, open_file
from .._fs.tree import Tree
from .._fs.utf8 import os
from .archive import FileSource
from .artifact import Artifact, Content, Context
from .failover import Origin
from .file import LocalFile
from .resume import Reader
from .uri import PathUri, Uri


@dataclass(frozen=True)
class DirectoryContent(Content):
    """A directory."""

    path: str

    def fill(self, tree: Tree, _reader: Reader, _origins: t.Sequence[Origin]) -> None:
        """Copy it into a tree; raises SourceError, HostError."""
        copy_directory(self.path, tree)


class PathSource(FileSource):
    """A directory or a file on this host; nothing is read from the origin of a directory."""

    def __init__(self, uri: Uri, context: Context) -> None:
        self._path = t.cast(PathUri, uri).path
        self._accept = context.accept
        super().__init__(uri.address, LocalFile(uri.address, self._path), self._path)

    def find(self, sha256: str) -> Artifact:
        """Return the artifact of the directory or the archive; raises SourceError."""
        if os.path.isfile(self._path):
            return super().find(sha256)
        if not os.path.isdir(self._path):
            raise SourceError("there is no such file or directory on this host.")
        self._accept.directory(self._path)
        return Artifact(self._address, DirectoryContent(self._path))


def copy_directory(source: str, tree: Tree) -> None:
    """Copy a directory into a tree; symlinks are copied, never followed. Raises SourceError, HostError."""
    if os.path.realpath(tree.path).startswith(os.path.realpath(source) + os.sep):
        raise SourceError("the directory contains the tree that it would be copied into.")
    tree.begin_layer()
    try:
        with closing(os.open(source, OPEN_DIRECTORY & ~os.O_NOFOLLOW)) as fd:
            _copy_entries(fd, "", tree)
    except OSError as e:
        raise SourceError(f"{e.filename or source}: {e.strerror}.") from e


def _copy_entries(directory: int, below: str, tree: Tree) -> None:
    for name in sorted(os.listdir(directory)):
        path = inner_path(f"{below}/{name}")
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            tree.symlink(path, os.readlink(name, dir_fd=directory))
        elif stat.S_ISDIR(status.st_mode):
            tree.directory(path, status.st_mode, status.st_mtime)
            with opened_directory(name, directory) as fd:
                _copy_entries(fd, path, tree)
        else:
            tree.file(path, status.st_mode, _content(name, directory, path), status.st_mtime)


def _content(name: str, directory: int, path: str) -> t.Iterator[bytes]:
    try:
        # A file may have become a link to a secret, or a pipe, since it was listed.
        yield from chunks_of(open_file(name, directory, os.O_NOFOLLOW))
    except OSError as e:
        raise SourceError(f"{path!r} cannot be copied: {e.strerror}.") from e

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fill a directory tree through its descriptor: files are written, linked and removed only below it.

The kernel never follows a symlink of the tree. If an entry lies behind one, it is followed here, with the tree as the
root, so no member of an archive leads out of the tree. Each directory on the way to an entry is opened on its own, so
that nobody can lead elsewhere by renaming or replacing one meanwhile.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import stat
import typing as t

from .._errors import HostError, SourceError
from .attributes import NewDirectory, change, finish_directory
from .directories import Directories
from .entries import OPEN_DIRECTORY, closing, identity, random_names, unless_vanished, with_free_name
from .inner_paths import safe_mode
from .os_errors import DiskErrors
from .remove import remove
from .sync import BackgroundWriter, begin_write_out
from .utf8 import os

_CREATE_FILE = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_SYMLINKS = 40
_COPY_SIZE = 1024**2
# Errors of file systems without links, FUSE included.
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)
_Result = t.TypeVar("_Result")


class Tree:
    """Fills one directory. `uid` and `gid` own its entries; -1 leaves owner or group to the system.

    With `dir_fd`, a descriptor of its parent, the directory is opened there by its name alone. Without `keeps_modes`,
    the file system does not keep modes, so none are set.

    `contents` maps each directory to its entries by name: the size of a file in bytes, or the target of a symlink.
    `size` is in bytes. `digests` has the sha256 of files that whoever wrote them has noted.

    Paths are relative and have no `.` or `..` in them; see `inner_path`. Raises HostError for errors of the disk and
    missing permissions, SourceError for content that leads out of the tree.
    """

    def __init__(
        self, path: str, uid: int = -1, gid: int = -1, dir_fd: int | None = None, keeps_modes: bool = True
    ) -> None:
        self.path = path
        self._keeps_modes = keeps_modes
        # Directories are closed to others until they are finished, if their mode can be changed then.
        self._new_mode = 0o700 if keeps_modes else 0o755
        self.size = 0
        self.entries = 0
        self.contents: dict[str, dict[str, int | str]] = {"": {}}
        self.digests: dict[str, str] = {}
        self._uid = uid
        self._gid = gid
        self.fd = os.open(path if dir_fd is None else os.path.basename(path), OPEN_DIRECTORY, dir_fd=dir_fd)
        self._opened = Directories(self.fd)
        self._directories: dict[str, NewDirectory] = {}
        self._known_directories: set[str] = {""}
        self._of_this_layer: set[str] = set()
        self._background_writer = BackgroundWriter(self.fd)

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *_exception: t.Any) -> None:
        self.close()

    def close(self) -> None:
        """Close all descriptors."""
        self._background_writer.close()
        self._opened.close()
        os.close(self.fd)

    def begin_layer(self) -> None:
        """Begin the next layer of an image: what is in the tree now came from lower layers."""
        self._of_this_layer.clear()

    def directory(self, path: str, mode: int, mtime: float | None = None) -> None:
        """Create a directory, or give an existing one a new mode; modes take effect in `finish`."""
        with DiskErrors(self.path, path):
            path = self._resolve(path)
            is_new = path not in self._known_directories and self._kind(path) != stat.S_IFDIR
            if is_new:
                self._replace(path, lambda fd, name: os.mkdir(name, self._new_mode, dir_fd=fd))
            self._known_directories.add(path)
            self._note_directory(path, is_new, safe_mode(mode) | 0o500, mtime)
            self.contents.setdefault(path, {})
            self._count(path)

    def file(self, path: str, mode: int, chunks: t.Iterable[t.Any], mtime: float | None = None) -> None:
        """Write a file, and replace whatever has its name; `chunks` are bytes or views of bytes."""
        mode = safe_mode(mode)
        with DiskErrors(self.path, path):
            path = self._resolve(path)
            lost_bits, is_foreign = self._defaults
            fd = self._replace(path, lambda fd, name: os.open(name, os.O_WRONLY | _CREATE_FILE, mode, dir_fd=fd))
        with closing(fd):
            begun = written = 0
            for chunk in chunks:
                written += len(chunk)
                with DiskErrors(self.path, path):
                    _write_all(fd, chunk)
                    begun = begin_write_out(fd, begun, written)
            self.size += written
            self._background_writer.wrote(written - begun)
            with DiskErrors(self.path, path):
                if is_foreign:
                    os.fchown(fd, self._uid, self._gid)
                if self._keeps_modes and (is_foreign or mode & lost_bits):
                    os.fchmod(fd, mode)
                if mtime is not None:
                    os.utime(fd, (mtime, mtime))
        self._count(path, written)

    def take(self, path: str, mode: int, fd: int, move: t.Callable[[int, str], object]) -> None:
        """Take over the complete file of `fd`; `move` renames it to a name in a directory, given by its descriptor."""
        with DiskErrors(self.path, path):
            path = self._resolve(path)
            status = os.fstat(fd)
            if self._uid not in (-1, status.st_uid) or self._gid not in (-1, status.st_gid):
                os.fchown(fd, self._uid, self._gid)
            if self._keeps_modes:
                os.fchmod(fd, safe_mode(mode))
            if self._kind(path) is not None:
                self._unlink(path)
            move(*self._opened.at(path))
            if identity(self._opened.status(path)) != identity(status):
                raise HostError(f"{self.path}/{path} was replaced while it was being installed.")
        self.size += status.st_size
        self._count(path, status.st_size)

    def symlink(self, path: str, target: str) -> None:
        """Create a symlink. The kernel never follows it here."""
        if not target or "\0" in target or len(os.fsencode(target)) > 4095:
            raise SourceError(f"the symlink {path!r} has no valid target.")
        with DiskErrors(self.path, path):
            path = self._resolve(path)
            try:
                self._replace(path, lambda fd, name: os.symlink(target, name, dir_fd=fd))
            except OSError as e:
                if e.errno not in _NO_LINKS:
                    raise
                raise HostError(
                    f"{self.path}/{path}: this file system does not support symlinks, and the backend has some. Choose "
                    "a backends_path on one that does, such as ext4, xfs or btrfs."
                ) from e
            if self._defaults[1]:
                fd, name = self._opened.at(path)
                change(name, fd, self._opened.status(path), uid=self._uid, gid=self._gid)
        self._count(path, target)

    def hardlink(self, path: str, target: str) -> None:
        """Create another name for a file or a symlink of this tree; raises SourceError if the target is neither.

        A link of a file to itself changes nothing.
        """
        with DiskErrors(self.path, path):
            real_target = self._existing(target)
            if real_target is None or self._kind(real_target) not in (stat.S_IFREG, stat.S_IFLNK):
                raise SourceError(f"{path!r} is a hard link to {target!r}, which is not a file of this tree.")
            path = self._resolve(path)
            if path == real_target:
                # GNU tar writes such a link if a file with several names was given twice.
                return
            if (real_target + "/").startswith(path + "/"):
                raise SourceError(f"{path!r} is a hard link to {target!r}, and would replace it.")
            try:
                with self._opened.holding(real_target) as (source_fd, source):
                    link = functools.partial(os.link, source, src_dir_fd=source_fd, follow_symlinks=False)
                    self._replace(path, lambda fd, name: link(name, dst_dir_fd=fd))
            except OSError as e:
                # The file system has no hard links, or the file has as many as it may have: copy the content.
                if e.errno not in (*_NO_LINKS, errno.EMLINK):
                    raise
                self._copy(real_target, path)
                return
        parent, _slash, name = real_target.rpartition("/")
        self._count(path, self.contents.get(parent, {}).get(name))

    def _copy(self, real_target: str, path: str) -> None:
        with open(self._opened.open(real_target), "rb") as stream:
            status = os.fstat(stream.fileno())
            chunks = iter(lambda: stream.read(_COPY_SIZE), b"")
            self.file(path, stat.S_IMODE(status.st_mode), chunks, status.st_mtime)

    @functools.cached_property
    def _defaults(self) -> tuple[int, bool]:
        """Which bits of its mode a new file loses here, and whether its owner or group is another than requested."""
        with self.scratch(0o777) as stream:
            status = os.fstat(stream.fileno())
        is_foreign = self._uid not in (-1, status.st_uid) or self._gid not in (-1, status.st_gid)
        return 0o777 & ~status.st_mode if self._keeps_modes else 0, is_foreign

    @contextlib.contextmanager
    def scratch(self, mode: int = 0o600) -> t.Iterator[t.BinaryIO]:
        """Give an empty file without a name for reading and writing, so that it vanishes however the run ends."""
        with DiskErrors(self.path, "a temporary file"):
            name, fd = with_free_name(
                random_names(".scratch-"), lambda name: os.open(name, _CREATE_FILE | os.O_RDWR, mode, dir_fd=self.fd)
            )
            os.unlink(name, dir_fd=self.fd)
            with open(fd, "w+b") as stream:
                yield stream

    def remove_stale(self, path: str) -> None:
        """Remove the entry `path` of lower layers; entries of the current layer stay."""
        with DiskErrors(self.path, path):
            real_path = self._existing(path)
            if real_path is not None:
                self._remove_stale(real_path)

    def clear_stale(self, path: str) -> None:
        """Remove from the directory that `path` leads to all entries of lower layers."""
        with DiskErrors(self.path, path):
            real_path = self._directory(path, create=False)
            if real_path is not None:
                self._clear_stale(real_path)

    def _remove_stale(self, real_path: str) -> None:
        if real_path not in self._of_this_layer:
            self._unlink(real_path)
        elif self._kind(real_path) == stat.S_IFDIR:
            self._clear_stale(real_path)

    def _clear_stale(self, real_path: str) -> None:
        for name in self._opened.names(real_path):
            self._remove_stale(f"{real_path}/{name}" if real_path else name)

    def make_executable(self, path: str) -> None:
        """Make the file `path` executable for everybody who may read it."""
        if not self._keeps_modes:
            return
        with DiskErrors(self.path, path), closing(self._opened.open(self._file_of(path) or path)) as fd:
            mode = stat.S_IMODE(os.fstat(fd).st_mode)
            os.fchmod(fd, mode | (mode & 0o444) >> 2)

    def holds_file(self, path: str) -> bool:
        """Return whether `path` is a regular file, or a symlink to one inside this tree."""
        return self._file_of(path) is not None

    def _file_of(self, path: str) -> str | None:
        """Return `path` if it is a regular file, or the file of this tree that it is a symlink to, else None."""
        for _hop in range(_MAX_SYMLINKS):
            if path.startswith(("/", "../")) or not self._is_reachable(path):
                return None
            kind = self._kind(path)
            if kind != stat.S_IFLNK:
                return path if kind == stat.S_IFREG else None
            target = self._opened.target(path)
            path = os.path.normpath(os.path.join(os.path.dirname(path), target))
        return None

    def finish(self, mode: int) -> None:
        """Give every directory its mode and time, and the top `mode`; no entry can be added afterwards."""
        for path in sorted(self._directories, reverse=True):
            with DiskErrors(self.path, path):
                open_it = functools.partial(self._opened.open, path, OPEN_DIRECTORY)
                finish_directory(open_it, self._directories[path], (self._uid, self._gid), self._keeps_modes)
        with DiskErrors(self.path, "."):
            if (self._uid, self._gid) != (-1, -1):
                os.fchown(self.fd, self._uid, self._gid)
            if self._keeps_modes:
                os.fchmod(self.fd, mode)

    def _count(self, path: str, content: int | str | None = None) -> None:
        """Count an entry, and record it: the size of a file, the target of a symlink, None for a directory."""
        self.entries += 1
        if content is not None:
            parent, _slash, name = path.rpartition("/")
            self.contents.setdefault(parent, {})[name] = content
        while path and path not in self._of_this_layer:
            self._of_this_layer.add(path)
            path = path.rpartition("/")[0]

    def _note_directory(self, path: str, is_new: bool, mode: int, mtime: float | None) -> None:
        status = self._opened.status_of_new(path) if is_new else self._opened.status(path)
        self._directories[path] = NewDirectory(mode, mtime, identity(status))

    def _replace(self, path: str, create: t.Callable[[int, str], _Result]) -> _Result:
        """Create an entry, and replace whatever has its name."""
        try:
            return create(*self._opened.at(path))
        except FileExistsError:
            if not self._keeps_modes:
                self._check_spelling(path)
            self._unlink(path)
            return create(*self._opened.at(path))

    def _check_spelling(self, path: str) -> None:
        """Raise HostError if the entry in the way of `path` has another name: the file system ignores case."""
        parent, _slash, base = path.rpartition("/")
        if base not in self._opened.names(parent):
            raise HostError(
                f"{self.path}/{path}: this file system ignores case, and the backend has another file whose name "
                "differs in upper and lower case. Choose a backends_path on one that does not, such as ext4 or xfs."
            )

    def _resolve(self, path: str) -> str:
        """Return the path of an entry without symlinks; creates the directories above it."""
        parent, _slash, base = path.rpartition("/")
        if parent not in self._known_directories:
            real_parent = self._directory(parent, create=True)
            path = f"{real_parent}/{base}" if real_parent else base
        return path

    def _existing(self, path: str) -> str | None:
        """Return the path of an existing entry without symlinks, or None if there is no such entry."""
        parent, _slash, base = path.rpartition("/")
        real_parent = self._directory(parent, create=False)
        real_path = f"{real_parent}/{base}" if real_parent else base
        return None if real_parent is None or self._kind(real_path) is None else real_path

    def _directory(self, path: str, create: bool) -> str | None:
        """Return the directory that `path` leads to if symlinks are followed with the tree as the root.

        With `create`, missing directories are created; without it, the result is None if one is missing.
        """
        current, hops = "", 0
        parts = path.split("/")[::-1]
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                current = current.rpartition("/")[0]
                continue
            inner = f"{current}/{part}" if current else part
            if inner in self._known_directories:
                current = inner
                continue
            kind = self._kind(inner)
            if kind == stat.S_IFLNK:
                hops += 1
                if hops > _MAX_SYMLINKS:
                    raise SourceError(f"{path!r} leads through more than {_MAX_SYMLINKS} symlinks.")
                target = self._opened.target(inner)
                current = "" if target.startswith("/") else current
                parts += target.split("/")[::-1]
                continue
            if kind != stat.S_IFDIR:
                if not create:
                    return None
                self._create_directory(inner, kind)
            self._known_directories.add(inner)
            current = inner
        return current

    def _create_directory(self, path: str, kind: int | None) -> None:
        if kind is not None:
            raise SourceError(f"an entry would be written through {path!r}, which is not a directory.")
        fd, name = self._opened.at(path)
        os.mkdir(name, self._new_mode, dir_fd=fd)
        self._note_directory(path, True, 0o755, None)
        self.contents[path] = {}
        self.entries += 1

    def _is_reachable(self, path: str) -> bool:
        """Return whether every directory above `path` exists and is not a symlink."""
        parent = path.rpartition("/")[0]
        if parent in self._known_directories:
            return True
        if not self._is_reachable(parent) or self._kind(parent) != stat.S_IFDIR:
            return False
        self._known_directories.add(parent)
        return True

    def _kind(self, path: str) -> int | None:
        status = unless_vanished(lambda: self._opened.status(path))
        return None if status is None else stat.S_IFMT(status.st_mode)

    def _unlink(self, path: str) -> None:
        self._opened.forget(path)
        fd, name = self._opened.at(path)
        remove(name, dir_fd=fd)
        parent, _slash, name = path.rpartition("/")
        self.contents.get(parent, {}).pop(name, None)
        if path in self._known_directories:
            # Its entries are gone too: whatever replaces them gets no mode of theirs, and may not be a directory.
            for gone in [known for known in self._known_directories if known == path or known.startswith(path + "/")]:
                self._known_directories.remove(gone)
                self._directories.pop(gone, None)
                self.contents.pop(gone, None)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]

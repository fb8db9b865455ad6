# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One directory tree on disk, held by its descriptor: files are written, linked and removed only below it.

The kernel never follows a symlink that is in the tree. Where an entry lies behind one, it is followed here, with the
tree as its root, so nothing that an archive holds leads out. Each directory on the way to an entry is opened by itself,
so that renaming or exchanging one meanwhile misleads nobody.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import stat
import typing as t

from .._errors import HostError, SourceError
from .attributes import VANISHED, MadeDirectory, change, finish_directory, identity
from .directories import Directories
from .members import safe_mode
from .os_errors import OnDisk
from .remove import OPEN_DIRECTORY, random_names, remove, with_free_name
from .sync import WritingOut, begin_write_out

_CREATE_FILE = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_LINKS = 40
_COPIED_AT_ONCE = 1024**2
# What file systems without links answer to one, FUSE included.
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)
_Made = t.TypeVar("_Made")


class Tree:
    """Fills one directory; C(uid) and C(gid) own what is made (-1: whoever runs this).

    With C(dir_fd), a descriptor of its parent, the directory is opened there by its name alone. Without C(keeps_modes)
    its file system does not keep modes, so that none are set.

    C(contents) is what was put into each directory, by name: the size of a file in bytes, or the target of a symlink.

    Paths are relative, with C(/) between their parts and no C(.) or C(..) in them; see C(inner_path). Raises HostError
    where the disk or the permissions are in the way, SourceError for content that leads out of the tree.
    """

    def __init__(
        self, path: str, uid: int = -1, gid: int = -1, dir_fd: int | None = None, keeps_modes: bool = True
    ) -> None:
        self.path = path
        self._keeps_modes = keeps_modes
        # Closed until it is finished, unless this is all that a directory ever gets.
        self._new_mode = 0o700 if keeps_modes else 0o755
        self.size = 0
        self.entries = 0
        self.contents: dict[str, dict[str, int | str]] = {"": {}}
        self._uid = uid
        self._gid = gid
        self.fd = os.open(path if dir_fd is None else os.path.basename(path), OPEN_DIRECTORY, dir_fd=dir_fd)
        self._held = Directories(self.fd)
        self._directories: dict[str, MadeDirectory] = {}
        self._real: set[str] = {""}
        self._fresh: set[str] = set()
        self._writing_out = WritingOut(self.fd)

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *_exception: t.Any) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the directory."""
        self._writing_out.close()
        self._held.close()
        os.close(self.fd)

    def begin_layer(self) -> None:
        """Forget what is new: what is there from now on came from lower layers."""
        self._fresh.clear()

    def directory(self, path: str, mode: int, mtime: float | None = None) -> None:
        """Make a directory, or give an existing one a new mode; modes take effect in C(finish)."""
        with OnDisk(self.path, path):
            path = self._place(path)
            is_new = path not in self._real and self._kind(path) != stat.S_IFDIR
            if is_new:
                self._anew(path, lambda fd, name: os.mkdir(name, self._new_mode, dir_fd=fd))
            self._real.add(path)
            self._note_directory(path, is_new, safe_mode(mode) | 0o500, mtime)
            self.contents.setdefault(path, {})
            self._made(path)

    def file(self, path: str, mode: int, chunks: t.Iterable[t.Any], mtime: float | None = None) -> None:
        """Write a file anew, in place of whatever had its name; C(chunks) are bytes or views of bytes."""
        mode = safe_mode(mode)
        with OnDisk(self.path, path):
            path = self._place(path)
            lost, foreign = self._of_itself
            fd = self._anew(path, lambda fd, name: os.open(name, os.O_WRONLY | _CREATE_FILE, mode, dir_fd=fd))
        try:
            begun = written = 0
            for chunk in chunks:
                written += len(chunk)
                with OnDisk(self.path, path):
                    _write_all(fd, chunk)
                    begun = begin_write_out(fd, begun, written)
            self.size += written
            self._writing_out.wrote(written - begun)
            with OnDisk(self.path, path):
                if foreign:
                    os.fchown(fd, self._uid, self._gid)
                if self._keeps_modes and (foreign or mode & lost):
                    os.fchmod(fd, mode)
                if mtime is not None:
                    os.utime(fd, (mtime, mtime))
        finally:
            os.close(fd)
        self._made(path, written)

    def symlink(self, path: str, target: str) -> None:
        """Make a symlink; its target is text, which the kernel is never let follow here."""
        if not target or "\0" in target or len(os.fsencode(target)) > 4095:
            raise SourceError(f"the symlink {path!r} has no valid target.")
        with OnDisk(self.path, path):
            path = self._place(path)
            try:
                self._anew(path, lambda fd, name: os.symlink(target, name, dir_fd=fd))
            except OSError as e:
                if e.errno not in _NO_LINKS:
                    raise
                raise HostError(
                    f"{self.path}/{path}: this file system keeps no symlinks, and the backend has some. Choose a "
                    "backends_path on one that does, such as ext4, xfs or btrfs."
                ) from e
            self._own_symlink(path)
        self._made(path, target)

    def hardlink(self, path: str, target: str) -> None:
        """Make another name for a file or a symlink of this tree; raises SourceError when the target is neither."""
        with OnDisk(self.path, path):
            place = self._existing(target)
            if place is None or self._kind(place) not in (stat.S_IFREG, stat.S_IFLNK):
                raise SourceError(f"{path!r} is a hard link to {target!r}, which is not a file of this tree.")
            path = self._place(path)
            if (place + "/").startswith(path + "/"):
                raise SourceError(f"{path!r} is a hard link to {target!r}, whose place it would take.")
            try:
                with self._held.holding(place) as (source_fd, source):
                    link = functools.partial(os.link, source, src_dir_fd=source_fd, follow_symlinks=False)
                    self._anew(path, lambda fd, name: link(name, dst_dir_fd=fd))
            except OSError as e:
                # Where a file has one name only, or no more names, this one is another file with the same content.
                if e.errno not in (*_NO_LINKS, errno.EMLINK):
                    raise
                self._copy(place, path)
                return
        parent, _slash, name = place.rpartition("/")
        self._made(path, self.contents.get(parent, {}).get(name))

    def _copy(self, place: str, path: str) -> None:
        with open(self._held.open(place), "rb") as stream:
            status = os.fstat(stream.fileno())
            chunks = iter(lambda: stream.read(_COPIED_AT_ONCE), b"")
            self.file(path, stat.S_IMODE(status.st_mode), chunks, status.st_mtime)

    @functools.cached_property
    def _of_itself(self) -> tuple[int, bool]:
        """Which bits of its mode a new file here loses, and whether it belongs to another one than it should."""
        with self.scratch(0o777) as stream:
            status = os.fstat(stream.fileno())
        foreign = self._uid not in (-1, status.st_uid) or self._gid not in (-1, status.st_gid)
        return 0o777 & ~status.st_mode if self._keeps_modes else 0, foreign

    @contextlib.contextmanager
    def scratch(self, mode: int = 0o600) -> t.Iterator[t.BinaryIO]:
        """Give an empty file for reading and writing that has no name, so that nothing of it is ever left."""
        with OnDisk(self.path, "a file without a name"):
            name, fd = with_free_name(
                random_names(".scratch-"), lambda name: os.open(name, _CREATE_FILE | os.O_RDWR, mode, dir_fd=self.fd)
            )
            os.unlink(name, dir_fd=self.fd)
            with open(fd, "w+b") as stream:
                yield stream

    def remove_stale(self, path: str) -> None:
        """Remove what lower layers left at C(path); what the layer at hand put there stays."""
        with OnDisk(self.path, path):
            place = self._existing(path)
            if place is not None:
                self._remove_stale(place)

    def clear_stale(self, path: str) -> None:
        """Remove from the directory that C(path) leads to all that lower layers left in it."""
        with OnDisk(self.path, path):
            place = self._directory(path, make=False)
            if place is not None:
                self._clear_stale(place)

    def _remove_stale(self, place: str) -> None:
        if place not in self._fresh:
            self._unlink(place)
        elif self._kind(place) == stat.S_IFDIR:
            self._clear_stale(place)

    def _clear_stale(self, place: str) -> None:
        for name in self._held.names(place):
            self._remove_stale(f"{place}/{name}" if place else name)

    def make_executable(self, path: str) -> None:
        """Let everybody who may read the file C(path) execute it."""
        if not self._keeps_modes:
            return
        with OnDisk(self.path, path):
            fd = self._held.open(self._file_of(path) or path)
            try:
                mode = stat.S_IMODE(os.fstat(fd).st_mode)
                os.fchmod(fd, mode | (mode & 0o444) >> 2)
            finally:
                os.close(fd)

    def holds_file(self, path: str) -> bool:
        """Return whether C(path) is a regular file, or a symlink to one inside this tree."""
        return self._file_of(path) is not None

    def _file_of(self, path: str) -> str | None:
        """Return C(path) when it is a regular file, or the file of this tree that it is a symlink to, else None."""
        for _hop in range(_MOST_LINKS):
            if path.startswith(("/", "../")) or not self._is_reachable(path):
                return None
            kind = self._kind(path)
            if kind != stat.S_IFLNK:
                return path if kind == stat.S_IFREG else None
            target = self._held.target(path)
            path = os.path.normpath(os.path.join(os.path.dirname(path), target))
        return None

    def finish(self, mode: int) -> None:
        """Give every directory its mode and time, and the top C(mode); nothing can be added afterwards."""
        for path in sorted(self._directories, reverse=True):
            with OnDisk(self.path, path):
                opened = functools.partial(self._held.open, path, OPEN_DIRECTORY)
                finish_directory(opened, self._directories[path], (self._uid, self._gid), self._keeps_modes)
        with OnDisk(self.path, "."):
            if (self._uid, self._gid) != (-1, -1):
                os.fchown(self.fd, self._uid, self._gid)
            if self._keeps_modes:
                os.fchmod(self.fd, mode)

    def _made(self, path: str, what: int | str | None = None) -> None:
        """Count an entry and note what it is: a file of so many bytes, a symlink to a target, or a directory."""
        self.entries += 1
        if what is not None:
            parent, _slash, name = path.rpartition("/")
            self.contents.setdefault(parent, {})[name] = what
        while path and path not in self._fresh:
            self._fresh.add(path)
            path = path.rpartition("/")[0]

    def _own_symlink(self, path: str) -> None:
        _lost, foreign = self._of_itself
        if foreign:
            fd, name = self._held.at(path)
            change(name, fd, self._held.status(path), uid=self._uid, gid=self._gid)

    def _note_directory(self, path: str, is_new: bool, mode: int, mtime: float | None) -> None:
        status = self._held.new(path) if is_new else self._held.status(path)
        self._directories[path] = MadeDirectory(mode, mtime, identity(status))

    def _anew(self, path: str, make: t.Callable[[int, str], _Made]) -> _Made:
        """Make something at C(path), in place of whatever is there."""
        try:
            return make(*self._held.at(path))
        except FileExistsError:
            if not self._keeps_modes:
                self._check_spelling(path)
            self._unlink(path)
            return make(*self._held.at(path))

    def _check_spelling(self, path: str) -> None:
        """Raise HostError when what is in the way of C(path) has another name: such file systems fold their case."""
        parent, _slash, base = path.rpartition("/")
        if base not in self._held.names(parent):
            raise HostError(
                f"{self.path}/{path}: this file system does not tell it from another file of the backend, whose name "
                "differs in upper and lower case. Choose a backends_path on one that does, such as ext4, xfs or btrfs."
            )

    def _place(self, path: str) -> str:
        """Return where the entry C(path) really goes, making the directories above it."""
        parent, _slash, base = path.rpartition("/")
        if parent not in self._real:
            real = self._directory(parent, make=True)
            path = f"{real}/{base}" if real else base
        return path

    def _existing(self, path: str) -> str | None:
        """Return where the entry C(path) really is, or None when nothing is there."""
        parent, _slash, base = path.rpartition("/")
        real = self._directory(parent, make=False)
        place = f"{real}/{base}" if real else base
        return None if real is None or self._kind(place) is None else place

    def _directory(self, path: str, make: bool) -> str | None:
        """Return the directory that C(path) leads to, following symlinks as if the tree were the root of the system.

        What is missing is made with C(make), else the result is None.
        """
        at, hops = "", 0
        parts = path.split("/")[::-1]
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                at = at.rpartition("/")[0]
                continue
            place = f"{at}/{part}" if at else part
            if place in self._real:
                at = place
                continue
            kind = self._kind(place)
            if kind == stat.S_IFLNK:
                hops += 1
                if hops > _MOST_LINKS:
                    raise SourceError(f"{path!r} leads through more than {_MOST_LINKS} symlinks.")
                target = self._held.target(place)
                at = "" if target.startswith("/") else at
                parts += target.split("/")[::-1]
                continue
            if kind != stat.S_IFDIR:
                if not make:
                    return None
                self._make_directory(place, kind)
            self._real.add(place)
            at = place
        return at

    def _make_directory(self, path: str, kind: int | None) -> None:
        if kind is not None:
            raise SourceError(f"an entry would be written through {path!r}, which is not a directory.")
        fd, name = self._held.at(path)
        os.mkdir(name, self._new_mode, dir_fd=fd)
        self._note_directory(path, True, 0o755, None)
        self.contents[path] = {}
        self.entries += 1

    def _is_reachable(self, path: str) -> bool:
        """Return whether every directory above C(path) exists and is no symlink."""
        parent = path.rpartition("/")[0]
        if parent in self._real:
            return True
        if not self._is_reachable(parent) or self._kind(parent) != stat.S_IFDIR:
            return False
        self._real.add(parent)
        return True

    def _kind(self, path: str) -> int | None:
        try:
            return stat.S_IFMT(self._held.status(path).st_mode)
        except OSError as e:
            if e.errno not in VANISHED:
                raise
            return None

    def _unlink(self, path: str) -> None:
        self._held.forget(path)
        fd, name = self._held.at(path)
        remove(name, dir_fd=fd)
        parent, _slash, name = path.rpartition("/")
        self.contents.get(parent, {}).pop(name, None)
        if path in self._real:
            # What was below it is gone, and must not be given modes or be trusted through whatever comes in its place.
            for known in [known for known in self._real if known == path or known.startswith(path + "/")]:
                self._real.remove(known)
                self._directories.pop(known, None)
                self.contents.pop(known, None)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]

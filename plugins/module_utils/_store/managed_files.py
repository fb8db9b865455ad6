# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single files and trees in a managed directory that also has files of other people, such as the models path.

Everything is complete, with its owner, group and mode, and on the disk before one rename makes it visible. Paths are
relative to the managed directory. Every directory on the way is opened by its descriptor: a symlink on the way is an
error, and nothing is written through a name that somebody else may replace.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import stat
import typing as t
from dataclasses import dataclass

from .._errors import HostError, SourceError
from .._fs.attributes import change
from .._fs.directories import Directories
from .._fs.entries import (
    IN_THE_WAY,
    OPEN_DIRECTORY,
    VANISHED,
    closing,
    exists,
    identity,
    is_replaceable,
    unless_missing,
)
from .._fs.file_attributes import FileAttributes
from .._fs.inner_paths import inner_path
from .._fs.os_errors import errors_at
from .._fs.read import open_file
from .._fs.remove import remove
from .._fs.sync import Transaction, write_out, write_out_entries
from .._fs.tree import Tree
from .._fs.utf8 import os
from .._fs.walk import walk
from .descent import descended
from .file_system import KeptAttributes
from .layout import MODELS, OWN_DIRECTORY
from .own_directories import OwnDirectories, own_directory
from .ownership import numbers_of
from .replaced import Target, name_while_replaced

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_REFUSED_KINDS = {stat.S_IFLNK: "a symlink", stat.S_IFREG: "a hard link"}


class NewAttributes(t.NamedTuple):
    """Owner and group of new files and directories, where -1 leaves one to the system, and their modes."""

    uid: int
    gid: int
    mode: int
    directory_mode: int


@dataclass(frozen=True)
class StoreActions:
    """The operations of the locked store on its managed files.

    `own` raises OSError if there was no space for our own directories. `write_own` replaces a file of our own in the
    directory of a descriptor.
    """

    stage: t.Callable[[], t.ContextManager[Tree]]
    own: t.Callable[[], OwnDirectories]
    keeps: t.Callable[[], KeptAttributes]
    replace: t.Callable[[Tree, Target], None]
    discard: t.Callable[[str, int], None]
    write_own: t.Callable[[str, bytes, int], None]


class ManagedFiles:
    """The files of a locked store; see `Store.files`. All methods raise HostError.

    `fd` holds the managed directory open, whose path is `path`. Missing directories are created.
    """

    def __init__(self, path: str, fd: int, actions: StoreActions, new: NewAttributes) -> None:
        self._path = path
        self._fd = fd
        self._actions = actions
        self._new = new

    def install(self, tree: Tree, inner: str, path: str) -> None:
        """Move the file `inner` of a staged tree to `path`, and replace any entry there that is not a directory.

        Raises SourceError if the tree has no such file.
        """
        path, inner = self._checked(path), inner_path(inner)
        directory, _slash, name = path.rpartition("/")
        with self._errors_at(path), contextlib.closing(Directories(tree.fd)) as staged:
            with closing(_open_staged(staged, inner, path)) as fd:
                self._give(fd, self._new.mode)
                os.fsync(fd)
            with self._created(directory) as dir_fd:
                self._move(staged.at(inner), dir_fd, name, path)
                write_out_entries(dir_fd)

    def write(self, path: str, content: bytes) -> None:
        """Write a file, and replace any entry at `path` that is not a directory."""
        path = self._checked(path)
        name = path.rpartition("/")[2]
        with self._actions.stage() as tree:
            tree.file(name, self._new.mode, [content])
            self.install(tree, name, path)

    def merge(self, tree: Tree, directory: str) -> list[str]:
        """Move all files of a staged tree into `directory`, which may be empty for the managed directory itself.

        They keep their paths below it, and replace files of the same path. Empty directories are left out. Returns the
        sorted paths in the managed directory. Before anything is moved, raises SourceError if the tree has anything
        but directories and files with one name, and HostError if a directory is in the way of a file.
        """
        top = self._checked(directory) if directory else ""
        inner_files, _inner_directories = _contents(tree)
        inner_by_path = {_joined(top, inner): inner for inner in inner_files}
        groups: dict[str, list[str]] = {}
        for path in sorted(inner_by_path):
            groups.setdefault(self._checked(path).rpartition("/")[0], []).append(path)
        for group, paths in groups.items():
            self._check_replaceable(group, paths)
        with self._errors_at(top), contextlib.closing(Directories(tree.fd)) as staged:
            for path, inner in inner_by_path.items():
                with closing(_open_staged(staged, inner, path)) as fd:
                    self._give(fd, self._new.mode)
            write_out(tree.fd)
            for group, paths in groups.items():
                with self._errors_at(group), self._created(group) as dir_fd:
                    for path in paths:
                        self._move(staged.at(inner_by_path[path]), dir_fd, path.rpartition("/")[2], path)
                    write_out_entries(dir_fd)
        return sorted(inner_by_path)

    def publish(self, tree: Tree, path: str) -> None:
        """Give a staged tree the name `path` in one step, and replace anything there; a symlink is not followed.

        Raises SourceError if the tree has anything but directories and files with one name.
        """
        path = self._checked(path)
        directory, _slash, name = path.rpartition("/")
        inner_files, inner_directories = _contents(tree)
        with self._errors_at(path), contextlib.closing(Directories(tree.fd)) as staged:
            for inner in inner_files:
                with closing(_open_staged(staged, inner, path)) as fd:
                    self._give(fd, self._new.mode)
            # The top comes last, so that the tree stays closed to others until then.
            for inner in [*reversed(inner_directories), ""]:
                with closing(staged.open(inner, OPEN_DIRECTORY)) as fd:
                    self._give(fd, self._new.directory_mode)
            write_out(tree.fd)
            with self._created(directory) as dir_fd:
                self._actions.replace(tree, Target(dir_fd, name, name_while_replaced(path)))

    def rename(self, path: str, new_path: str) -> None:
        """Give a directory that this run has made another path in one step; anything there is removed before."""
        path, new_path = self._checked(path), self._checked(new_path)
        directory, _slash, name = path.rpartition("/")
        new_directory, _slash, new_name = new_path.rpartition("/")
        with self._errors_at(new_path), self._descended(directory) as levels, self._created(new_directory) as new_fd:
            if exists(new_name, new_fd):
                self._actions.discard(new_name, new_fd)
            with Transaction() as transaction:
                transaction.rename(levels[-1], name, new_fd, new_name)
            _remove_empty(directory, levels)

    def stream(self, path: str) -> t.BinaryIO:
        """Open a regular file for reading; a symlink at `path` or on the way is an error."""
        path = self._checked(path)
        directory, _slash, name = path.rpartition("/")
        with self._errors_at(path), self._descended(directory) as levels:
            return open_file(name, levels[-1], os.O_NOFOLLOW)

    def remove(self, path: str) -> bool:
        """Remove a file, a symlink or a tree, and then the directories above it that are empty.

        Returns whether there was anything. A run that is killed in between can leave such directories.
        """
        path = self._checked(path)
        directory, _slash, name = path.rpartition("/")
        with self._errors_at(path), contextlib.ExitStack() as stack:
            levels = unless_missing(lambda: stack.enter_context(self._descended(directory)))
            if levels is None or not exists(name, levels[-1]):
                return False
            self._actions.discard(name, levels[-1])
            _remove_empty(directory, levels)
            return True

    def set_attributes(self, path: str, requested: FileAttributes) -> None:
        """Give a regular file or a directory the requested owner, group and mode, as far as the file system keeps them.

        A file with several hard links is refused: its other names may be outside the managed directory.
        """
        path = self._checked(path)
        directory, _slash, name = path.rpartition("/")
        where = os.path.join(self._path, path)
        uid, gid = numbers_of(requested.owner or None, requested.group or None)
        keeps = self._actions.keeps()
        with self._errors_at(path), self._descended(directory) as levels:
            status = os.stat(name, dir_fd=levels[-1], follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode) and not stat.S_ISREG(status.st_mode):
                raise HostError(f"{where} is neither a file nor a directory, so its owner and mode are not changed.")
            if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
                raise HostError(
                    f"{where} has {status.st_nlink} hard links, so a change of its owner or mode would change other "
                    "files too. Replace it by a copy."
                )
            uid, gid = (uid, gid) if keeps.owners else (-1, -1)
            mode = int(requested.mode, 8) if requested.mode and keeps.modes else None
            if not change(name, levels[-1], status, uid=uid, gid=gid, mode=mode):
                raise HostError(f"{where} was replaced while its owner and mode were being changed. Run again.")
            # The whole file system would take long while a server or a download writes to it.
            with closing(os.open(name, _READ, dir_fd=levels[-1])) as fd:
                write_out_entries(fd)

    def write_record(self, name: str, content: bytes) -> None:
        """Write our record of a model, with the mode 0644 and the owner of the managed directory."""
        file_name, own_path = _record_file(name), os.path.join(self._path, OWN_DIRECTORY)
        with errors_at(os.path.join(own_path, MODELS, file_name)), contextlib.ExitStack() as stack:
            own_fd = self._actions.own().own
            records_fd = stack.enter_context(closing(own_directory(MODELS, own_fd, self._fd, own_path)))
            self._actions.write_own(file_name, content, records_fd)
            write_out_entries(records_fd)

    def remove_record(self, name: str) -> None:
        """Remove our record of a model; a missing one is no error. It works on a full disk too."""
        file_name, directory = _record_file(name), f"{OWN_DIRECTORY}/{MODELS}"
        with errors_at(os.path.join(self._path, directory, file_name)), contextlib.ExitStack() as stack:
            levels = unless_missing(lambda: stack.enter_context(descended(self._fd, self._path, directory)))
            if levels is not None:
                remove(file_name, dir_fd=levels[-1])
                # After a loss of power, it would claim that the model is still there.
                write_out_entries(levels[-1])

    def _checked(self, path: str) -> str:
        """Return a path below the managed directory; raises SourceError if it is not one, HostError if it is ours."""
        try:
            is_valid = bool(path) and inner_path(path) == path
        except (SourceError, ValueError):
            is_valid = False
        if not is_valid:
            raise SourceError(
                f"{path[:200]!r} cannot be a path in {self._path}: it has to be relative, without . and .. in it, and "
                "with names of at most 255 bytes."
            )
        if self._is_own(path.partition("/")[0]):
            raise HostError(f"{os.path.join(self._path, path)} belongs to this collection. Choose another path.")
        return path

    def _is_own(self, name: str) -> bool:
        """Return whether a name leads to our own directory; a file system that ignores case has more such names."""
        with errors_at(self._path):
            status, own = (
                unless_missing(functools.partial(os.stat, entry, dir_fd=self._fd, follow_symlinks=False))
                for entry in (name, OWN_DIRECTORY)
            )
        is_same = status is not None and own is not None and identity(status) == identity(own)
        return is_same or name == OWN_DIRECTORY

    def _descended(self, directory: str) -> t.ContextManager[list[int]]:
        return descended(self._fd, self._path, directory)

    @contextlib.contextmanager
    def _created(self, directory: str) -> t.Iterator[int]:
        """Give the descriptor of a directory, which is created if it is missing, as those above it are."""
        with descended(self._fd, self._path, directory, self._create) as levels:
            yield levels[-1]

    def _create(self, name: str, dir_fd: int, path: str) -> None:
        """Create a directory with its owner and mode in one step, unless somebody else is quicker."""
        with self._actions.stage() as tree, self._errors_at(path):
            tree.finish(self._new.directory_mode)
            try:
                with Transaction() as transaction:
                    transaction.rename(self._actions.own().staging.fd, os.path.basename(tree.path), dir_fd, name)
            except OSError as e:
                if e.errno not in IN_THE_WAY:
                    raise

    def _check_replaceable(self, directory: str, paths: t.Iterable[str]) -> None:
        with self._errors_at(directory), contextlib.ExitStack() as stack:
            levels = unless_missing(lambda: stack.enter_context(self._descended(directory)))
            if levels is None:
                return
            for path in paths:
                if not is_replaceable(path.rpartition("/")[2], levels[-1]):
                    raise self._directory_in_the_way(path)

    def _move(self, staged: tuple[int, str], dir_fd: int, name: str, path: str) -> None:
        try:
            os.replace(staged[1], name, src_dir_fd=staged[0], dst_dir_fd=dir_fd)
        except IsADirectoryError as e:
            raise self._directory_in_the_way(path) from e

    def _directory_in_the_way(self, path: str) -> HostError:
        where = os.path.join(self._path, path)
        return HostError(f"{where} is a directory, and a file has to be installed there. Move or remove the directory.")

    def _give(self, fd: int, mode: int) -> None:
        """Give the staged file or directory of a descriptor its owner, group and mode."""
        keeps, status = self._actions.keeps(), os.fstat(fd)
        is_foreign = self._new.uid not in (-1, status.st_uid) or self._new.gid not in (-1, status.st_gid)
        if keeps.owners and is_foreign:
            os.fchown(fd, self._new.uid, self._new.gid)
        if keeps.modes:
            os.fchmod(fd, mode)

    @contextlib.contextmanager
    def _errors_at(self, path: str) -> t.Iterator[None]:
        """Turn errors of the operating system into HostError that names a path in the managed directory."""
        where = os.path.join(self._path, path) if path else self._path
        with errors_at(where):
            try:
                yield
            except OSError as e:
                if e.errno != errno.EXDEV:
                    raise
                raise HostError(
                    f"{where} cannot be renamed into place, because it is on another file system than {self._path}, or "
                    "in a lower layer of an overlay. Unmount it, or remove it first."
                ) from e


def _remove_empty(directory: str, levels: t.Sequence[int]) -> None:
    """Remove a directory and those above it if they are empty; `levels` are their descriptors, the top first."""
    # They are not empty, or mount points, if this fails.
    with contextlib.suppress(OSError):
        for parent, parent_fd in zip(reversed(directory.split("/")), reversed(levels[:-1])):
            os.rmdir(parent, dir_fd=parent_fd)


def _open_staged(staged: Directories, inner: str, path: str) -> int:
    """Open a file of a staged tree; raises SourceError unless it is a regular file with one name."""
    try:
        fd = staged.open(inner, _READ)
    except OSError as e:
        if e.errno not in VANISHED:
            raise
        raise SourceError(f"{path}: the source has no file {inner!r}.") from e
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
        return fd
    os.close(fd)
    raise SourceError(f"{path}: {inner!r} in the source is not a regular file.")


def _contents(tree: Tree) -> tuple[list[str], list[str]]:
    """Return the files and the directories of a staged tree, a directory before those in it."""
    files: list[str] = []
    directories: list[str] = []
    for entry in walk(tree.fd, tree.path):
        if entry.is_directory:
            directories.append(entry.path)
        elif stat.S_ISREG(entry.status.st_mode) and entry.status.st_nlink == 1:
            files.append(entry.path)
        else:
            kind = _REFUSED_KINDS.get(stat.S_IFMT(entry.status.st_mode), "a special file")
            raise SourceError(
                f"{entry.path!r} in the source is {kind}. A model may only have directories and regular files."
            )
    return files, directories


def _record_file(name: str) -> str:
    if not name or "/" in name or "\0" in name:
        raise HostError(f"{name!r} cannot be the name of a model: it has to be the name of a file.")
    return f"{name}.json"


def _joined(directory: str, inner: str) -> str:
    return f"{directory}/{inner}" if directory else inner

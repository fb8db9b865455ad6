# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only writer of the backends path.

::

    <backends path>/<backend>/              a tree that LocalAI lists
    <backends path>/.localai-core/          ours; LocalAI passes it by, for it has no run.sh and no metadata.json
        lock                                held by the run that writes, with a note of who it is
        progress                            what it transfers at the moment, and how far it is
        file-system.json                    whether this file system keeps owners and modes
        staging/<number>/                   trees that are not finished, or not deleted yet
        replaced/<backend>/                 where no rename can exchange two trees: the old one, for that moment
        kept/<backend>/<number>/            trees that were replaced and may come back, the highest number the latest
        builds.json                         which build each backend was given last, for repairs

A tree is complete, with its owner, modes and metadata, and on the disk, before one rename makes it visible. Nothing old
is deleted, and nothing reported, before that rename is on the disk, too.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import itertools
import os
import typing as t

from .._errors import HostError
from .._fs.os_errors import disk_error
from .._fs.remove import (
    CANNOT_MOVE,
    OPEN_DIRECTORY,
    exists,
    in_spite_of,
    is_no_directory,
    random_names,
    remove,
    with_free_name,
)
from .._fs.sync import Moves, exchange, write_out, write_out_entries
from .._fs.tree import Tree
from .._localai.installed import RUN_FILE
from .._localai.metadata import METADATA
from .builds import Build
from .file_system import Keeps, memory_with, remembered
from .layout import BUILDS, KEPT, LOCK, MEMORY, OWN_DIRECTORY, PROGRESS, REPLACED, STAGING, kept_numbers
from .lock import open_lock, wait_for, write_note
from .looks import Wanted, make_alike
from .memory import BuildMemory
from .own_directories import give, open_path, own_directory, staged_tree
from .ownership import Ownership
from .probe import Probed, probe

_IN_PATH = frozenset({OWN_DIRECTORY})
_IN_OWN = frozenset({LOCK, PROGRESS, MEMORY, BUILDS, STAGING, REPLACED, KEPT})
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Store:
    """The backends path of one run; use C(lock) around everything that writes. New trees get C(ownership)."""

    def __init__(self, path: str, ownership: Ownership, directory_mode: int = 0o755) -> None:
        self.path = path
        self.ownership = ownership
        self._mode = directory_mode
        self._fd = -1
        self._own_fd = -1
        self._staging_fd = -1
        self._replaced_fd = -1
        self._kept_fd = -1
        self._staged = 0
        self._no_room: OSError | None = None
        self._probed: Probed | None = None
        self._own = os.path.join(path, OWN_DIRECTORY)
        self._staging = os.path.join(self._own, STAGING)
        self._memory = BuildMemory(path, functools.partial(self._write_own, BUILDS))

    @property
    def keeps(self) -> Keeps:
        """Whether the file system keeps owners and modes; under the lock, this is found out once and remembered."""
        return self._probe().keeps

    def _probe(self) -> Probed:
        if self._probed is None:
            with _naming(self._staging):
                try:
                    self._need_room()
                    self._probed = probe(self._staging_fd, self.ownership.uid, self.ownership.gid)
                    self._remember(self._probed.keeps)
                except OSError as e:
                    if e.errno not in _NO_ROOM:
                        raise
                    self._probed = Probed(remembered(self.path) or Keeps(), os.geteuid())
        return self._probed

    def _remember(self, keeps: Keeps) -> None:
        """Write down what the file system keeps, in one step; a prediction less is no reason not to go on."""
        if remembered(self.path) == keeps and exists(MEMORY, self._own_fd):
            return
        with contextlib.suppress(OSError):
            self._write_own(MEMORY, memory_with(self.path, keeps))

    def _write_own(self, name: str, content: bytes) -> None:
        """Write one of our own files, in one step."""
        self._need_room()
        create = functools.partial(os.open, flags=_CREATE, mode=0o644, dir_fd=self._staging_fd)
        written, fd = with_free_name(random_names("written-"), create)
        try:
            with open(fd, "wb", closefd=False) as stream:
                stream.write(content)
            give(fd, self._fd, 0o644)
            os.fsync(fd)
            self._move_over(self._staging_fd, written, self._own_fd, name)
        finally:
            os.close(fd)
            remove(written, dir_fd=self._staging_fd)

    @contextlib.contextmanager
    def lock(self, timeout: float) -> t.Iterator[None]:
        """Create what is missing, wait for other runs, and clear what dead ones left.

        Where there is no room for what is missing, backends can be removed all the same, and nothing else. Raises
        LockTimeout after C(timeout) seconds, HostError when the path cannot be written.
        """
        with _naming(self.path), contextlib.ExitStack() as stack:
            self._fd = _until(stack, open_path(self.path, self.ownership.uid, self.ownership.gid, _IN_PATH))
            locked = False
            try:
                self._own_fd = _until(stack, own_directory(OWN_DIRECTORY, self._fd, self._fd, self.path, _IN_OWN))
                lock_fd = _until(stack, open_lock(self._own_fd, self._own))
                give(lock_fd, self._fd, 0o644)
                wait_for(lock_fd, timeout, self.path)
                locked = True
                write_note(lock_fd)
                self._staging_fd, self._replaced_fd = (self._own_directory(stack, name) for name in (STAGING, REPLACED))
                self._clear()
                self._kept_fd = self._own_directory(stack, KEPT)
            except OSError as e:
                if e.errno not in _NO_ROOM:
                    raise
                self._no_room = e
                if not locked:
                    wait_for(self._fd, timeout, self.path)
            yield

    def _own_directory(self, stack: contextlib.ExitStack, name: str) -> int:
        return _until(stack, own_directory(name, self._own_fd, self._fd, self._own))

    @contextlib.contextmanager
    def stage(self) -> t.Iterator[Tree]:
        """Give an empty tree; what is not published when the context ends is deleted."""
        with _naming(self._staging):
            self._need_room()
            probed = self._probe()
            mode = 0o700 if probed.keeps.modes else 0o755  # which may be all that it ever gets
            make = functools.partial(os.mkdir, mode=mode, dir_fd=self._staging_fd)
            name, _made = with_free_name(self._free_numbers(), make)
            try:
                with staged_tree(os.path.join(self._staging, name), self._staging_fd, self.ownership, probed) as tree:
                    yield tree
            finally:
                remove(name, dir_fd=self._staging_fd)

    def _free_numbers(self) -> t.Iterator[str]:
        while True:
            self._staged += 1
            yield str(self._staged)

    @contextlib.contextmanager
    def progress(self) -> t.Iterator[t.Callable[[bytes], int]]:
        """Give what writes the progress file, which this process holds a lock on, and remove it in the end."""
        with _naming(os.path.join(self._own, PROGRESS)):
            self._need_room()
            fd = in_spite_of(
                lambda: remove(PROGRESS, dir_fd=self._own_fd),
                lambda: os.open(PROGRESS, _CREATE, 0o644, dir_fd=self._own_fd),
            )
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                give(fd, self._fd, 0o644)
                yield lambda content: os.pwrite(fd, content, 0)
            finally:
                remove(PROGRESS, dir_fd=self._own_fd)
                os.close(fd)

    def publish(self, tree: Tree, name: str, keep: int = 0, build: Build | None = None) -> None:
        """Make a finished tree the backend C(name), in one step; of what had the name, the last C(keep) are kept.

        A symlink or a file of that name is replaced like a directory; it is never followed. C(build) is remembered.
        """
        tree.finish(self._mode)
        staged = os.path.basename(tree.path)
        with _naming(os.path.join(self.path, name)), contextlib.ExitStack() as stack:
            stack.enter_context(self._memory.remembering(name, build))
            keep_tree = stack.enter_context(self._keeping(name, keep))
            write_out(tree.fd)
            keep_tree(*self._swap(self._staging_fd, staged, name))

    def restore(self, place: str, name: str, wanted: Wanted, keep: int = 0, build: Build | None = None) -> None:
        """Make the tree at C(place), relative to the backends path, the backend C(name) again, and look as wanted."""
        with _naming(os.path.join(self.path, place)), contextlib.ExitStack() as stack:
            parent_fd = self._fd
            *directories, base = place.split("/")
            for directory in directories:
                parent_fd = _opened(stack, directory, dir_fd=parent_fd)
            tree_fd = _opened(stack, base, dir_fd=parent_fd)
            make_alike(tree_fd, os.path.join(self.path, place), wanted)
            stack.enter_context(self._memory.remembering(name, build))
            keep_tree = stack.enter_context(self._keeping(name, keep))
            write_out(tree_fd)
            keep_tree(*self._swap(parent_fd, base, name))

    def make_alike(self, name: str, wanted: Wanted) -> None:
        """Give the tree of an installed backend the owner, group and mode that are wanted."""
        with _naming(os.path.join(self.path, name)), contextlib.ExitStack() as stack:
            tree_fd = _opened(stack, name, dir_fd=self._fd)
            make_alike(tree_fd, os.path.join(self.path, name), wanted)
            write_out(tree_fd)

    def rewrite_metadata(self, name: str, content: bytes) -> None:
        """Replace the metadata.json of an installed backend in one step."""
        with self.stage() as tree, _naming(os.path.join(self.path, name, METADATA)), contextlib.ExitStack() as stack:
            tree.file(METADATA, 0o644, [content])
            backend_fd = _opened(stack, name, dir_fd=self._fd)
            write_out(tree.fd)
            self._move_over(tree.fd, METADATA, backend_fd, METADATA)
            write_out_entries(backend_fd)

    def retire(self, name: str, keep: int) -> None:
        """Take a backend out of sight in one step, and keep it as one of the last C(keep), or delete it."""
        self._memory.forget(name)
        with _naming(os.path.join(self.path, name)), self._keeping(name, keep) as keep_tree:
            keep_tree(self._fd, name)

    def remove(self, name: str) -> None:
        """Take a backend out of sight in one step, then delete it, with what is kept of it.

        A symlink goes, what it points to stays.
        """
        self._memory.forget(name)
        with _naming(os.path.join(self.path, name)):
            places = [fd for fd in (self._fd, self._kept_fd) if fd != -1 and exists(name, fd)]
            for fd in places or [self._fd]:
                self._discard(name, fd)

    def prune(self, name: str, keep: int) -> None:
        """Delete the previous versions of a backend but for the last C(keep)."""
        with _naming(os.path.join(self._own, KEPT, name)), contextlib.ExitStack() as stack:
            kept_fd = _opened(stack, name, dir_fd=self._kept_fd)
            for old in kept_numbers(os.listdir(kept_fd))[: -keep or None]:
                self._discard_any(str(old), kept_fd)
            with contextlib.suppress(OSError):
                os.rmdir(name, dir_fd=self._kept_fd)

    def _swap(self, dir_fd: int, staged: str, name: str) -> tuple[int, str]:
        """Put a tree in the place of the backend C(name); returns where that is now, if there was one."""

        def swap() -> tuple[int, str]:
            with Moves() as moves:
                if not exists(name, self._fd):
                    moves.rename(dir_fd, staged, self._fd, name)
                elif exchange(dir_fd, staged, self._fd, name):
                    moves.made(dir_fd, self._fd, lambda: exchange(dir_fd, staged, self._fd, name))
                else:
                    moves.rename(self._fd, name, self._replaced_fd, name)
                    moves.rename(dir_fd, staged, self._fd, name)
                    return self._replaced_fd, name
            return dir_fd, staged

        return in_spite_of(lambda: self._discard_any(name, self._replaced_fd), swap)

    def _move_over(self, dir_fd: int, name: str, new_fd: int, new_name: str) -> None:
        """Move a file to a name, in place of whatever has it."""
        in_spite_of(
            lambda: None if is_no_directory(new_name, new_fd) else self._discard_any(new_name, new_fd),
            lambda: os.replace(name, new_name, src_dir_fd=dir_fd, dst_dir_fd=new_fd),
        )

    @contextlib.contextmanager
    def _keeping(self, name: str, most: int) -> t.Iterator[t.Callable[[int, str], None]]:
        """Give what a tree that goes out of its place is handed to: it is kept as one of the last C(most), or deleted.

        What could be in the way is in the way before anything has moved.
        """
        if most:
            self._need_room()
        with contextlib.ExitStack() as stack:
            where = os.path.join(self._own, KEPT)
            kept_fd = _until(stack, own_directory(name, self._kept_fd, self._fd, where)) if most else -1

            def keep_tree(dir_fd: int, base: str) -> None:
                if not most or not exists(base, dir_fd):
                    self._discard_any(base, dir_fd)
                    return
                try:
                    numbers = map(str, itertools.count(max(kept_numbers(os.listdir(kept_fd)), default=0) + 1))
                    with Moves() as moves:
                        with_free_name(numbers, lambda number: moves.rename(dir_fd, base, kept_fd, number))
                except OSError:
                    if dir_fd == self._replaced_fd:
                        self._discard_any(base, dir_fd)
                    raise
                for old in kept_numbers(os.listdir(kept_fd))[:-most]:
                    self._discard_any(str(old), kept_fd)

            yield keep_tree

    def _discard_any(self, name: str, dir_fd: int) -> None:
        """Discard what has a name, if anything has."""
        if exists(name, dir_fd):
            self._discard(name, dir_fd)

    def _discard(self, name: str, dir_fd: int) -> None:
        """Take something out of sight in one step, then delete it; what cannot be moved is deleted where it is."""
        if dir_fd != self._staging_fd:
            try:
                self._need_room()
                with Moves() as moves:
                    trash, _moved = with_free_name(
                        self._free_numbers(), lambda trash: moves.rename(dir_fd, name, self._staging_fd, trash)
                    )
            except OSError as e:
                if e.errno not in CANNOT_MOVE:
                    raise
                self._remove_in_place(name, dir_fd)
                return
            name = trash
        remove(name, dir_fd=self._staging_fd)

    def _remove_in_place(self, name: str, dir_fd: int) -> None:
        """Delete a tree where it is, first that by which LocalAI knows it."""
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            fd = _opened(stack, name, dir_fd=dir_fd)
            for known_by in (METADATA, RUN_FILE):
                remove(known_by, dir_fd=fd)
        remove(name, dir_fd=dir_fd)

    def _need_room(self) -> None:
        if self._no_room is not None:
            raise self._no_room

    def _clear(self) -> None:
        """Put right what a dead run left: a tree that it was about to replace is in its place again."""
        replaced, staged = os.listdir(self._replaced_fd), os.listdir(self._staging_fd)
        if replaced or staged:
            # It may have died before its moves were on the disk.
            write_out(self._fd)
        for name in replaced:
            if exists(name, self._fd):
                self._discard_any(name, self._replaced_fd)
                continue
            with contextlib.suppress(FileNotFoundError):
                os.rename(name, name, src_dir_fd=self._replaced_fd, dst_dir_fd=self._fd)
        for name in staged:
            remove(name, dir_fd=self._staging_fd)
        remove(PROGRESS, dir_fd=self._own_fd)


def _until(stack: contextlib.ExitStack, fd: int) -> int:
    """Close a descriptor when C(stack) is closed."""
    stack.callback(os.close, fd)
    return fd


def _opened(stack: contextlib.ExitStack, path: str, dir_fd: int) -> int:
    """Open a directory until C(stack) is closed."""
    return _until(stack, os.open(path, OPEN_DIRECTORY, dir_fd=dir_fd))


@contextlib.contextmanager
def _naming(path: str) -> t.Iterator[None]:
    """Turn errors of the operating system into HostError with a path."""
    try:
        yield
    except OSError as e:
        where = e.filename if isinstance(e.filename, str) and os.path.isabs(e.filename) else path
        raise HostError(disk_error(where, e)) from e

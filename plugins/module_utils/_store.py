# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only writer of the backends path.

::

    <backends path>/<backend>/              a tree that LocalAI lists
    <backends path>/.localai-core/          ours; LocalAI passes it by, for it has no run.sh and no metadata.json
        lock                                held by the run that writes, with a note of who it is
        progress                            what it transfers at the moment, and how far it is
        staging/<number>/                   trees that are not finished, or not deleted yet
        replaced/<backend>/                 where no rename can exchange two trees: the old one, for that moment
        kept/<backend>/<number>/            trees that were replaced and may come back, the highest number the latest
        builds.json                         which build each backend was given last, for repairs

A tree is complete, with its owner, modes and metadata, and on the disk, before one rename makes it visible. Nothing old
is deleted, and nothing reported, before that rename is on the disk, too.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import socket
import stat
import time
import typing as t

from ansible_collections.localai.core.plugins.module_utils._builds import BUILDS, Build, builds_file
from ansible_collections.localai.core.plugins.module_utils._disk_errors import disk_error
from ansible_collections.localai.core.plugins.module_utils._durable import Moves, write_out, write_out_entries
from ansible_collections.localai.core.plugins.module_utils._entries import CANNOT_MOVE, OPEN_DIRECTORY, exists, remove
from ansible_collections.localai.core.plugins.module_utils._errors import HostError, LockTimeout
from ansible_collections.localai.core.plugins.module_utils._installed import KEPT, OWN_DIRECTORY, RUN_FILE
from ansible_collections.localai.core.plugins.module_utils._looks import Wanted, make_alike
from ansible_collections.localai.core.plugins.module_utils._metadata import METADATA
from ansible_collections.localai.core.plugins.module_utils._observe import is_number, remembered_builds
from ansible_collections.localai.core.plugins.module_utils._owners import Ownership
from ansible_collections.localai.core.plugins.module_utils._progress import PROGRESS
from ansible_collections.localai.core.plugins.module_utils._tree import Tree
from ansible_collections.localai.core.plugins.module_utils._volume import without_looks

_RENAME_EXCHANGE = 2
_LOCK_POLL = 0.2
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# LocalAI must be able to look into every directory of the backends path.
_OWN_MODE = 0o755


class Store:
    """The backends path of one run; use C(lock) around everything that writes."""

    def __init__(self, path: str, ownership: Ownership, directory_mode: int = 0o755) -> None:
        self.path = path
        self._ownership = ownership
        self._mode = directory_mode
        self._fd = -1
        self._own_fd = -1
        self._staging_fd = -1
        self._replaced_fd = -1
        self._kept_fd = -1
        self._staged = 0
        self._no_room: OSError | None = None

    @property
    def _staging(self) -> str:
        return os.path.join(self.path, OWN_DIRECTORY, "staging")

    @contextlib.contextmanager
    def lock(self, timeout: float) -> t.Iterator[None]:
        """Create what is missing, wait for other runs, and clear what dead ones left.

        Where there is no room for what is missing, backends can be removed all the same, and nothing else. Raises
        LockTimeout after C(timeout) seconds, HostError when the path cannot be written.
        """
        with _naming(self.path), contextlib.ExitStack() as stack:
            self._make_path()
            self._fd = _opened(stack, self.path, follow=True)
            locked = False
            try:
                self._own_fd = self._own_directory(stack, OWN_DIRECTORY, self._fd)
                lock_fd = self._lock_file(stack)
                self._wait(lock_fd, timeout)
                locked = True
                _write_note(lock_fd)
                self._staging_fd = self._own_directory(stack, "staging", self._own_fd)
                self._replaced_fd = self._own_directory(stack, "replaced", self._own_fd)
                self._clear()
                self._kept_fd = self._own_directory(stack, KEPT, self._own_fd)
            except OSError as e:
                if e.errno not in _NO_ROOM:
                    raise
                self._no_room = e
                if not locked:
                    self._wait(self._fd, timeout)
            yield

    def _lock_file(self, stack: contextlib.ExitStack) -> int:
        fd = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=self._own_fd)
        stack.callback(os.close, fd)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise HostError(f"{self.path}/{OWN_DIRECTORY}/lock is not a file of ours. Remove it.")
        self._own(fd, 0o644)
        return fd

    @contextlib.contextmanager
    def stage(self) -> t.Iterator[Tree]:
        """Give an empty tree; what is not published when the context ends is deleted."""
        self._staged += 1
        name = str(self._staged)
        with _naming(self._staging):
            self._need_room()
            os.mkdir(name, 0o700, dir_fd=self._staging_fd)
            try:
                owner, place, looks = self._ownership, os.path.join(self._staging, name), not without_looks(self.path)
                with Tree(place, owner.uid, owner.gid, self._staging_fd, looks) as tree:
                    # Whoever owns the backends path could have put a directory of his own in its place.
                    status = os.fstat(tree.fd)
                    if looks and (status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) != 0o700):
                        raise HostError(f"{tree.path} was exchanged while it was being made.")
                    yield tree
            finally:
                remove(name, dir_fd=self._staging_fd)

    @contextlib.contextmanager
    def progress(self) -> t.Iterator[t.Callable[[bytes], int]]:
        """Give what writes the progress file, which this process holds a lock on, and remove it in the end."""
        with _naming(os.path.join(self.path, OWN_DIRECTORY, PROGRESS)):
            self._need_room()
            remove(PROGRESS, dir_fd=self._own_fd)
            fd = os.open(PROGRESS, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=self._own_fd)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                self._own(fd, 0o644)
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
            stack.enter_context(self._remembering(name, build))
            keep_tree = stack.enter_context(self._keeping(name, keep))
            write_out(tree.fd)
            self._swap(self._staging_fd, staged, name)
            keep_tree(self._staging_fd, staged)

    def restore(self, place: str, name: str, wanted: Wanted, keep: int = 0, build: Build | None = None) -> None:
        """Make the tree at C(place), relative to the backends path, the backend C(name) again, and look as wanted."""
        with _naming(os.path.join(self.path, place)), contextlib.ExitStack() as stack:
            parent_fd = self._fd
            *directories, base = place.split("/")
            for directory in directories:
                parent_fd = _opened(stack, directory, dir_fd=parent_fd)
            tree_fd = _opened(stack, base, dir_fd=parent_fd)
            if not without_looks(self.path):
                make_alike(tree_fd, os.path.join(self.path, place), wanted)
            stack.enter_context(self._remembering(name, build))
            keep_tree = stack.enter_context(self._keeping(name, keep))
            write_out(tree_fd)
            self._swap(parent_fd, base, name)
            keep_tree(parent_fd, base)

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
            os.replace(METADATA, METADATA, src_dir_fd=tree.fd, dst_dir_fd=backend_fd)
            write_out_entries(backend_fd)

    def retire(self, name: str, keep: int) -> None:
        """Take a backend out of sight in one step, and keep it as one of the last C(keep), or delete it."""
        self._forget(name)
        with _naming(os.path.join(self.path, name)), self._keeping(name, keep) as keep_tree:
            keep_tree(self._fd, name)

    def remove(self, name: str) -> None:
        """Take a backend out of sight in one step, then delete it, with what is kept of it.

        A symlink goes, what it points to stays.
        """
        self._forget(name)
        with _naming(os.path.join(self.path, name)):
            places = [fd for fd in (self._fd, self._kept_fd) if fd != -1 and exists(name, fd)]
            for fd in places or [self._fd]:
                self._discard(name, fd)

    def prune(self, name: str, keep: int) -> None:
        """Delete the previous versions of a backend but for the last C(keep)."""
        with _naming(os.path.join(self.path, OWN_DIRECTORY, KEPT, name)), contextlib.ExitStack() as stack:
            kept_fd = _opened(stack, name, dir_fd=self._kept_fd)
            for old in _numbers(kept_fd)[: -keep or None]:
                self._discard(str(old), kept_fd)
            if not keep:
                # Somebody else may have put something into it.
                with contextlib.suppress(OSError):
                    os.rmdir(name, dir_fd=self._kept_fd)

    @contextlib.contextmanager
    def _remembering(self, name: str, build: Build | None) -> t.Iterator[None]:
        """Remember what a backend is given; what is synced next brings this to the disk as well."""
        before = self._builds()
        if build is not None:
            self._write_builds({**before, name: build})
        try:
            yield
        except BaseException:
            with contextlib.suppress(OSError, HostError):
                self._write_builds(before)
            raise

    def _forget(self, name: str) -> None:
        """Forget what a backend was given. Where there is no room to write that down, it is removed all the same."""
        builds = self._builds()
        if builds.pop(name, None) is not None:
            with contextlib.suppress(OSError, HostError):
                self._write_builds(builds)

    def _builds(self) -> dict[str, Build]:
        return remembered_builds(self.path)

    def _write_builds(self, builds: t.Mapping[str, Build]) -> None:
        if builds != self._builds():
            with self.stage() as tree:
                tree.file(BUILDS, 0o644, [builds_file(builds)])
                os.replace(BUILDS, BUILDS, src_dir_fd=tree.fd, dst_dir_fd=self._own_fd)

    def _swap(self, dir_fd: int, staged: str, name: str) -> None:
        """Put a tree in the place of the backend C(name), and what was there in the tree's own place."""
        with Moves() as moves:
            if not exists(name, self._fd):
                moves.rename(dir_fd, staged, self._fd, name)
            elif _exchange(dir_fd, staged, self._fd, name):
                moves.made(dir_fd, self._fd, lambda: _exchange(dir_fd, staged, self._fd, name))
            else:
                moves.rename(self._fd, name, self._replaced_fd, name)
                moves.rename(dir_fd, staged, self._fd, name)
                moves.rename(self._replaced_fd, name, dir_fd, staged)

    @contextlib.contextmanager
    def _keeping(self, name: str, most: int) -> t.Iterator[t.Callable[[int, str], None]]:
        """Give what a tree that goes out of its place is handed to: it is kept as one of the last C(most), or deleted.

        What could be in the way is in the way before anything has moved.
        """
        if most:
            self._need_room()
        with contextlib.ExitStack() as stack:
            kept_fd = self._own_directory(stack, name, self._kept_fd) if most else -1

            def keep_tree(dir_fd: int, base: str) -> None:
                if not most:
                    if exists(base, dir_fd):
                        self._discard(base, dir_fd)
                    return
                number = max(_numbers(kept_fd), default=0) + 1
                with Moves() as moves:
                    moves.rename(dir_fd, base, kept_fd, str(number))
                for old in _numbers(kept_fd)[:-most]:
                    self._discard(str(old), kept_fd)

            yield keep_tree

    def _discard(self, name: str, dir_fd: int) -> None:
        """Take something out of sight in one step, then delete it; what cannot be moved is deleted where it is."""
        if dir_fd != self._staging_fd:
            self._staged += 1
            trash = str(self._staged)
            try:
                self._need_room()
                with Moves() as moves:
                    moves.rename(dir_fd, name, self._staging_fd, trash)
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
                remove(name, dir_fd=self._replaced_fd)
            else:
                os.rename(name, name, src_dir_fd=self._replaced_fd, dst_dir_fd=self._fd)
        for name in staged:
            remove(name, dir_fd=self._staging_fd)
        remove(PROGRESS, dir_fd=self._own_fd)

    def _make_path(self) -> None:
        missing = []
        path = self.path
        while not os.path.lexists(path):
            missing.append(path)
            path = os.path.dirname(path)
        for path in reversed(missing):
            os.mkdir(path)
            os.chmod(path, _OWN_MODE)
        if missing and (self._ownership.uid, self._ownership.gid) != (-1, -1):
            os.chown(self.path, self._ownership.uid, self._ownership.gid)

    def _own_directory(self, stack: contextlib.ExitStack, name: str, dir_fd: int) -> int:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, _OWN_MODE, dir_fd=dir_fd)
        fd = _opened(stack, name, dir_fd=dir_fd)
        self._own(fd, _OWN_MODE)
        return fd

    def _own(self, fd: int, mode: int) -> None:
        """Let what is ours belong to the owner of the backends path, so that this user can run us too."""
        status = os.fstat(fd)
        if os.geteuid() not in (0, status.st_uid):
            return
        path_status = os.stat(self.path)
        if os.geteuid() == 0 and (status.st_uid, status.st_gid) != (path_status.st_uid, path_status.st_gid):
            os.fchown(fd, path_status.st_uid, path_status.st_gid)
        if stat.S_IMODE(status.st_mode) != mode:
            os.fchmod(fd, mode)

    def _wait(self, lock_fd: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise LockTimeout(
                        f"{self.path} is being changed by another run ({_holder(lock_fd)}), and lock_timeout "
                        f"({timeout:g} s) is over. Wait for it, or give this task a longer lock_timeout."
                    ) from None
                time.sleep(_LOCK_POLL)


def _write_note(lock_fd: int) -> None:
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    # A disk that is too full for it is no reason not to go on.
    with contextlib.suppress(OSError):
        os.ftruncate(lock_fd, 0)
        os.pwrite(lock_fd, json.dumps(note).encode(), 0)


def _holder(lock_fd: int) -> str:
    try:
        note = json.loads(os.pread(lock_fd, 4096, 0).decode("utf-8"))
        # Whoever owns the backends path can write anything into it.
        values = ("".join(c for c in str(note[key]) if c.isprintable())[:100] for key in ("pid", "host", "since"))
        return "pid {} on {}, since {}".format(*values)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return "which left no note"


def _opened(stack: contextlib.ExitStack, path: str, dir_fd: int | None = None, follow: bool = False) -> int:
    """Open a directory until C(stack) is closed."""
    fd = os.open(path, OPEN_DIRECTORY & ~os.O_NOFOLLOW if follow else OPEN_DIRECTORY, dir_fd=dir_fd)
    stack.callback(os.close, fd)
    return fd


def _numbers(fd: int) -> list[int]:
    """Return the names in a directory that are numbers as they are written here."""
    return sorted(int(name) for name in os.listdir(fd) if is_number(name))


def _exchange(a_fd: int, a: str, b_fd: int, b: str) -> bool:
    """Swap two directory entries in one step; returns False where the kernel or the file system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if renameat2(a_fd, os.fsencode(a), b_fd, os.fsencode(b), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code))


@contextlib.contextmanager
def _naming(path: str) -> t.Iterator[None]:
    """Turn errors of the operating system into HostError with a path."""
    try:
        yield
    except OSError as e:
        where = e.filename if isinstance(e.filename, str) and os.path.isabs(e.filename) else path
        raise HostError(disk_error(where, e)) from e

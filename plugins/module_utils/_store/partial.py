# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contents that are in transfer, in files that outlive the run: a run that dies leaves them to the next one.

The name of a file has a hash of what identifies its content, and of the boot of the kernel that it was written under:
what was not synced is still there after a kill, but not after a loss of power. The length of a file is how far its
content came.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import stat
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor

from .._fs.entries import after_clearing, closing, exists, opened_directory, random_names
from .._fs.os_errors import errors_at
from .._fs.read import read_file
from .._fs.remove import remove
from .._fs.space import free_bytes, preallocate
from .._fs.sync import Transaction, begin_write_out, write_out_entries
from .._fs.tree import Tree
from .._fs.utf8 import os
from .layout import DOWNLOADED, PARTIAL, content_key
from .own_directories import own_directory
from .probe import Probed

_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = _OPEN | os.O_CREAT | os.O_EXCL
_READ = 1024**2
# So many bytes are synced while the next ones are written.
_SYNC_STEP = 32 * 1024**2
_BOOT = "/proc/sys/kernel/random/boot_id"


class Partials:
    """The partial files of the directory that we manage, whose descriptor is `path_fd`.

    Ours in it, at the path `where`, is `own_fd`; what its file system keeps was `probed`. With `download_for`, complete
    files do not become files of a tree, but downloads for the model of this name. All methods raise HostError.
    """

    def __init__(self, own_fd: int, path_fd: int, where: str, probed: Probed, download_for: str = "") -> None:
        self._own_fd = own_fd
        self._path_fd = path_fd
        self._where = where
        self._probed = probed
        self._download_for = download_for

    def find(self, identity: str) -> Partial | None:
        """Return what an earlier run left of a content or downloaded ahead, None if there is nothing of use."""
        return self._find_partial(identity) or self._find_download(identity)

    def _find_partial(self, identity: str) -> Partial | None:
        with errors_at(self._path):
            if not exists(PARTIAL, self._own_fd):
                return None
            stem = content_key(identity)
            current = f"{stem}.{_boot()}"
            with self._directory() as dir_fd:
                # That of this boot comes first.
                for name in sorted(os.listdir(dir_fd), key=lambda name: name != current):
                    if not name.startswith(stem):
                        continue
                    fd = self._open_ours(name, dir_fd)
                    if fd is None:
                        remove(name, dir_fd=dir_fd)
                        continue
                    if name != current:
                        os.ftruncate(fd, _synced_part(os.fstat(fd).st_size))
                        os.rename(name, current, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
                    return self._partial(current, fd, dir_fd, identity)
        return None

    def _find_download(self, identity: str) -> Partial | None:
        """Make a download the partial file of its content again; its transfer is complete."""
        with errors_at(os.path.join(self._where, DOWNLOADED)):
            if not exists(DOWNLOADED, self._own_fd):
                return None
            key = content_key(identity)
            with closing(own_directory(DOWNLOADED, self._own_fd, self._path_fd, self._where)) as top_fd:
                for name in os.listdir(top_fd):
                    with opened_directory(name, top_fd) as fd:
                        file_fd = self._open_ours(key, fd)
                        if file_fd is not None:
                            return self._taken(key, fd, file_fd, identity)
        return None

    def _taken(self, key: str, download_fd: int, fd: int, identity: str) -> Partial:
        name = f"{key}.{_boot()}"
        with self._directory() as dir_fd:
            os.rename(key, name, src_dir_fd=download_fd, dst_dir_fd=dir_fd)
            return self._partial(name, fd, dir_fd, identity)

    def create(self, identity: str) -> Partial:
        """Return an empty file for a content; without an identity, no other run can continue it."""
        name = f"{content_key(identity)}.{_boot()}" if identity else next(random_names(""))
        with errors_at(self._path), self._directory() as dir_fd:
            fd = after_clearing(
                lambda: remove(name, dir_fd=dir_fd), lambda: os.open(name, _CREATE, 0o600, dir_fd=dir_fd)
            )
            return self._partial(name, fd, dir_fd, identity)

    def retain(self, identities: t.Iterable[str]) -> None:
        """Remove everything but what is left of these contents."""
        with errors_at(self._path):
            if not exists(PARTIAL, self._own_fd):
                return
            stems = set(map(content_key, identities))
            with self._directory() as dir_fd:
                for name in os.listdir(dir_fd):
                    if name.partition(".")[0] not in stems:
                        remove(name, dir_fd=dir_fd)
            with contextlib.suppress(OSError):
                # It is not empty if something is retained.
                os.rmdir(PARTIAL, dir_fd=self._own_fd)

    def free(self) -> int:
        """Return the free space on the disk in bytes."""
        with errors_at(self._where):
            return free_bytes(self._own_fd)

    @property
    def _path(self) -> str:
        return os.path.join(self._where, PARTIAL)

    def _directory(self) -> t.ContextManager[int]:
        return closing(own_directory(PARTIAL, self._own_fd, self._path_fd, self._where))

    def _partial(self, name: str, fd: int, dir_fd: int, identity: str) -> Partial:
        keep = functools.partial(self._keep, content_key(identity)) if self._download_for and identity else None
        return Partial(os.dup(dir_fd), fd, name, os.path.join(self._path, name), bool(identity), keep=keep)

    def _keep(self, key: str, name: str, dir_fd: int) -> None:
        """Keep a complete file as a download."""
        where = os.path.join(self._where, DOWNLOADED)
        with contextlib.ExitStack() as stack:
            top_fd = stack.enter_context(closing(own_directory(DOWNLOADED, self._own_fd, self._path_fd, self._where)))
            fd = stack.enter_context(closing(own_directory(self._download_for, top_fd, self._path_fd, where)))
            stack.enter_context(Transaction()).rename(dir_fd, name, fd, key)

    def _open_ours(self, name: str, dir_fd: int) -> int | None:
        """Open a file that this user created here, and that nobody else could write; None for anything else."""
        try:
            fd = os.open(name, _OPEN, dir_fd=dir_fd)
        except OSError:
            return None
        status = os.fstat(fd)
        is_closed = not self._probed.keeps.modes or not stat.S_IMODE(status.st_mode) & 0o077
        is_file = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        if is_file and is_closed and status.st_uid == self._probed.creator:
            return fd
        os.close(fd)
        return None


class Partial:
    """One partial file; `size` is how many bytes of its content it has. All methods raise HostError.

    It is removed when it is closed, unless it `outlives_run`. If `keep` is given, that moves the complete file, by its
    name in its directory.
    """

    def __init__(
        self,
        dir_fd: int,
        fd: int,
        name: str,
        where: str,
        outlives_run: bool,
        *,
        keep: t.Callable[[str, int], None] | None = None,
    ) -> None:
        self.size = os.fstat(fd).st_size
        self._dir_fd = dir_fd
        self._fd = fd
        self._name = name
        self._where = where
        self._outlives_run = outlives_run
        self._keep = keep
        self._begun = self.size
        self._is_open = True
        self._syncing = ThreadPoolExecutor(1)
        self._sync: Future[None] | None = self._begin_sync() if self.size else None

    def chunks(self) -> t.Iterator[bytes]:
        """Yield what it had at first."""
        offset, size = 0, self.size
        while offset < size:
            with errors_at(self._where):
                chunk = os.pread(self._fd, min(_READ, size - offset), offset)
                if not chunk:
                    raise OSError(errno.EIO, "it became shorter while it was read")
            offset += len(chunk)
            yield chunk

    def reserve(self, size: int) -> None:
        """Reserve the space for a content of `size` bytes, if the file system can."""
        if size:
            with errors_at(self._where):
                preallocate(self._fd, size)

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        with errors_at(self._where):
            is_step = (self.size + len(chunk)) // _SYNC_STEP > self.size // _SYNC_STEP
            if is_step:
                self._wait_for_sync()
            view = memoryview(chunk)
            while view:
                count = os.pwrite(self._fd, view, self.size)
                self.size += count
                view = view[count:]
            self._begun = begin_write_out(self._fd, self._begun, self.size)
            if is_step:
                self._sync = self._begin_sync()

    def move_to(self, tree: Tree, path: str, mode: int) -> None:
        """Make the complete file the file `path` of a tree, or a download."""
        with errors_at(self._where):
            self._wait_for_sync()
            # Gives back what was reserved beyond its end.
            os.ftruncate(self._fd, self.size)
            if self._keep is not None:
                self._write_out()
                self._keep(self._name, self._dir_fd)
        if self._keep is None:
            tree.take(path, mode, self._fd, self._rename)
        self._outlives_run = True
        self.close()

    def disown(self) -> None:
        """Let no other run continue it: its bytes are not those of its name."""
        with errors_at(self._where):
            name = next(random_names(""))
            os.rename(self._name, name, src_dir_fd=self._dir_fd, dst_dir_fd=self._dir_fd)
            self._name, self._outlives_run = name, False

    def remove(self) -> None:
        """Remove the file, and close it."""
        self._outlives_run = False
        self.close()

    def close(self) -> None:
        """Close it, once or more often."""
        if not self._is_open:
            return
        self._is_open = False
        self._syncing.shutdown()
        try:
            if not self._outlives_run:
                with errors_at(self._where):
                    remove(self._name, dir_fd=self._dir_fd)
        finally:
            os.close(self._fd)
            os.close(self._dir_fd)

    def _rename(self, dir_fd: int, name: str) -> None:
        os.rename(self._name, name, src_dir_fd=self._dir_fd, dst_dir_fd=dir_fd)

    def _begin_sync(self) -> Future[None]:
        return self._syncing.submit(self._write_out)

    def _write_out(self) -> None:
        # macOS has no fdatasync.
        getattr(os, "fdatasync", os.fsync)(self._fd)
        write_out_entries(self._dir_fd)

    def _wait_for_sync(self) -> None:
        if self._sync is not None:
            self._sync.result()
            self._sync = None


def _synced_part(length: int) -> int:
    """Return how much of a file of this length was synced before the rest was written.

    `write` goes beyond a multiple of the step only after a sync that began at the multiple before it.
    """
    return max((length - 1) // _SYNC_STEP - 1, 0) * _SYNC_STEP


def _boot() -> str:
    """Return what tells this boot of the kernel from others."""
    try:
        return read_file(_BOOT, 100).decode("ascii", "replace").strip()[:8]
    except OSError:
        return "0"

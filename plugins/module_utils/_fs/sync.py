# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durability across a power loss: first the content of files is written to the disk, then the directory entries."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import threading
import typing as t

from .entries import opened_directory
from .utf8 import os

# Write-back thresholds in bytes: for one large file, and for all small files together. Smaller values wait for the
# journal more often.
_WRITE_BACK_AT_ONCE = 1024**2
_SYNC_AT_ONCE = 128 * 1024**2
_RENAME_EXCHANGE = 2


def write_out(fd: int) -> None:
    """Write everything that the file system of `fd` still holds in memory to the disk.

    From Linux 5.8 on, this also raises OSError for earlier writes that failed since `fd` was opened.
    """
    if not call_libc("syncfs", fd):
        os.sync()


def begin_write_out(fd: int, begun: int, written: int) -> int:
    """Let the kernel start to write the next part of a large file; returns up to which byte it has started.

    `begun` is the result of the last call, `written` the size of the file so far.
    """
    if written - begun < _WRITE_BACK_AT_ONCE or not hasattr(os, "posix_fadvise"):  # macOS has none
        return begun
    # Linux starts to write these pages: it cannot drop them before they are on the disk.
    os.posix_fadvise(fd, begun, written - begun, os.POSIX_FADV_DONTNEED)
    return written


class BackgroundWriter:
    """Writes many small files to the disk in the background, so that the last `write_out` has little to wait for."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._pending = 0
        self._thread: threading.Thread | None = None

    def wrote(self, size: int) -> None:
        """Count bytes that no write-back has started for; when there are many, a thread writes them to the disk."""
        self._pending += size
        if self._pending >= _SYNC_AT_ONCE and not (self._thread and self._thread.is_alive()):
            self._pending = 0
            self._thread = threading.Thread(target=self._write_out)
            self._thread.start()

    def close(self) -> None:
        """Wait for the thread."""
        if self._thread:
            self._thread.join()

    def _write_out(self) -> None:
        # The kernel reports an error once for each descriptor. This one has its own, so the last call reports it too.
        with contextlib.suppress(OSError), opened_directory(".", self._fd) as fd:
            write_out(fd)


def write_out_entries(fd: int) -> None:
    """Write the entries of a directory to the disk."""
    try:
        os.fsync(fd)
    except OSError as e:
        # EINVAL: this file system cannot fsync directories.
        if e.errno != errno.EINVAL:
            raise
        write_out(fd)


def exchange(a_fd: int, a: str, b_fd: int, b: str) -> bool:
    """Exchange two directory entries atomically; returns False if the kernel or the file system cannot do that."""
    try:
        return call_libc("renameat2", a_fd, os.fsencode(a), b_fd, os.fsencode(b), _RENAME_EXCHANGE)
    except OSError as e:
        if e.errno in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
            return False
        raise


def call_libc(name: str, *arguments: t.Any) -> bool:
    """Call a function that Python does not have; returns False if the C library does not have it either.

    A Python number is passed as a C `int`. Raises OSError.
    """
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (OSError, AttributeError):
        return False
    if function(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return True


class Transaction:
    """Moves of directory entries that belong together.

    They are on the disk when the context ends, and undone if anything fails, the write to the disk included.
    """

    def __init__(self) -> None:
        self._undo = contextlib.ExitStack()
        self._directories: set[int] = set()

    def __enter__(self) -> Transaction:
        return self

    def __exit__(self, _type: t.Any, error: BaseException | None, _traceback: t.Any) -> None:
        with self._undo:
            if error is None:
                for fd in self._directories:
                    write_out_entries(fd)
                self._undo.pop_all()

    def rename(self, fd: int, name: str, new_fd: int, new_name: str) -> None:
        """Move an entry to a name that is free."""
        os.rename(name, new_name, src_dir_fd=fd, dst_dir_fd=new_fd)
        self.add(fd, new_fd, lambda: os.rename(new_name, name, src_dir_fd=new_fd, dst_dir_fd=fd))

    def add(self, fd: int, other_fd: int, undo: t.Callable[[], t.Any]) -> None:
        """Add a move between two directories that is done already, and that `undo` reverts."""
        self._directories |= {fd, other_fd}
        self._undo.callback(undo)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a loss of power must not undo: files first, then the entries that lead to them."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import threading
import typing as t

from .remove import OPEN_DIRECTORY

# Of one file, and of all small ones together: a journal has to be waited for then, so that less takes longer.
_BEGUN_AT_ONCE = 1024**2
_WRITTEN_OUT_AT_ONCE = 128 * 1024**2
_RENAME_EXCHANGE = 2


def write_out(fd: int) -> None:
    """Write to the disk what its file system still holds back, for any number of files in one call.

    From Linux 5.8 on, this raises OSError also for what could not be written since C(fd) was opened.
    """
    try:
        syncfs = ctypes.CDLL(None, use_errno=True).syncfs
    except (OSError, AttributeError):
        os.sync()
        return
    if syncfs(fd) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def begin_write_out(fd: int, begun: int, written: int) -> int:
    """Let the kernel begin with the next part of a large file; returns how many bytes it has begun with."""
    if written - begun < _BEGUN_AT_ONCE or not hasattr(os, "posix_fadvise"):  # macOS has none
        return begun
    # Linux takes it so: what is not on the disk yet cannot be done without.
    os.posix_fadvise(fd, begun, written - begun, os.POSIX_FADV_DONTNEED)
    return written


class WritingOut:
    """Lets the disk keep up with many small files, so that C(write_out) has little to wait for in the end."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._behind = 0
        self._thread: threading.Thread | None = None

    def wrote(self, size: int) -> None:
        """Note bytes that are not begun with; once they are many, a thread writes them out, and nobody waits for it."""
        self._behind += size
        if self._behind >= _WRITTEN_OUT_AT_ONCE and not (self._thread and self._thread.is_alive()):
            self._behind = 0
            self._thread = threading.Thread(target=self._write_out)
            self._thread.start()

    def close(self) -> None:
        """Wait for the thread."""
        if self._thread:
            self._thread.join()

    def _write_out(self) -> None:
        # An error is told to each descriptor once, so this one has its own, and leaves the telling to the last call.
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            fd = os.open(".", OPEN_DIRECTORY, dir_fd=self._fd)
            stack.callback(os.close, fd)
            write_out(fd)


def write_out_entries(fd: int) -> None:
    """Write to the disk which entries a directory has."""
    try:
        os.fsync(fd)
    except OSError as e:
        # So say file systems that sync only files.
        if e.errno != errno.EINVAL:
            raise
        write_out(fd)


def exchange(a_fd: int, a: str, b_fd: int, b: str) -> bool:
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


class Moves:
    """Moves of directory entries that belong together: on the disk when the context ends, undone if anything fails."""

    def __init__(self) -> None:
        self._undo = contextlib.ExitStack()
        self._directories: set[int] = set()

    def __enter__(self) -> Moves:
        return self

    def __exit__(self, _type: t.Any, error: BaseException | None, _traceback: t.Any) -> None:
        with self._undo:
            if error is None:
                for fd in self._directories:
                    write_out_entries(fd)
                self._undo.pop_all()

    def rename(self, fd: int, name: str, new_fd: int, new_name: str) -> None:
        """Move an entry to where nothing is."""
        os.rename(name, new_name, src_dir_fd=fd, dst_dir_fd=new_fd)
        self.made(fd, new_fd, lambda: os.rename(new_name, name, src_dir_fd=new_fd, dst_dir_fd=fd))

    def made(self, fd: int, other_fd: int, undo: t.Callable[[], t.Any]) -> None:
        """Note a move between two directories that C(undo) takes back."""
        self._directories |= {fd, other_fd}
        self._undo.callback(undo)

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a loss of power must not undo: files first, then the entries that lead to them."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import typing as t


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


def begin_write_out(fd: int, start: int, end: int) -> None:
    """Let the kernel begin to write a part of a file to the disk, so that C(write_out) has less to wait for."""
    if hasattr(os, "posix_fadvise"):  # macOS has none
        # Linux takes it so: what is not on the disk yet cannot be done without.
        os.posix_fadvise(fd, start, end - start, os.POSIX_FADV_DONTNEED)


def write_out_entries(fd: int) -> None:
    """Write to the disk which entries a directory has."""
    try:
        os.fsync(fd)
    except OSError as e:
        # So say file systems that sync only files.
        if e.errno != errno.EINVAL:
            raise
        write_out(fd)


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

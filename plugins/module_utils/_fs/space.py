# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The space on the disk for a file that is about to be written."""

from __future__ import annotations

import ctypes
import errno

from .sync import call_libc
from .utf8 import os

# FALLOC_FL_KEEP_SIZE of fallocate(2).
_KEEP_SIZE = 1
# Errors that the write of the file would get too. All others only mean that space cannot be reserved here.
_LASTING = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def preallocate(fd: int, size: int) -> None:
    """Reserve space for the first `size` bytes of a file, whose length stays as it is; raises OSError if there is none.

    Where the file system cannot reserve space, nothing happens. That is why posix_fallocate(3) is not used: it writes
    the whole file then.
    """
    arguments = (fd, _KEEP_SIZE, ctypes.c_longlong(0), ctypes.c_longlong(size))
    try:
        # musl has no name of its own for offsets of 64 bits.
        call_libc("fallocate64", *arguments) or call_libc("fallocate", *arguments)
    except OSError as e:
        if e.errno in _LASTING:
            raise


def free_bytes(fd: int) -> int:
    """Return the free space in bytes that this user has on the file system of `fd`."""
    status = os.fstatvfs(fd)
    return status.f_bavail * status.f_frsize

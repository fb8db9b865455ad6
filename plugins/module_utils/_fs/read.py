# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read untrusted paths: only regular files, without blocking on pipes."""

from __future__ import annotations

import contextlib
import errno
import stat
import typing as t

from .utf8 import os

_CHUNK_SIZE = 256 * 1024


def open_file(path: str, dir_fd: int | None = None, flags: int = 0) -> t.BinaryIO:
    """Open a regular file, below `dir_fd` if one is given; raises OSError, also for anything else."""

    with contextlib.ExitStack() as stack:
        try:
            # Without O_NONBLOCK, the open of a named pipe waits for a writer.
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | flags, dir_fd=dir_fd)
        except ValueError:
            raise OSError(errno.EINVAL, "no file can have such a name", ascii(path)) from None
        stack.callback(os.close, fd)
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is not a file", path)
        stack.pop_all()
        return open(fd, "rb")


def read_file(path: str, limit: int) -> bytes:
    """Return the content of a file; raises OSError, also for a file of more than `limit` bytes."""
    with open_file(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit} bytes", path)
    return content


def chunks_of(stream: t.IO[bytes], offset: int = 0) -> t.Iterator[bytes]:
    """Yield the content of `stream` from `offset` on, and close it; raises OSError."""
    with stream:
        stream.seek(offset)
        yield from iter(lambda: stream.read(_CHUNK_SIZE), b"")

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading files that need not be what they should: a pipe is never waited for, a device never read."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import typing as t

_CHUNK = 256 * 1024


def open_file(path: str, dir_fd: int | None = None, flags: int = 0) -> t.BinaryIO:
    """Open a regular file, below C(dir_fd) if one is given; raises OSError, also for what is no file."""

    def as_it_is(path: str, mode: int) -> int:
        # Without O_NONBLOCK, a named pipe would be waited for.
        return os.open(path, mode | flags | os.O_NONBLOCK, dir_fd=dir_fd)

    with contextlib.ExitStack() as stack:
        try:
            stream = stack.enter_context(open(path, "rb", opener=as_it_is))
        except ValueError:
            raise OSError(errno.EINVAL, "no file can have such a name", ascii(path)) from None
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a file", path)
        stack.pop_all()
        return stream


def read_file(path: str, most: int) -> bytes:
    """Return what a file holds; raises OSError, also for a file of more than C(most) bytes."""
    with open_file(path) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most} bytes", path)
    return content


class Bounded:
    """A file of which nobody reads before its start, or more than C(most) bytes at once; raises ValueError.

    Libraries believe the lengths that an archive states.
    """

    def __init__(self, stream: t.IO[bytes], most: int) -> None:
        self.tell, self.seekable = stream.tell, stream.seekable
        self._stream = stream
        self._most = most

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place of the file."""
        if whence == os.SEEK_SET and offset < 0:
            raise ValueError("it leads to a place before its start")
        return self._stream.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        if size > self._most:
            raise ValueError("it states a length that is too large to be believable")
        return self._stream.read(size if size >= 0 else self._most)


def chunks_of(stream: t.IO[bytes], offset: int = 0) -> t.Iterator[bytes]:
    """Yield what C(stream) holds from C(offset) on, and close it; raises OSError."""
    with stream:
        stream.seek(offset)
        yield from iter(lambda: stream.read(_CHUNK), b"")

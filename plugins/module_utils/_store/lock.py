# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a directory that we manage, with a note that tells who holds it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import socket
import stat
import time

from .._errors import HostError, LockTimeout
from .._fs.utf8 import os
from .layout import LOCK

_POLL_SECONDS = 0.2
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Errors of an open of a symlink, a directory, and a socket.
_NOT_A_FILE = (errno.ELOOP, errno.EISDIR, errno.ENXIO)


def open_lock(dir_fd: int, where: str) -> int:
    """Return a descriptor of the lock file in a directory, which is created if it is missing.

    `where` is the path of the directory, for messages. Raises HostError if the name is taken by anything else.
    """
    try:
        fd = os.open(LOCK, _OPEN, 0o644, dir_fd=dir_fd)
    except OSError as e:
        if e.errno not in _NOT_A_FILE:
            raise
        raise _not_ours(where) from e
    if not _is_ours(os.fstat(fd)):
        os.close(fd)
        raise _not_ours(where)
    return fd


def check_lock(where: str) -> None:
    """Raise HostError, without writing, if the name of the lock is taken by anything else in the directory `where`."""
    try:
        status = os.lstat(os.path.join(where, LOCK))
    except OSError:
        # It is missing, or the run that opens it reports the error.
        return
    if not _is_ours(status):
        raise _not_ours(where)


def _is_ours(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def _not_ours(where: str) -> HostError:
    return HostError(f"{where}/{LOCK} is not a file of this collection. Remove it.")


def wait_for(fd: int, timeout: float, path: str) -> None:
    """Lock `fd`; raises LockTimeout if another run keeps it locked for longer than `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockTimeout(
                    f"{path} is being changed by another run ({_holder(fd)}), and lock_timeout "
                    f"({timeout:g} s) is over. Wait for it, or give this task a longer lock_timeout."
                ) from None
            time.sleep(_POLL_SECONDS)


def write_note(fd: int) -> None:
    """Write into the lock file who holds the lock."""
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    # The note is best effort: on a full disk, the run goes on without it.
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(note).encode(), 0)


def _holder(fd: int) -> str:
    try:
        note = json.loads(os.pread(fd, 4096, 0).decode("utf-8"))
        # The owner of the directory can write anything into it.
        values = ("".join(c for c in str(note[key]) if c.isprintable())[:100] for key in ("pid", "host", "since"))
        return "pid {} on {}, since {}".format(*values)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return "which left no note"

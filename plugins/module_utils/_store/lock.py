# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock that the run that writes holds, and its note of who that is."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import stat
import time

from .._errors import HostError, LockTimeout
from .layout import LOCK

_POLL = 0.2
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# The answers to an open of a symlink, a directory, and a socket.
_NO_FILE = (errno.ELOOP, errno.EISDIR, errno.ENXIO)


def open_lock(dir_fd: int, where: str) -> int:
    """Return a descriptor of the lock in a directory, made if it is missing; C(where) is for messages.

    Raises HostError where something else has its name.
    """
    try:
        fd = os.open(LOCK, _OPEN, 0o644, dir_fd=dir_fd)
    except OSError as e:
        if e.errno not in _NO_FILE:
            raise
        raise _refused(where) from e
    if not _is_ours(os.fstat(fd)):
        os.close(fd)
        raise _refused(where)
    return fd


def check_lock(where: str) -> None:
    """Raise HostError, without writing, if something else than a lock has its name in the directory C(where)."""
    try:
        status = os.lstat(os.path.join(where, LOCK))
    except OSError:
        # It is missing, or the open of it tells why it cannot be used.
        return
    if not _is_ours(status):
        raise _refused(where)


def _is_ours(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def _refused(where: str) -> HostError:
    return HostError(f"{where}/{LOCK} is not a file of ours. Remove it.")


def wait_for(fd: int, timeout: float, path: str) -> None:
    """Lock C(fd); raises LockTimeout if another run keeps it for longer than C(timeout) seconds."""
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
            time.sleep(_POLL)


def write_note(fd: int) -> None:
    """Write into the lock who holds it."""
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    # A disk that is too full for it is no reason not to go on.
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(note).encode(), 0)


def _holder(fd: int) -> str:
    try:
        note = json.loads(os.pread(fd, 4096, 0).decode("utf-8"))
        # Whoever owns the backends path can write anything into it.
        values = ("".join(c for c in str(note[key]) if c.isprintable())[:100] for key in ("pid", "host", "since"))
        return "pid {} on {}, since {}".format(*values)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return "which left no note"

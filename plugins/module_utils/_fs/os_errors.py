# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of the operating system -> sentences for the operator."""

from __future__ import annotations

import contextlib
import errno
import typing as t

from .._errors import HostError
from .utf8 import os

_ADVICE = {
    errno.ENOSPC: " Free some space (or inodes) on that file system.",
    errno.EDQUOT: " Raise the quota of this user on that file system.",
    errno.EIO: " The disk may be failing. See the kernel log.",
    errno.EROFS: " The file system is mounted read-only.",
    errno.EFBIG: " The file system does not support files this large.",
    errno.EXDEV: " It is in a lower layer of an overlay, and cannot be renamed. Remove it first (state=absent).",
    errno.EACCES: " Run as a user who may write there, for example with become.",
    errno.EPERM: " Run as a user who may write there, for example with become.",
}


class DiskErrors:
    """Turns errors of the operating system inside the context into HostError that names `path` below `root`."""

    def __init__(self, root: str, path: str) -> None:
        self._root = root
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: t.Any, error: BaseException | None, _traceback: t.Any) -> None:
        if isinstance(error, (OSError, ValueError)):
            raise HostError(disk_error(os.path.join(self._root, self._path), error)) from error


@contextlib.contextmanager
def errors_at(path: str) -> t.Iterator[None]:
    """Turn errors of the operating system into HostError with their own path, or `path` if they have none."""
    try:
        yield
    except OSError as e:
        where = e.filename if isinstance(e.filename, str) and os.path.isabs(e.filename) else path
        raise HostError(disk_error(where, e)) from e


def disk_error(path: str, error: Exception) -> str:
    """Return a sentence for an error of the operating system at `path`, with what can be done about it."""
    code = error.errno if isinstance(error, OSError) else None
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{path}: {reason}.{_ADVICE.get(code or 0, '')}"

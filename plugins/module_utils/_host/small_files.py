# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small files that the role or LocalAI wrote, some of them in directories of the service user.

Such a user could put a symlink, a pipe or a huge file in their place. So no symlink is followed that others than root
could make, only regular files are read, and only up to a limit.
"""

from __future__ import annotations

import errno
import json
import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.read import open_file
from .._fs.utf8 import os
from .._service_directories.paths import open_parent
from .fingerprint import fingerprint

_MAX_SIZE = 4 * 1024**2


@dataclass(frozen=True)
class SmallFile:
    """A file: whether it exists, None if that cannot be known; its content, None if it cannot be read."""

    exists: bool | None
    content: bytes | None = None


def read_small_file(path: str) -> SmallFile:
    """Return the content of a file; a symlink, a file that is too large or anything else has none."""
    try:
        with open_parent(path) as parent:
            if parent is None:
                return SmallFile(False)
            return SmallFile(True, _content(os.path.basename(path), parent))
    except FileNotFoundError:
        return SmallFile(False)
    except (HostError, PermissionError):
        return SmallFile(_exists(path))
    except (OSError, ValueError):
        return SmallFile(True)


def _content(name: str, dir_fd: int) -> bytes:
    with open_file(name, dir_fd, os.O_NOFOLLOW) as stream:
        content = stream.read(_MAX_SIZE + 1)
    if len(content) > _MAX_SIZE:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), name)
    return content


def _exists(path: str) -> bool | None:
    # lexists() says no to whatever this user may not see.
    return True if os.path.lexists(path) else None


def fingerprint_of(path: str) -> str | None:
    """Return the fingerprint of a file, None if there is none or it cannot be read."""
    content = read_small_file(path).content
    return None if content is None else fingerprint(content)


def text_of(path: str) -> str | None:
    """Return the text of a file, None if there is none or it cannot be read."""
    content = read_small_file(path).content
    return None if content is None else content.decode("utf-8", "replace")


def json_object(content: bytes) -> dict[str, t.Any] | None:
    """Return the JSON object of a file, None if it contains anything else, also JSON that Go does not accept."""
    try:
        document = json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _refuse(constant: str) -> t.NoReturn:
    raise ValueError(constant)

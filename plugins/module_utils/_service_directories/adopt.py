# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record for a host that version 0.1 provisioned, which wrote none.

That version used existing directories too, and gave them to its account. So a directory is recorded only if all of its
files belong to that account alone. Any other directory is not recorded, and so never deleted.

A later version writes no record either if all directories were there before it. Its record of starts has a format, and
that of version 0.1 has none.
"""

from __future__ import annotations

import json
import pwd
import stat
import typing as t
from dataclasses import replace

from .._errors import HostError
from .._fs.os_errors import DiskErrors
from .._fs.read import open_file
from .._fs.utf8 import os
from .._fs.walk import walk
from .paths import PathState, identity_of, mark, mount_points, open_directory, scan_path
from .record import DirectoryRecord, RecordedDirectory

# The layout of version 0.1, below the home directory
_LAYOUT = ("backends", "models", "data", "configuration")
_FIRST_ORDINARY_UID = 1000
_MAX_SIZE = 4 * 1024**2


def adopt(files: t.Sequence[str], user: str, home_path: str) -> DirectoryRecord:
    """Return a record of the directories that version 0.1 created; raises HostError.

    It left `files` on the host, and an account, `user`, with a home directory.
    """
    with DiskErrors("", home_path):
        account = _account(user, home_path)
        home = scan_path(home_path)
        if account is None or not all(map(_is_of_version_0_1, files)) or not _is_plain(home, account):
            return DirectoryRecord()
        below = [scan_path(os.path.join(home_path, name)) for name in _LAYOUT]
        ours = [state for state in below if _is_plain(state, account) and _is_of_account_alone(state, home, account)]
        entries = [RecordedDirectory(state.path, state.directory) for state in ours if state.directory is not None]
        # Other files in the home directory can belong to anybody.
        return DirectoryRecord(
            (*entries, RecordedDirectory(home.path, t.cast("t.Any", home.directory), only_if_empty=True))
        )


def marked(record: DirectoryRecord) -> DirectoryRecord:
    """Mark the directories of an adopted record, and return the record with the marks; raises HostError."""
    entries = []
    for entry in record.entries:
        with DiskErrors("", entry.path), open_directory(entry.path) as fd:
            if fd is not None and entry.directory.is_same(identity_of(fd)):
                mark(fd)
                entries.append(replace(entry, directory=identity_of(fd)))
    return DirectoryRecord(tuple(entries))


def _account(user: str, home: str) -> int | None:
    """Return the number of the user if it is a system user as the role creates it, else None."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return None
    is_of_role = account.pw_dir == home and account.pw_shell.endswith("/nologin")
    return account.pw_uid if is_of_role and 0 < account.pw_uid < _FIRST_ORDINARY_UID else None


def _is_of_version_0_1(path: str) -> bool:
    """Return whether this is a file of root, and no record of a later version."""
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (0, os.geteuid()):
            return False
        if not path.endswith(".json"):
            return True
        with open_file(path, flags=os.O_NOFOLLOW) as stream:
            record = json.loads(stream.read(_MAX_SIZE))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and "format" not in record


def _is_plain(state: PathState, account: int) -> bool:
    """Return whether this is a directory of the account, and not a mount point."""
    return state.kind == "directory" and state.uid == account and state.real not in mount_points(state.real)


def _is_of_account_alone(state: PathState, home: PathState, account: int) -> bool:
    """Return whether everything in a directory belongs to the account and is on the file system of its home."""
    if mount_points(state.real):
        return False
    with open_directory(state.path) as fd:
        if fd is None or identity_of(fd) != state.directory:
            return False
        expected = (account, t.cast("t.Any", home.directory).device)
        try:
            return all((entry.status.st_uid, entry.status.st_dev) == expected for entry in walk(fd, state.path))
        except (OSError, HostError):
            return False

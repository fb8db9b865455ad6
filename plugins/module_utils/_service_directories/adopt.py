# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record for a host that version 0.1 provisioned, which wrote none.

That version took whatever directories were there, and gave them to its account. So it has to be shown that nobody but
this account ever put something into them; what cannot be shown is left out, and never deleted.
"""

from __future__ import annotations

import os
import pwd
import stat
import typing as t
from dataclasses import dataclass, replace

from .._fs.os_errors import DiskErrors
from .paths import Found, find, identity_of, mark, mount_points, open_directory
from .record import Entry, Record

# The layout of version 0.1, below the home directory
_LAYOUT = ("backends", "models", "data", "configuration")
_FIRST_ORDINARY_UID = 1000


@dataclass(frozen=True)
class Traces:
    """What version 0.1 left on a host: its own files, its account and the home directory of that."""

    files: tuple[str, ...]
    user: str
    home: str


def adopt(traces: Traces) -> Record:
    """Return the record of the directories that version 0.1 must have created; raises HostError."""
    with DiskErrors("", traces.home):
        account = _account(traces)
        home = find(traces.home)
        if account is None or not all(map(_is_file_of_root, traces.files)) or not _is_plain(home, account):
            return Record()
        below = [find(os.path.join(traces.home, name)) for name in _LAYOUT]
        ours = [found for found in below if _is_plain(found, account) and _is_of_account_alone(found, home, account)]
        entries = [Entry(found.path, found.directory) for found in ours if found.directory is not None]
        # What else is in the home directory may be anybody's.
        return Record((*entries, Entry(home.path, t.cast("t.Any", home.directory), only_if_empty=True)))


def marked(record: Record) -> Record:
    """Return an adopted record once its directories have marks; raises HostError."""
    entries = []
    for entry in record.entries:
        with DiskErrors("", entry.path), open_directory(entry.path) as fd:
            if fd is not None and entry.directory.is_same(identity_of(fd)):
                mark(fd)
                entries.append(replace(entry, directory=identity_of(fd)))
    return Record(tuple(entries))


def _account(traces: Traces) -> int | None:
    """Return the number of the user if it is a system user as the role makes it, else None."""
    try:
        account = pwd.getpwnam(traces.user)
    except KeyError:
        return None
    made_by_role = account.pw_dir == traces.home and account.pw_shell.endswith("/nologin")
    return account.pw_uid if made_by_role and 0 < account.pw_uid < _FIRST_ORDINARY_UID else None


def _is_file_of_root(path: str) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid in (0, os.geteuid())


def _is_plain(found: Found, account: int) -> bool:
    """Return whether this is a directory of the account, and nothing is mounted there."""
    return found.kind == "directory" and found.uid == account and found.real not in mount_points(found.real)


def _is_of_account_alone(found: Found, home: Found, account: int) -> bool:
    """Return whether all in a directory belongs to the account, and is on the file system of its home directory."""
    if mount_points(found.real):
        return False
    with open_directory(found.path) as fd:
        if fd is None or identity_of(fd) != found.directory:
            return False
        try:
            for _place, directories, files, at in os.fwalk(".", dir_fd=fd, onerror=_raise):
                for name in (*directories, *files):
                    status = os.stat(name, dir_fd=at, follow_symlinks=False)
                    if status.st_uid != account or status.st_dev != t.cast("t.Any", home.directory).device:
                        return False
        except (OSError, RecursionError):
            return False
    return True


def _raise(error: OSError) -> None:
    raise error

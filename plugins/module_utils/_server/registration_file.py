# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and writes `external_backends.json` in a directory that belongs to the user of the service.

Everything goes through a descriptor of the directory, and no symlink of the user of the service is followed, because
root writes here.
"""

from __future__ import annotations

import contextlib
import errno
import stat
import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.accounts import gid_of, uid_of
from .._fs.entries import OPEN_DIRECTORY, closing, random_names, with_free_name
from .._fs.os_errors import DiskErrors
from .._fs.read import open_file
from .._fs.sync import write_out_entries
from .._fs.utf8 import os
from .._service_directories.paths import open_parent
from .registration import FILE

_PREFIX = f".{FILE}."
_MODE = 0o600
_MAX_SIZE = 1024**2


@dataclass(frozen=True)
class Stored:
    """The file as it is: its content, None without a file, and its owner, group and mode."""

    content: bytes | None = None
    owner: tuple[int, int] = (-1, -1)
    mode: int = 0


class RegistrationFile:
    """The file in the configuration directory of a server."""

    def __init__(self, config_path: str, owner: str | None, group: str | None) -> None:
        self.path = os.path.join(config_path, FILE)
        self._directory = config_path
        self._owner = owner
        self._group = group

    def read(self) -> Stored:
        """Return the file; raises HostError for one that cannot be read. Without a directory, there is no file."""
        fd = self._open()
        if fd is None:
            return Stored()
        with closing(fd), DiskErrors("", self.path):
            return self._read(fd)

    def is_as_requested(self, stored: Stored) -> bool:
        """Return whether the file has the owner and the group that it shall have, and its owner can read it."""
        fd = self._open()
        if fd is None:
            return False
        with closing(fd):
            return stored.owner == self._wanted(fd) and bool(stored.mode & stat.S_IRUSR)

    def write(self, content: str) -> None:
        """Replace the file in one step by one that has its owner, group and mode; raises HostError."""
        with self._opened() as fd, DiskErrors("", self.path):
            for name in os.listdir(fd):
                if name.startswith(_PREFIX):
                    # A run that died left it.
                    with contextlib.suppress(OSError):
                        os.unlink(name, dir_fd=fd)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

            def create(name: str) -> int:
                return os.open(name, flags, _MODE, dir_fd=fd)

            new, file_fd = with_free_name(random_names(_PREFIX), create)
            try:
                with open(file_fd, "w", encoding="utf-8") as stream:
                    stream.write(content)
                    stream.flush()
                    _give(stream.fileno(), *self._wanted(fd))
                    os.fsync(stream.fileno())
                os.rename(new, FILE, src_dir_fd=fd, dst_dir_fd=fd)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(new, dir_fd=fd)
                raise
            write_out_entries(fd)

    def remove(self) -> None:
        """Remove the file; raises HostError."""
        with self._opened() as fd, DiskErrors("", self.path):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(FILE, dir_fd=fd)
            write_out_entries(fd)

    def _opened(self) -> t.ContextManager[int]:
        fd = self._open()
        if fd is None:
            raise HostError(
                f"config_path: {self._directory} does not exist. Create the configuration directory of LocalAI first."
            )
        return closing(fd)

    def _open(self) -> int | None:
        """Return a descriptor of the directory, None if there is none; raises HostError.

        A symlink to it is followed if it belongs to root or to this user, as those of the role's other directories.
        """
        try:
            with open_parent(f"{self._directory}/.") as fd:
                return None if fd is None else os.open(".", OPEN_DIRECTORY, dir_fd=fd)
        except HostError as e:
            raise HostError(f"config_path: {e}") from e
        except OSError as e:
            raise HostError(f"config_path: {self._directory} cannot be opened as a directory: {e.strerror}.") from e

    def _wanted(self, fd: int) -> tuple[int, int]:
        status = os.fstat(fd)
        try:
            return (
                uid_of(self._owner) if self._owner else status.st_uid,
                gid_of(self._group) if self._group else status.st_gid,
            )
        except (KeyError, ValueError):
            raise HostError(
                f"owner, group: this host has no user {self._owner} or no group {self._group} for {self.path}."
            ) from None

    def _read(self, fd: int) -> Stored:
        try:
            with open_file(FILE, fd, os.O_NOFOLLOW) as stream:
                status = os.fstat(stream.fileno())
                content = stream.read(_MAX_SIZE + 1)
        except FileNotFoundError:
            return Stored()
        except OSError as e:
            if e.errno != errno.ELOOP:
                raise
            raise HostError(
                f"{self.path} is a symlink, which is not followed. Replace it by a file, or remove it."
            ) from e
        if len(content) > _MAX_SIZE:
            raise ValueError(f"it is larger than {_MAX_SIZE} bytes")
        return Stored(content, (status.st_uid, status.st_gid), stat.S_IMODE(status.st_mode))


def _give(fd: int, uid: int, gid: int) -> None:
    status = os.fstat(fd)
    if (uid, gid) != (status.st_uid, status.st_gid):
        os.fchown(fd, uid, gid)
    os.fchmod(fd, _MODE)

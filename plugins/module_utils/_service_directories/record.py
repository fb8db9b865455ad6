# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the directories that the role created: its file, which belongs to root, and its values."""

from __future__ import annotations

import contextlib
import json
import stat
import typing as t
from dataclasses import dataclass, replace

from .._errors import HostError
from .._fs.entries import OPEN_DIRECTORY, closing
from .._fs.read import open_file
from .._fs.utf8 import os
from .paths import Identity, PathState

FORMAT = 1
_MAX_SIZE = 1024 * 1024
_ADVICE = "Restore it, or delete it: the directories are then judged as on a host of version 0.1."


@dataclass(frozen=True)
class RecordedDirectory:
    """A directory that the role created.

    With `only_if_empty`, the role created only the directory itself, and perhaps not its content.
    """

    path: str
    directory: Identity
    only_if_empty: bool = False


@dataclass(frozen=True)
class DirectoryRecord:
    """All recorded directories, one for each path."""

    entries: tuple[RecordedDirectory, ...] = ()

    def entry(self, path: str) -> RecordedDirectory | None:
        """Return the recorded directory of a path, or None."""
        return next((entry for entry in self.entries if entry.path == path), None)

    def has(self, state: PathState) -> bool:
        """Return whether the role created the directory that was found at its path."""
        entry = self.entry(state.path)
        return entry is not None and state.directory is not None and entry.directory.is_same(state.directory)

    def with_entry(self, entry: RecordedDirectory) -> DirectoryRecord:
        """Return the record with an entry, which replaces any other for its path."""
        return replace(self, entries=(*self.without(entry.path).entries, entry))

    def without(self, path: str) -> DirectoryRecord:
        """Return the record without the entry of a path."""
        return replace(self, entries=tuple(entry for entry in self.entries if entry.path != path))


def read(path: str) -> DirectoryRecord | None:
    """Return the record in a file, None if there is no file; raises HostError for one that cannot be trusted."""
    try:
        with open_file(path, flags=os.O_NOFOLLOW) as stream:
            status = os.fstat(stream.fileno())
            content = stream.read(_MAX_SIZE)
    except FileNotFoundError:
        return None
    except OSError as e:
        raise HostError(f"The record {path} cannot be read: {e.strerror}. {_ADVICE}") from e
    if status.st_uid not in (0, os.geteuid()) or stat.S_IMODE(status.st_mode) & 0o022:
        raise HostError(f"The record {path} can be written by others than root, so it is not trusted. {_ADVICE}")
    return _parse(content, path)


def _parse(content: bytes, path: str) -> DirectoryRecord:
    try:
        document = json.loads(content)
        version = document["format"]
        if version != FORMAT:
            raise HostError(
                f"The record {path} has the format {version}, and this version of the collection reads {FORMAT}. "
                "Use the version that wrote it, or a newer one."
            )
        return DirectoryRecord(tuple(_entry(row) for row in document["directories"]))
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise HostError(f"The record {path} is damaged. {_ADVICE}") from e


def _entry(row: t.Mapping[str, t.Any]) -> RecordedDirectory:
    values = [row[key] for key in ("path", "device", "inode", "file_system", "mark")]
    if [type(value) for value in values] != [str, int, int, int, str]:
        raise TypeError(row)
    return RecordedDirectory(values[0], Identity(*values[1:]), bool(row["only_if_empty"]))


def write(path: str, record: DirectoryRecord) -> None:
    """Write a record atomically and durably; raises OSError."""
    rows = [
        {"path": entry.path, **vars(entry.directory), "only_if_empty": entry.only_if_empty} for entry in record.entries
    ]
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    new = f"{path}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(fd, "w", encoding="utf-8") as stream:
        json.dump({"format": FORMAT, "directories": rows}, stream, indent=2)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, path)
    with closing(os.open(directory, OPEN_DIRECTORY & ~os.O_NOFOLLOW)) as directory_fd:
        os.fsync(directory_fd)


def remove(path: str) -> None:
    """Remove the file of the record, and its directory if that is empty; raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(path))

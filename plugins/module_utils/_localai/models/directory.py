# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists the models path and reads its YAML files, and never writes."""

from __future__ import annotations

import stat
import typing as t

from ..._fs.directories import Directories
from ..._fs.entries import OPEN_DIRECTORY, VANISHED, closing
from ..._fs.inner_paths import MAX_LEVELS
from ..._fs.os_errors import disk_error
from ..._fs.read import open_file
from ..._fs.utf8 import os
from ..._store.layout import OWN_DIRECTORY
from .contents import Entry, Kind, Listing, is_yaml

MOST_ENTRIES = 200000
MOST_BYTES_OF_A_FILE = 4 * 1024**2
MOST_BYTES = 64 * 1024**2


def list_directory(path: str) -> Listing:
    """Return all entries below the models path, without those of our own directory; no link is followed.

    Entries that vanish meanwhile are left out, and a missing models path has none. What cannot be read is a problem.
    """
    entries: list[Entry] = []
    problems: list[str] = []
    try:
        with closing(os.open(path, OPEN_DIRECTORY & ~os.O_NOFOLLOW)) as top:
            directories = Directories(top)
            try:
                _list(path, directories, entries, problems)
            finally:
                directories.close()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as e:
        problems.append(disk_error(path, e))
    return Listing(tuple(entries), tuple(problems))


def _list(top: str, directories: Directories, entries: list[Entry], problems: list[str]) -> None:
    real_top = os.path.realpath(top)
    levels = [_paths(top, directories, "", problems)]
    while levels:
        path = next(levels[-1], None)
        if path is None:
            levels.pop()
            continue
        if len(entries) == MOST_ENTRIES:
            problems.append(f"{top}: it has more than {MOST_ENTRIES} entries. The others are not checked.")
            return
        try:
            entry = _entry(real_top, path, directories.status(path))
        except OSError as e:
            if e.errno not in VANISHED:
                problems.append(disk_error(os.path.join(top, path), e))
            continue
        entries.append(entry)
        if entry.kind == "directory":
            levels.append(_paths(top, directories, path, problems))


def _paths(top: str, directories: Directories, path: str, problems: list[str]) -> t.Iterator[str]:
    """Yield the paths of the entries of a directory in byte order."""
    if path.count("/") >= MAX_LEVELS:
        problems.append(f"{top}/{path} is nested too deeply to be checked.")
        return
    try:
        names = directories.names(path)
    except OSError as e:
        if e.errno not in VANISHED:
            problems.append(disk_error(os.path.join(top, path), e))
        return
    for name in sorted(names, key=os.fsencode):
        if path or name != OWN_DIRECTORY:
            yield os.path.join(path, name)


def _entry(real_top: str, path: str, status: os.stat_result) -> Entry:
    kind = _kind(status.st_mode)
    target_kind: t.Literal["", "file", "directory", "other"] = ""
    target = ""
    if kind == "link":
        full_path = os.path.join(real_top, path)
        target_kind = _target_kind(full_path)
        real_path = os.path.realpath(full_path)
        inside = os.path.join(real_top, "")
        target = real_path[len(inside) :] if target_kind and real_path.startswith(inside) else ""
    return Entry(
        path=path,
        kind=kind,
        size=status.st_size if kind == "file" else 0,
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        mtime=status.st_mtime,
        target_kind=target_kind,
        target=target,
    )


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "link" if stat.S_ISLNK(mode) else "other"


def _target_kind(path: str) -> t.Literal["", "file", "directory", "other"]:
    try:
        kind = _kind(os.stat(path).st_mode)
    except OSError:
        return ""
    return "other" if kind == "link" else kind


def yaml_texts(path: str, listing: Listing) -> dict[str, bytes]:
    """Return the content of the YAML files of a listing by their paths, those of the upper levels first.

    Files are left out that cannot be read, that are too large, or that go beyond the limit of all files together. Of
    links, only those are followed whose owner could read the file anyway.
    """
    texts: dict[str, bytes] = {}
    remaining = MOST_BYTES
    wanted = [entry for entry in listing.entries if is_yaml(entry.name) and "file" in (entry.kind, entry.target_kind)]
    if not wanted:
        return {}
    try:
        with closing(os.open(path, OPEN_DIRECTORY & ~os.O_NOFOLLOW)) as top:
            directories = Directories(top)
            try:
                for entry in sorted(wanted, key=lambda entry: entry.path.count("/")):
                    content = _content(directories, entry, min(remaining, MOST_BYTES_OF_A_FILE))
                    if content is not None:
                        texts[entry.path] = content
                        remaining -= len(content)
            finally:
                directories.close()
    except OSError:
        return texts
    return texts


def _content(directories: Directories, entry: Entry, limit: int) -> bytes | None:
    """Return the content of a YAML file; None if it cannot be read or has more than `limit` bytes."""
    try:
        dir_fd, name = directories.at(entry.path)
        with open_file(name, dir_fd, 0 if entry.kind == "link" else os.O_NOFOLLOW) as stream:
            status = os.fstat(stream.fileno())
            is_secret = entry.uid not in (0, status.st_uid) and not status.st_mode & stat.S_IROTH
            if entry.kind == "link" and is_secret:
                return None
            content = stream.read(limit + 1)
    except OSError:
        return None
    return content if len(content) <= limit else None

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The installed LocalAI binaries, the link that selects one, and their checksums."""

from __future__ import annotations

import hashlib
import re
import stat
import typing as t
from dataclasses import dataclass

from .._fs.read import chunks_of, open_file
from .._fs.utf8 import os
from .small_files import text_of

_PREFIX = "local-ai-"
_RECORD = ".sha256"
# Another build of the same version has some digits of its checksum behind an @.
_VERSION = re.compile(r"local-ai-(v[0-9]+\.[0-9]+\.[0-9]+(?:[-+][A-Za-z0-9.+-]*)?)(?:@[0-9a-f]+)?")


@dataclass(frozen=True)
class Link:
    """The path that starts LocalAI: where it leads if it is a symlink, and the SHA-256 of the file there."""

    exists: bool
    target: str | None
    checksum: str | None


@dataclass(frozen=True)
class Binary:
    """An installed binary, its version, its SHA-256, and the one that was recorded when it was installed."""

    path: str
    version: str | None
    checksum: str | None
    recorded: str | None


class Checksums:
    """Computes the SHA-256 of files, of each file once, however many paths lead to it."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], str] = {}

    def of(self, path: str) -> str | None:
        """Return the SHA-256 of a file, None if there is none or it cannot be read."""
        try:
            stream = open_file(path)
        except OSError:
            return None
        with stream:
            status = os.fstat(stream.fileno())
            key = (status.st_dev, status.st_ino, status.st_mtime_ns)
            if key not in self._known:
                try:
                    self._known[key] = _sha256(stream)
                except OSError:
                    return None
            return self._known[key]


def _sha256(stream: t.IO[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks_of(stream):
        digest.update(chunk)
    return digest.hexdigest()


def link_of(path: str, checksums: Checksums) -> Link:
    """Return what is at the path that starts LocalAI."""
    try:
        target: str | None = os.readlink(path)
    except OSError:
        target = None
    return Link(os.path.lexists(path), target, checksums.of(path))


def binaries_in(directories: t.Sequence[str], checksums: Checksums) -> list[Binary]:
    """Return the binaries in directories, which may contain other files too."""
    return [binary for directory in dict.fromkeys(directories) for binary in _in(directory, checksums)]


def _in(directory: str, checksums: Checksums) -> t.Iterator[Binary]:
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return
    for name in names:
        path = os.path.join(directory, name)
        if name.startswith(_PREFIX) and not name.endswith(_RECORD) and _is_file(path):
            recorded = text_of(path + _RECORD)
            yield Binary(path, version_of(name), checksums.of(path), None if recorded is None else recorded.strip())


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def version_of(name: str) -> str | None:
    """Return the version in the name of a binary, None if there is none that can be compared. Pure."""
    matched = _VERSION.fullmatch(name)
    return matched.group(1) if matched else None

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration directory of the stand-in: three files that count without a restart, and what their defects do.

The rules are those of LocalAI's `core/application/config_file_watcher.go`: a file is read at the start, and again when
it is written, created, renamed into place or removed. Nothing else is noticed: not chmod, chown or touch, not a file
that is moved away, not a change behind a symlink.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

_MODIFY, _MOVED_TO, _CREATE, _DELETE = 0x02, 0x80, 0x100, 0x200
_HEADER = struct.Struct("iIII")


@dataclass
class Configuration:
    """What the environment and the files say now."""

    environment_keys: tuple[str, ...]
    environment_backends: dict[str, str]
    auto_upgrade: bool
    keys: tuple[str, ...] = ()
    external_backends: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _keys_at_start: tuple[str, ...] = ()

    def start(self, directory: Path | None) -> None:
        """Read all files, and watch the directory from now on."""
        self.keys = self.environment_keys
        self.external_backends = dict(self.environment_backends)
        if directory is None:
            return
        self.read(directory / "api_keys.json")
        self._keys_at_start = self.keys
        self.read(directory / "external_backends.json")
        self.read(directory / "runtime_settings.json")
        try:
            names = _changed_names(directory)
        except OSError as error:
            self.warnings.append(f"unable to create a watcher on the configuration directory: {error}")
            return
        threading.Thread(target=self._follow, args=(directory, names), daemon=True).start()

    def read(self, path: Path) -> None:
        """Take over a file; one that cannot be read counts as empty, and one with wrong content changes nothing."""
        apply = {
            "api_keys.json": self._read_keys,
            "external_backends.json": self._read_backends,
            "runtime_settings.json": self._read_settings,
        }.get(path.name)
        if apply is None:
            return
        content = b""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            pass
        except OSError as error:
            self.warnings.append(f"could not read file {path.name}: {error.strerror}")
        try:
            apply(json.loads(content) if content else None)
        except ValueError as error:
            self.warnings.append(f"failed to update options from {path.name}: {error}")

    def _follow(self, directory: Path, names: Iterator[str]) -> None:
        for name in names:
            self.read(directory / name)

    def _read_keys(self, content: Any) -> None:
        self.keys = self.environment_keys + _texts(content or [])

    def _read_backends(self, content: Any) -> None:
        found = content or {}
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise ValueError("it is no mapping of texts")
        if self.environment_backends:
            # Entries are then only ever added: the server merges into one map.
            self.external_backends = {**found, **self.external_backends}
        else:
            self.external_backends = found

    def _read_settings(self, content: Any) -> None:
        if content is None:
            return
        if not isinstance(content, dict):
            raise ValueError("it is no mapping")
        if not self.auto_upgrade and content.get("auto_upgrade_backends") is not None:
            self.auto_upgrade = bool(content["auto_upgrade_backends"])
        if content.get("api_keys") is not None:
            # The keys of api_keys.json at the start come back, and later ones are lost.
            self.keys = tuple(dict.fromkeys(self._keys_at_start + _texts(content["api_keys"])))


def _texts(content: Any) -> tuple[str, ...]:
    if not isinstance(content, list) or not all(isinstance(item, str) for item in content):
        raise ValueError("it is no list of texts")
    return tuple(content)


def _changed_names(directory: Path) -> Iterator[str]:
    """The names of files in the directory, each when it changed; raise OSError if the directory cannot be watched."""
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(0)
    events = _MODIFY | _MOVED_TO | _CREATE | _DELETE
    if descriptor < 0 or library.inotify_add_watch(descriptor, os.fsencode(directory), events) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def names() -> Iterator[str]:
        while True:
            data = os.read(descriptor, 65536)
            while data:
                length = _HEADER.unpack_from(data)[3]
                yield os.fsdecode(data[_HEADER.size : _HEADER.size + length].rstrip(b"\0"))
                data = data[_HEADER.size + length :]

    return names()

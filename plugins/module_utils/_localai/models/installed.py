# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of the models path as values for a plan. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ..._fs.file_attributes import FileAttributes
from .record import Record


class FileState(t.NamedTuple):
    """One entry of the models path, whose links are not followed; `size` is in bytes, -1 for what is no regular file.

    `sha256` is that of a YAML file, and empty for all others. `mtime` is in nanoseconds since 1970.
    """

    size: int
    attributes: FileAttributes
    sha256: str = ""
    mtime: int = 0
    is_directory: bool = False


@dataclass(frozen=True)
class InstalledModel:
    """One model: its two YAML files, None if they are missing, our record of it, and the `files` that the record names.

    `files` has those that exist, and `directories` those that they are in, by path.
    """

    name: str
    yaml: FileState | None = None
    gallery_file: FileState | None = None
    record: Record | None = None
    files: t.Mapping[str, FileState] = field(default_factory=dict)
    directories: t.Mapping[str, FileState] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """The paths of recorded files that are missing or have another size, in order."""
        recorded = self.record.paths if self.record is not None else {}
        return [path for path, size in recorded.items() if path not in self.files or self.files[path].size != size]


@dataclass(frozen=True)
class InstalledModels:
    """The models of one models path: the requested ones, and the names of all that have a YAML file or a record.

    `downloaded` has the keys of the files that were downloaded ahead, by the model that they were downloaded for.
    """

    path: str
    models: t.Mapping[str, InstalledModel] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    downloaded: t.Mapping[str, frozenset[str]] = field(default_factory=dict)

    def find(self, name: str, exact: bool) -> InstalledModel | None:
        """Return the model with a name, without `exact` also one that only differs in case."""
        model = self.models.get(name)
        if model is not None or exact:
            return model
        return next((model for key, model in self.models.items() if key.lower() == name.lower()), None)

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a plan for models: one class for each kind of change, with everything that is needed to apply it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ..._localai.models.gallery import Template
from ..._localai.models.record import InstalledFile
from ..._model_request import Config, FileSpec
from .desired import Desired, DesiredSnapshot

Details = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Install:
    """Install a model, or what it lacks: the files to `fetch`, archives to `unpack`, `templates`, `snapshots`, YAML.

    `present` are its files that are there, and `kept` what was unpacked or written earlier, with sizes. The entries
    `obsolete` are removed last; others need those that are `left`. `old` is the configuration that it had, None for a
    new model.
    """

    desired: Desired
    fetch: tuple[FileSpec, ...] = ()
    present: tuple[InstalledFile, ...] = ()
    kept: t.Mapping[str, int] = field(default_factory=dict)
    unpack: tuple[str, ...] = ()
    templates: tuple[Template, ...] = ()
    snapshots: tuple[DesiredSnapshot, ...] = ()
    writes_yaml: bool = False
    writes_gallery_file: bool = False
    replaced: frozenset[str] = frozenset()
    obsolete: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    old: Config | None = None

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.desired.name

    @property
    def is_change(self) -> bool:
        """Whether anything but our own record changes."""
        files = (self.fetch, self.unpack, self.templates, self.snapshots, self.obsolete)
        return any(files) or self.writes_yaml or self.writes_gallery_file

    @property
    def needs_reload(self) -> bool:
        """Whether a server has to read the configuration again, and what it tells from the files of a model."""
        return self.writes_yaml or any((self.fetch, self.unpack, self.snapshots))


@dataclass(frozen=True)
class SetAttributes:
    """Give files of a model the requested owner, group and mode; `before` and `after` are those, by path."""

    name: str
    before: t.Mapping[str, Details]
    after: t.Mapping[str, Details]


@dataclass(frozen=True)
class Remove:
    """Remove a model: its YAML files first, then `paths`. `old` is the configuration that it had, None if unknown.

    Others need the paths that are `left`.
    """

    name: str
    paths: tuple[str, ...]
    left: tuple[str, ...] = ()
    old: Config | None = None


@dataclass(frozen=True)
class Download:
    """Fetch files and snapshots of a model without installing them."""

    name: str
    fetch: tuple[FileSpec, ...] = ()
    snapshots: tuple[DesiredSnapshot, ...] = ()


@dataclass(frozen=True)
class Prune:
    """Remove entries of the models path that nobody needs."""

    paths: tuple[str, ...]


Step = t.Union[Install, SetAttributes, Remove, Download, Prune]

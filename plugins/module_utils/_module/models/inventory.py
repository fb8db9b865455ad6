# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything in a models path, read once, and the models that it has."""

from __future__ import annotations

import functools
import posixpath
import typing as t
from dataclasses import dataclass, field

from ..._errors import GalleryError
from ..._localai.models.artifacts import snapshot_keys
from ..._localai.models.contents import Entry, Listing
from ..._localai.models.definition import Definition
from ..._localai.models.directory import list_directory
from ..._localai.models.mentions import Document
from ..._localai.models.names import gallery_file_name, of_gallery_file, yaml_name
from ..._localai.models.record import Record, definition_of
from ..._localai.models.unused import Unused
from ..._localai.models.yaml_findings import Configuration, configurations_of
from ..._model_request import Config
from ..._planner.models.questions import Survey
from .answers import documents_of, records_of, survey_of, unused_of_survey
from .snapshots import complete_snapshot


@dataclass(frozen=True)
class ListedModel:
    """One model of a models path. `file` is its YAML file, and `config` its content, None if that is not readable.

    `definition` is what LocalAI's gallery file has, None if there is no such file, or it cannot be used.
    """

    name: str
    file: str
    config: Config | None = None
    record: Record | None = None
    definition: Definition | None = None

    @property
    def served_name(self) -> str:
        """The name under which a server knows the model."""
        name = (self.config or {}).get("name")
        return str(name) if isinstance(name, (str, int, float)) and str(name) else self.name

    @property
    def snapshots(self) -> tuple[str, ...]:
        """The keys of the snapshots of repositories that it uses."""
        keys = snapshot_keys(self.config) if self.config is not None else []
        return tuple(dict.fromkeys((*(self.record.snapshots if self.record is not None else ()), *keys)))


@dataclass(frozen=True)
class Inventory:
    """The entries of the models path `path`, its YAML files, and our records by name of the model."""

    path: str
    listing: Listing
    documents: tuple[Document, ...] = ()
    records: t.Mapping[str, Record] = field(default_factory=dict)

    @functools.cached_property
    def entries(self) -> dict[str, Entry]:
        """All entries, by path."""
        return {entry.path: entry for entry in self.listing.entries}

    @functools.cached_property
    def contents(self) -> dict[str, t.Any]:
        """The content of the YAML files, by path; None for one that cannot be parsed."""
        return {document.path: document.content for document in self.documents}

    @functools.cached_property
    def survey(self) -> Survey:
        """The content of the YAML files and of the records, in the form that the planner needs."""
        return survey_of(self.path, self.listing, self.documents, self.records)

    @functools.cached_property
    def models(self) -> tuple[ListedModel, ...]:
        """The models, sorted by name: configured ones, and those with a record or a YAML file that cannot be used."""
        models = [self._configured(configuration) for configuration in configurations_of(self.documents)]
        names = {model.name for model in models if model.file == yaml_name(model.name)}
        broken = {of_gallery_file(path) for path in self.entries} - {""}
        others = {name for name in broken if yaml_name(name) in self.entries} | set(self.records)
        models += [self._model(name, yaml_name(name), None) for name in others - names]
        return tuple(sorted(models, key=lambda model: (model.name, model.file)))

    def _configured(self, configuration: Configuration) -> ListedModel:
        stem = posixpath.splitext(configuration.path)[0]
        if configuration.siblings > 1:
            return ListedModel(configuration.name or stem, configuration.path, configuration.config)
        return self._model(stem, configuration.path, configuration.config)

    def _model(self, name: str, file: str, config: Config | None) -> ListedModel:
        if file != yaml_name(name):
            # LocalAI and this collection only write files that end in .yaml.
            return ListedModel(name, file, config)
        return ListedModel(name, file, config, self.records.get(name), self._definition(gallery_file_name(name)))

    def _definition(self, path: str) -> Definition | None:
        document = self.contents.get(path)
        try:
            return definition_of(document) if isinstance(document, dict) else None
        except GalleryError:
            return None

    def unused(self) -> tuple[Unused, ...]:
        """Return what no model needs."""
        return unused_of_survey(self.path, self.listing, self.documents, self.records)

    def has_snapshot(self, key: str, *, verify: bool) -> bool:
        """Return whether all files of a snapshot are there; with `verify`, whether they have the recorded digests."""
        return complete_snapshot(self.path, key, verify=verify) is not None

    def size_of(self, path: str) -> int | None:
        """Return the bytes at a path, for a directory those of all files in it; None if nothing is there."""
        entry = self.entries.get(posixpath.normpath(path))
        if entry is None or (entry.kind == "link" and not entry.target_kind):
            return None
        if entry.kind == "link" and entry.target:
            return self.size_of(entry.target)
        if entry.kind != "directory":
            return entry.size
        start = f"{entry.path}/"
        return sum(entry.size for entry in self.listing.entries if entry.path.startswith(start))


def inventory_of(path: str) -> Inventory:
    """Return what is in a models path, which need not exist; raises MissingLibrary."""
    listing = list_directory(path)
    return Inventory(path, listing, tuple(documents_of(path, listing)), records_of(path))

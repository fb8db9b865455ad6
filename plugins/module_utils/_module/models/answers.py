# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers the questions of the planner of models, from the models path, galleries and sources."""

from __future__ import annotations

import functools
import time
import typing as t

from ..._errors import GalleryError, HostError
from ..._fs.os_errors import errors_at
from ..._fs.read import read_file
from ..._fs.utf8 import os
from ..._localai.models.contents import SNAPSHOTS, Listing
from ..._localai.models.directory import list_directory, yaml_texts
from ..._localai.models.mentions import Document, Mentions
from ..._localai.models.names import parents, yaml_name
from ..._localai.models.record import Record
from ..._localai.models.scan import MOST_YAML, file_state, left_paths, record_of, recorded_names, tree_states
from ..._localai.models.unused import Unused, unused_of
from ..._planner.models import questions as q
from ..._resolver.config_yaml import parse_typed
from ..._resolver.models import ModelResolver
from .snapshots import complete_snapshot, sha256_of
from .task import ModelTask


class ModelAnswers:
    """Answers the questions of one run."""

    def __init__(self, resolver: t.Callable[[], ModelResolver]) -> None:
        """`resolver` returns the object that asks servers. It is called only if there is such a question."""
        self._resolver = functools.lru_cache(maxsize=None)(resolver)
        self._hashes: dict[tuple[t.Any, ...], str] = {}

    @property
    def resolver(self) -> ModelResolver:
        """The galleries and sources."""
        return self._resolver()

    def answer(self, task: ModelTask, question: q.Question) -> t.Any:
        """Return the answer to a question; raises LocalAIError."""
        path = task.host.models_path
        if isinstance(question, q.FileOnDisk):
            check_directories(path, question.path)
            with errors_at(os.path.join(path, question.path)):
                return file_state(os.path.join(path, question.path), task.keeps)
        if isinstance(question, q.ListTree):
            return tree_states(path, question.path, task.keeps)
        if isinstance(question, q.HashFile):
            return self._sha256_of(os.path.join(path, question.path))
        if isinstance(question, q.ReadYaml):
            return read_yaml(os.path.join(path, question.path))
        if isinstance(question, q.ReadManifest):
            return complete_snapshot(path, question.key, verify=question.verify)
        if isinstance(question, q.SurveyDirectory):
            return survey(path)
        if isinstance(question, q.FindUnused):
            return unused(path)
        return self.from_servers(question)

    def _sha256_of(self, path: str) -> str:
        """Return the sha256 of a file like `sha256_of`. A file that has not changed since is not read again."""
        try:
            status = os.stat(path)
        except OSError:
            return sha256_of(path)
        version = (path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if version not in self._hashes:
            self._hashes[version] = sha256_of(path)
        return self._hashes[version]

    def from_servers(self, question: q.Question) -> t.Any:
        """Return the answer to a question that is not about the disk; raises LocalAIError."""
        if isinstance(question, q.ReadIndex):
            return self.resolver.galleries.index(question.name)
        if isinstance(question, q.ReadBase):
            return self.resolver.galleries.base(question.gallery, question.url)
        if isinstance(question, q.ReadConfiguration):
            return self.resolver.galleries.document(self.resolver.located(question.address))
        if isinstance(question, q.FindSnapshot):
            return self.resolver.snapshot(question.spec, question.revision, required=question.required)
        if isinstance(question, q.ServedFile):
            return self.resolver.served(question.address)
        raise TypeError(question)


def check_directories(top: str, path: str) -> None:
    """Raise HostError if a directory above a path in the models path is something else; a missing one is none."""
    for parent in reversed(list(parents(path))):
        where = os.path.join(top, parent)
        if os.path.lexists(where) and (os.path.islink(where) or not os.path.isdir(where)):
            raise HostError(
                f"{where} is not a directory, and {path} has to be in it. Symlinks are not followed here. Replace it "
                "by a directory, or use another file name."
            )


def read_yaml(path: str) -> t.Any:
    """Return the content of a YAML file, None if it cannot be read."""
    try:
        return parse_typed(read_file(path, MOST_YAML))
    except (OSError, GalleryError):
        return None


def survey(path: str) -> q.Survey:
    """Return what the YAML files and records of a models path say; raises HostError."""
    listing = list_directory(path)
    return survey_of(path, listing, documents_of(path, listing), records_of(path))


def survey_of(
    path: str, listing: Listing, documents: t.Sequence[Document], records: t.Mapping[str, Record]
) -> q.Survey:
    """Return the same for a models path that was read."""
    return q.Survey(
        Mentions(documents, path).within(listing),
        records,
        {document.path: document.content for document in documents},
        {entry.path: entry.size for entry in listing.entries if entry.kind != "directory" or _is_snapshot(entry.path)},
    )


def _is_snapshot(path: str) -> bool:
    """Return whether a directory belongs to a snapshot. Any other one can have files of others in it."""
    return path.startswith(f"{SNAPSHOTS}/")


def documents_of(path: str, listing: Listing) -> list[Document]:
    """Return the YAML files of a models path, parsed where that is possible."""
    return [
        Document(name, data.decode("utf-8", "replace"), _parsed(data))
        for name, data in yaml_texts(path, listing).items()
    ]


def records_of(path: str) -> dict[str, Record]:
    """Return our records of models by name."""
    records = {name: record_of(path, name) for name in recorded_names(path)}
    return {name: record for name, record in records.items() if record is not None}


def unused(path: str) -> tuple[Unused, ...]:
    """Return what no model needs in a models path."""
    listing = list_directory(path)
    return unused_of_survey(path, listing, documents_of(path, listing), records_of(path))


def unused_of_survey(
    path: str, listing: Listing, documents: t.Sequence[Document], records: t.Mapping[str, Record]
) -> tuple[Unused, ...]:
    """Return the same for a models path that was read."""
    ledger = left_paths(path) | {file for record in records.values() for file in (*record.paths, *record.obsolete)}
    names = {document.path for document in documents}
    in_use = frozenset(file for name, record in records.items() for file in record.paths if yaml_name(name) in names)
    return tuple(unused_of(listing, Mentions(documents, path), ledger, time.time(), in_use))


def _parsed(data: bytes) -> t.Any:
    try:
        return parse_typed(data)
    except GalleryError:
        return None

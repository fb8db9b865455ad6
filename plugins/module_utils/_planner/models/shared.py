# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that several models name: they share one content, or the task is an error."""

from __future__ import annotations

import hashlib
import typing as t

from ..._errors import HostError
from ..._localai.models.gallery import Template
from ..._localai.models.names import gallery_file_name, of_gallery_file, yaml_name
from ..._model_request import FileSpec
from .desired import Desired
from .facts import ModelFacts
from .questions import FileOnDisk, HashFile, Survey, SurveyDirectory


def documents_of(names: t.Iterable[str]) -> frozenset[str]:
    """Return the YAML files of models."""
    return frozenset(file for name in names for file in (yaml_name(name), gallery_file_name(name)))


def check_among_requested(models: t.Sequence[Desired]) -> None:
    """Raise HostError if two models of a task need different contents under one file name."""
    owners: dict[str, tuple[str, FileSpec]] = {}
    templates: dict[str, tuple[str, Template]] = {}
    for model in models:
        for template in model.parts.definition.templates:
            name, same = templates.setdefault(template.filename, (model.name, template))
            if same != template:
                raise HostError(
                    f"{name} and {model.name} both have a prompt template {template.name}, with different contents. "
                    "Install only one of them."
                )
        for file in model.files:
            owner, other = owners.setdefault(file.filename, (model.name, file))
            if _conflict(file, other):
                raise HostError(
                    f"{owner} and {model.name} both have a file {file.filename}, with different contents. Install only "
                    "one of them, or give one of them the file under another name, with config and files."
                )


def check_others(
    model: Desired,
    files: t.Iterable[FileSpec],
    replaced: t.AbstractSet[str],
    task: t.AbstractSet[str],
    facts: ModelFacts,
) -> None:
    """Raise HostError if models that the `task` does not name need another content of a file than it would get.

    `replaced` are the files whose content changes. Raises `Unanswered` for an open question.
    """
    survey: Survey = facts.answer(SurveyDirectory())
    for file in files:
        others = [other for other in _users(file.filename, survey) if other.name not in task]
        users = [yaml_name(other.name) for other in others if other.conflicts_with(file)]
        if file.filename in replaced and not users:
            # The content that these models need comes back.
            agreeing = {other.name for other in others if file.sha256 and other.sha256 == file.sha256}
            mentions = survey.mentions.of(file.filename, documents_of({*task, *agreeing}))
            users = [_configuration(mention) for mention in mentions]
        if users:
            digest = f" with the sha256 {file.sha256}" if file.sha256 else ""
            raise HostError(
                f"{model.name} needs the file {file.filename}{digest}, and {users[0]} needs another content of it. "
                "Change all models that name the file in one task, remove the other model, or use another file name."
            )


def check_templates(
    model: Desired, templates: t.Iterable[Template], task: t.AbstractSet[str], facts: ModelFacts
) -> None:
    """Raise HostError if models that the `task` does not name need another content of a template that is written.

    Raises `Unanswered` for an open question.
    """
    survey: Survey = facts.answer(SurveyDirectory())
    for template in templates:
        path, digest = template.filename, hashlib.sha256(template.content.encode("utf-8")).hexdigest()
        if facts.answer(FileOnDisk(path)) is None or facts.answer(HashFile(path)) == digest:
            continue
        agreeing = {name for name, other in _template_users(survey) if other == template}
        mentions = survey.mentions.of(path, documents_of({*task, *agreeing}))
        if mentions:
            raise HostError(
                f"{model.name} has the prompt template {path}, and {_configuration(mentions[0])} needs another content "
                "of it. Remove the other model, or give its template another name."
            )


def _template_users(survey: Survey) -> t.Iterator[tuple[str, Template]]:
    """Yield the names of models that recorded a prompt template, with the template."""
    for name, record in survey.records.items():
        for template in record.parts.definition.templates:
            yield name, template
    for path, document in survey.documents.items():
        name = of_gallery_file(path)
        if name and name not in survey.records:
            for row in _rows(document, "prompt_templates"):
                yield name, Template(str(row.get("name")), str(row.get("content")))


class _User(t.NamedTuple):
    """A model, and the content of a file that it was installed with; `uri` is empty if only LocalAI recorded it."""

    name: str
    sha256: str
    uri: str

    def conflicts_with(self, file: FileSpec) -> bool:
        """Return whether a file has certainly another content than this model needs."""
        if self.sha256 and file.sha256:
            return self.sha256 != file.sha256
        return bool(self.uri) and self.uri != file.uri.text


def _users(filename: str, survey: Survey) -> t.Iterator[_User]:
    """Yield the models that recorded a content of a file."""
    for name, record in survey.records.items():
        file = record.file(filename)
        if file is not None:
            yield _User(name, file.sha256, file.uri.text)
    for path, document in survey.documents.items():
        name = of_gallery_file(path)
        if name and name not in survey.records and yaml_name(name) in survey.documents:
            for row in _rows(document, "files"):
                if row.get("filename") == filename:
                    yield _User(name, str(row.get("sha256") or "").lower(), "")


def _rows(document: t.Any, key: str) -> list[t.Mapping[str, t.Any]]:
    rows = document.get(key) if isinstance(document, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _configuration(document: str) -> str:
    """Return the configuration that a document belongs to: itself, or that of the model that it is the record of."""
    name = of_gallery_file(document)
    return yaml_name(name) if name else document


def _conflict(one: FileSpec, other: FileSpec) -> bool:
    if one.sha256 and other.sha256:
        return one.sha256 != other.sha256
    return one.uri != other.uri

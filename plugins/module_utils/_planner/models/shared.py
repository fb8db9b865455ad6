# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that several models name: they share one content, or the task is an error."""

from __future__ import annotations

import typing as t

from ..._errors import HostError
from ..._localai.models.names import gallery_file_name, of_gallery_file, yaml_name
from ..._model_request import FileSpec
from .desired import Desired
from .facts import ModelFacts
from .questions import Survey, SurveyDirectory


def documents_of(names: t.Iterable[str]) -> frozenset[str]:
    """Return the YAML files of models."""
    return frozenset(file for name in names for file in (yaml_name(name), gallery_file_name(name)))


def check_among_requested(models: t.Sequence[Desired]) -> None:
    """Raise HostError if two models of a task need different contents under one file name."""
    owners: dict[str, tuple[str, FileSpec]] = {}
    for model in models:
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
        users = _users_of_other_content(file, survey, task)
        if file.filename in replaced:
            users += survey.mentions.of(file.filename, documents_of(task))
        if users:
            digest = f" with the sha256 {file.sha256}" if file.sha256 else ""
            raise HostError(
                f"{model.name} needs the file {file.filename}{digest}, and {users[0]} needs another content of it. "
                "Change all models that name the file in one task, remove the other model, or use another file name."
            )


def _users_of_other_content(file: FileSpec, survey: Survey, task: t.AbstractSet[str]) -> list[str]:
    """Return the YAML files of models that recorded another content of a file."""
    users = [
        yaml_name(name)
        for name, record in survey.records.items()
        for other in record.files
        if name not in task and other.filename == file.filename and _conflict(file, other.spec)
    ]
    for path, document in survey.documents.items():
        name = of_gallery_file(path)
        if name and name not in task and name not in survey.records and yaml_name(name) in survey.documents:
            users += [yaml_name(name) for other in _files(document) if _differs(file, other)]
    return users


def _files(document: t.Any) -> list[t.Mapping[str, t.Any]]:
    files = document.get("files") if isinstance(document, dict) else None
    return [row for row in files if isinstance(row, dict)] if isinstance(files, list) else []


def _differs(file: FileSpec, other: t.Mapping[str, t.Any]) -> bool:
    digest = str(other.get("sha256") or "").lower()
    return bool(other.get("filename") == file.filename and file.sha256 and digest and digest != file.sha256)


def _conflict(one: FileSpec, other: FileSpec) -> bool:
    if one.sha256 and other.sha256:
        return one.sha256 != other.sha256
    return one.uri != other.uri

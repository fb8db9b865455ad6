# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans removals: models, files that they no longer need, and what nobody needs."""

from __future__ import annotations

import functools
import typing as t

from ..._localai.models.gallery import path_problem
from ..._localai.models.names import gallery_file_name, yaml_name
from .facts import ModelFacts
from .questions import FindUnused, Survey, SurveyDirectory
from .shared import documents_of
from .steps import Prune, Remove

if t.TYPE_CHECKING:
    from ..._localai.models.mentions import Mentions
    from ..._localai.models.unused import Unused
    from .desired import Desired


class Needed:
    """The paths that the models of a task need: their own files, and the files that their new configurations mention.

    A configuration can name files that nobody installs, such as weights that an administrator has put there.
    """

    def __init__(self, models: t.Sequence[Desired], models_path: str, paths: t.Collection[str] = ()) -> None:
        self._models = models
        self._models_path = models_path
        self._paths = paths

    def __contains__(self, path: object) -> bool:
        """Return whether a path in the models path is needed."""
        return path in self._paths or bool(self._mentions.of(str(path)))

    def consists_of(self, path: str) -> bool:
        """Return whether a path is one of those that the models consist of."""
        return path in self._paths

    def and_paths(self, paths: t.Collection[str]) -> Needed:
        """Return what is needed, together with more paths."""
        return Needed(self._models, self._models_path, paths)

    @functools.cached_property
    def _mentions(self) -> Mentions:
        from ..._localai.models.mentions import Document, Mentions

        documents = [Document(yaml_name(model.name), "", model.config) for model in self._models]
        return Mentions(documents, self._models_path)


def plan_removals(names: t.Sequence[str], needed: t.Container[str], facts: ModelFacts) -> list[Remove]:
    """Return the steps that remove models. Files that other YAML files mention stay, and those `needed` by the task.

    Raises `Unanswered` for an open question.
    """
    if not names:
        return []
    survey: Survey = facts.answer(SurveyDirectory())
    gone = documents_of(names)
    removed: set[str] = set()
    steps = []
    for name in names:
        own = [path for path in _paths_of(name, survey) if path in survey.sizes and path not in removed]
        paths = [path for path in own if path not in needed and not survey.mentions.of(path, gone)]
        removed.update(paths)
        left = tuple(path for path in own if path not in paths)
        steps.append(Remove(name, tuple(paths), left, _config(survey.documents.get(yaml_name(name)))))
    return steps


def obsolete_paths(
    name: str, before: t.Iterable[str], needed: Needed, facts: ModelFacts
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths that a model had `before` and nobody needs any more, and those that only others need.

    `needed` are those that the task needs. Raises `Unanswered` for an open question.
    """
    former = [path for path in before if not needed.consists_of(path)]
    if not former:
        return (), ()
    survey: Survey = facts.answer(SurveyDirectory())
    own = documents_of([name])
    former = [path for path in former if path in survey.sizes]
    obsolete = tuple(path for path in former if path not in needed and not survey.mentions.of(path, own))
    return obsolete, tuple(path for path in former if path not in obsolete)


def plan_prune(needed: t.Container[str], facts: ModelFacts) -> tuple[Prune | None, tuple[Unused, ...]]:
    """Return the step that removes what LocalAI or this collection left, None for nothing, and what it removes."""
    unused: tuple[Unused, ...] = facts.answer(FindUnused())
    left = tuple(file for file in unused if file.prunable and file.path not in needed)
    return (Prune(tuple(file.path for file in left)) if left else None), left


def installed_paths(name: str, facts: ModelFacts) -> list[str]:
    """Return everything that an installation by LocalAI has written besides the YAML files of a model."""
    return _paths_of(name, facts.answer(SurveyDirectory()))


def _paths_of(name: str, survey: Survey) -> list[str]:
    """Return everything that the installation of a model has written besides its YAML files."""
    from ..._localai.models.artifacts import snapshot_keys, snapshot_path

    record = survey.records.get(name)
    paths = dict.fromkeys(record.paths if record is not None else ())
    document = survey.documents.get(gallery_file_name(name))
    config = survey.documents.get(yaml_name(name))
    if isinstance(document, dict):
        paths.update(dict.fromkeys(_texts(document.get("files"), "filename")))
        paths.update(dict.fromkeys(f"{template}.tmpl" for template in _texts(document.get("prompt_templates"), "name")))
    if isinstance(config, dict):
        parameters = config.get("parameters")
        model = parameters.get("model") if isinstance(parameters, dict) else None
        paths.update(dict.fromkeys(value for value in (model, config.get("mmproj")) if isinstance(value, str)))
    keys = snapshot_keys(config) if isinstance(config, dict) else ()
    snapshots = dict.fromkeys((*(record.snapshots if record is not None else ()), *keys))
    known = [path for path in paths if not path_problem(path)] + [snapshot_path(key) for key in snapshots]
    return list(dict.fromkeys((*known, *(record.obsolete if record is not None else ()))))


def _texts(rows: t.Any, key: str) -> list[str]:
    if not isinstance(rows, list):
        return []
    return [row[key] for row in rows if isinstance(row, dict) and isinstance(row.get(key), str)]


def _config(document: t.Any) -> t.Mapping[str, t.Any] | None:
    return document if isinstance(document, dict) else None

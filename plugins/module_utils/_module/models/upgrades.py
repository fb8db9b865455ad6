# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes that `state=latest` would make, for `localai_model_info`. The planner of `localai_model` decides it."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import replace

from ..._errors import LocalAIError, MissingLibrary
from ..._fs.file_attributes import FileAttributes
from ..._localai.models.scan import scan_models
from ..._model_request import ModelHost, ModelOptions, ModelSpec
from ..._planner.models import questions as q
from ..._planner.models.facts import ModelFacts
from ..._planner.models.plan import ModelPlan, plan_models
from ..._planner.models.steps import Install
from ..._request import bare_name
from ..._store.file_system import KeptAttributes, remembered
from ..decide import decide
from .answers import ModelAnswers
from .info_options import ModelInfoOptions
from .info_rows import files_of_model
from .inventory import Inventory, ListedModel
from .result import shown
from .task import ModelTask


def upgrades_of(
    host: ModelHost, request: ModelInfoOptions, inventory: Inventory, answers: ModelAnswers, warnings: list[str]
) -> list[dict[str, t.Any]]:
    """Return the changes of `state=latest` for installed models; a model that cannot be checked causes a warning.

    Raises GalleryError for a gallery that cannot be read.
    """
    specs = [
        (model, spec)
        for model in inventory.models
        if request.wants(model.name, model.served_name)
        for spec in (_latest(model),)
        if spec is not None
    ]
    if any(spec.model for _model, spec in specs):
        # With warnings instead of an error, an empty list would mean that there are no upgrades.
        for source in host.galleries:
            answers.resolver.galleries.index(source.name)
    planner = _Planner(host, inventory, answers, verify=request.verify)
    rows: list[dict[str, t.Any]] = []
    for model, spec in specs:
        try:
            plan = planner.plan(spec)
        except MissingLibrary:
            raise
        except LocalAIError as e:
            warnings.append(f"upgrades: {e}")
            continue
        warnings += plan.warnings
        rows += _rows(model, plan)
    return rows


def _latest(model: ListedModel) -> ModelSpec | None:
    """Return the request of a model with `state=latest`.

    None if that is unknown, or if the model is pinned, which `state=latest` contradicts.
    """
    if model.record is not None:
        request = model.record.request
        return None if request is None or model.record.pinned else replace(request, state="latest")
    if model.definition is None:
        return None
    definition = model.definition
    is_fixed = definition.pinned_variant not in ("", definition.entry_name)
    return ModelSpec(
        name=model.name,
        state="latest",
        model=definition.entry_name or model.name,
        variant=definition.pinned_variant if is_fixed else "",
    )


class _Planner:
    """Plans one model at a time. What galleries and servers answered is kept."""

    def __init__(self, host: ModelHost, inventory: Inventory, answers: ModelAnswers, *, verify: bool) -> None:
        keeps = remembered(host.models_path) or KeptAttributes()
        scan = scan_models(host.models_path, None, keeps)
        galleries = tuple(source.name for source in host.galleries)
        self._facts = ModelFacts(galleries).rescanned(scan, FileAttributes())
        self._task = ModelTask(host, ModelOptions(()), keeps, FileAttributes())
        self._inventory = inventory
        self._answers = answers
        self._digests = {} if verify else dict(_recorded_digests(inventory))

    def plan(self, spec: ModelSpec) -> ModelPlan:
        """Return the plan for a model; raises LocalAIError."""
        plan, self._facts = decide(functools.partial(plan_models, ModelOptions((spec,))), self._facts, self._answer)
        return plan

    def _answer(self, question: q.Question) -> t.Any:
        if isinstance(question, q.SurveyDirectory):
            return self._inventory.survey
        if isinstance(question, q.HashFile) and question.path in self._digests:
            return self._digests[question.path]
        return self._answers.answer(self._task, question)


def _recorded_digests(inventory: Inventory) -> t.Iterator[tuple[str, str]]:
    """Yield the digests that installations have recorded, for files that are there: large files are not read again."""
    for model in inventory.models:
        for file in files_of_model(model, inventory):
            present = inventory.size_of(file.filename)
            if file.sha256 and present is not None and file.size in (0, present):
                yield file.filename, file.sha256


def _rows(model: ListedModel, plan: ModelPlan) -> t.Iterator[dict[str, t.Any]]:
    """Yield the row of a model that would change."""
    (outcome,) = plan.outcomes
    if outcome.action in ("none", "chown"):
        return
    installs = [step for step in plan.steps if isinstance(step, Install)]
    record = model.record
    before = {file.filename: file.sha256 for file in (record.files if record is not None else ())}
    yield {
        "name": outcome.name,
        "action": outcome.action,
        "reason": outcome.reason,
        "model": bare_name(outcome.model) or None,
        "gallery": next((step.desired.gallery for step in installs), "") or None,
        "variant": outcome.variant or None,
        "backend": outcome.backend or None,
        "config": shown(outcome.config),
        "files": [
            {
                "filename": file.filename,
                "uri": str(file.uri),
                "installed": before.get(file.filename) or None,
                "available": file.sha256 or None,
            }
            for step in installs
            for file in step.fetch
        ],
    }

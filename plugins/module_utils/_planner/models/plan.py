# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the plan for the models of a task, or returns the questions that have to be answered first.

Everything that can be decided for one model is in `model.py`; here are the rules for all models of a task together.
"""

from __future__ import annotations

import collections
import typing as t
from dataclasses import dataclass, field

from ..._errors import HostError, LocalAIError, OptionError
from ..._localai.models.backends import needed_backends
from ..._localai.models.installed import InstalledModel
from ..._localai.models.record import Record
from ..._model_request import FileSpec, ModelOptions, ModelSpec
from ..unanswered import Unanswered
from .desired import Desired, desired_of
from .facts import ModelFacts
from .model import ModelChanges, Outcome, Planned, check_no_directory, plan_model
from .removal import Needed, plan_prune, plan_removals
from .shared import check_among_requested, documents_of
from .steps import Download, Install, Prune, Remove, Step


@dataclass(frozen=True)
class Removed:
    """One removed entry of the models path, or one model; `model` is None for what belongs to none."""

    path: str
    model: str | None
    reason: str


@dataclass(frozen=True)
class ModelPlan:
    """The changes that a run makes, in the order of execution. `remember` are records of models that do not change.

    `stale` are the names of processes that would answer with what was replaced, by model. `outlasting` are the models
    of which a server forgets something only when it is restarted. `previous` are the records of those models that can
    become again what they were. `retained` has the keys of the downloads that the run uses, by model; other downloads
    of these models are discarded.
    """

    outcomes: tuple[Outcome, ...] = ()
    steps: tuple[Step, ...] = ()
    remember: tuple[Install, ...] = ()
    removed: tuple[Removed, ...] = ()
    stale: t.Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outlasting: frozenset[str] = frozenset()
    backends: tuple[str, ...] = ()
    previous: tuple[Record, ...] = ()
    retained: t.Mapping[str, frozenset[str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def unload(self) -> tuple[str, ...]:
        """The names of the processes that would answer with what was replaced."""
        return tuple(dict.fromkeys(name for names in self.stale.values() for name in names))

    @property
    def reload_required(self) -> bool:
        """Whether a server has to read configurations again."""
        return any(isinstance(step, Install) and step.needs_reload for step in self.steps)

    @property
    def restart_required(self) -> bool:
        """Whether a server goes on with something old until it is restarted."""
        return bool(self.outlasting)

    @property
    def fetched(self) -> list[tuple[str, FileSpec]]:
        """The files to transfer, each once, with the name of the model that fetches it."""
        steps = (step for step in self.steps if isinstance(step, (Install, Download)))
        return [(step.name, file) for step in steps for file in step.fetch]


def plan_models(options: ModelOptions, facts: ModelFacts) -> ModelPlan | tuple[t.Any, ...]:
    """Return the plan for a request, or the questions whose answers it needs; raises LocalAIError."""
    wanted = [spec for spec in options.models if spec.state != "absent"]
    desired, questions = _all(wanted, lambda spec: _desired(spec, options, facts))
    if questions:
        return questions
    _check_names(desired)
    check_among_requested(desired)
    task = frozenset(model.name for model in desired) | _absent_names(options, facts)
    planned = Planned(task, Needed(desired, facts.scan.path))

    def plan_one(model: Desired) -> ModelChanges:
        result = plan_model(model, facts.scan.models.get(model.name), facts, options, planned)
        planned.add(result)
        return result

    changes, questions = _all(desired, plan_one)
    if questions:
        return questions
    try:
        if options.download_only:
            return _download(options, facts, desired, changes)
        return _complete(options, facts, desired, changes)
    except Unanswered as e:
        return (e.question,)


_Item = t.TypeVar("_Item")
_Result = t.TypeVar("_Result")


def _all(items: t.Iterable[_Item], plan_one: t.Callable[[_Item], _Result]) -> tuple[list[_Result], tuple[t.Any, ...]]:
    """Return the results for all items, and the open questions; raises the errors of all items together."""
    results: list[_Result] = []
    questions: dict[t.Any, None] = {}
    failures: list[tuple[str, LocalAIError]] = []
    for item in items:
        try:
            results.append(plan_one(item))
        except Unanswered as e:
            questions[e.question] = None
        except LocalAIError as e:
            failures.append((getattr(item, "name", ""), e))
    if failures and not questions:
        from ..failures import combined

        raise combined(failures, {}, of_models=True)
    return results, tuple(questions)


def _desired(spec: ModelSpec, options: ModelOptions, facts: ModelFacts) -> Desired:
    installed, again = installed_for(spec, facts), spec.state == "latest" or options.force
    desired = desired_of(spec, installed, facts, again=again)
    if desired.files:
        return desired
    # Only models without files can have snapshots.
    from .snapshots import with_snapshots

    return with_snapshots(desired, installed, facts, again=again)


def installed_for(spec: ModelSpec, facts: ModelFacts) -> InstalledModel | None:
    """Return what is installed for a requested model; a name from a gallery is looked up without its case."""
    return facts.scan.find(spec.name, exact=not spec.follows_entry)


def _check_names(desired: t.Sequence[Desired]) -> None:
    names = [model.name.lower() for model in desired]
    repeated = next((model.name for model in desired if names.count(model.name.lower()) > 1), None)
    if repeated is not None:
        raise OptionError(f"models: the name {repeated} is requested twice, or in two spellings. Name each model once.")


def _absent_names(options: ModelOptions, facts: ModelFacts) -> frozenset[str]:
    absent = (installed_for(spec, facts) for spec in options.models if spec.state == "absent")
    return frozenset(model.name for model in absent if model is not None)


def _download(
    options: ModelOptions, facts: ModelFacts, desired: t.Sequence[Desired], changes: t.Sequence[ModelChanges]
) -> ModelPlan:
    """Return the plan that only downloads; raises `Unanswered`."""
    from .downloads import plan_downloads

    downloads = plan_downloads(options, facts, changes)
    warnings = [warning for change in changes for warning in change.warnings]
    return ModelPlan(
        outcomes=downloads.outcomes,
        steps=downloads.steps,
        backends=needed_backends(model.config for model in desired),
        retained=downloads.retained,
        warnings=tuple(dict.fromkeys([*facts.scan.problems, *warnings, *downloads.warnings])),
    )


def _complete(
    options: ModelOptions, facts: ModelFacts, desired: t.Sequence[Desired], changes: t.Sequence[ModelChanges]
) -> ModelPlan:
    """Add the removals to the changes of single models; raises `Unanswered`."""
    paths = frozenset(path for change in changes for path in change.needed)
    # A model whose configuration is missing gets its other YAML file in this run, and that looks unused before.
    needed = Needed(desired, facts.scan.path, paths | documents_of(model.name for model in desired))
    warnings = [warning for change in changes for warning in change.warnings]
    surplus = _surplus(options, facts, desired, warnings)
    absent = sorted(_absent_names(options, facts) - {model.name for model in desired})
    for name in absent:
        check_no_directory(facts.scan.models[name], facts)
    removals = plan_removals([*absent, *(name for name in surplus if name not in absent)], needed, facts)
    prune, unused = plan_prune(needed, facts) if options.prune else (None, ())
    steps = [step for change in changes for step in change.steps if _is_change(step)]
    removed = [row for change in changes for row in _obsolete(change)]
    gone = {path for step in removals for path in (*documents_of([step.name]), *step.paths)}
    gone.update(row.path for row in removed)
    removed += [
        Removed(path, step.name, "exclusive is set" if step.name in surplus else "the model is removed")
        for step in removals
        for path in (f"{step.name}.yaml", *step.paths)
    ]
    removed += [Removed(file.path, None, file.reason) for file in unused if file.path not in gone]
    previous: tuple[Record, ...] = ()
    if steps:
        from .previous import recoverable

        previous = recoverable(steps, facts)
    retained: t.Mapping[str, frozenset[str]] = {}
    if facts.scan.downloaded:
        from .downloads import retained as retained_by

        retained = retained_by(changes, facts)
    pruned = [Prune(tuple(path for path in prune.paths if path not in gone))] if prune is not None else []
    return ModelPlan(
        outcomes=tuple(_in_order(options, facts, [change.outcome for change in changes])),
        steps=(*steps, *removals, *_only_downloaded(options, facts), *(step for step in pruned if step.paths)),
        remember=tuple(change.remember for change in changes if change.remember is not None),
        removed=tuple(removed),
        stale={change.outcome.name: change.stale for change in changes if change.stale},
        outlasting=frozenset(
            [
                *(change.outcome.name for change in changes if change.outlasts),
                *(step.name for step in removals if facts.scan.models[step.name].yaml is not None),
            ]
        ),
        backends=needed_backends(model.config for model in desired),
        previous=previous,
        retained=retained,
        warnings=tuple(dict.fromkeys([*facts.scan.problems, *warnings])),
    )


def _is_change(step: Step) -> bool:
    return not isinstance(step, Install) or step.is_change


def _obsolete(change: ModelChanges) -> t.Iterator[Removed]:
    for step in change.steps:
        if isinstance(step, Install):
            yield from (Removed(path, step.name, "the model does not need it any more") for path in step.obsolete)


def _surplus(options: ModelOptions, facts: ModelFacts, desired: t.Sequence[Desired], warnings: list[str]) -> list[str]:
    """Return the models that `exclusive` removes."""
    if not options.exclusive:
        return []
    from .questions import Survey, SurveyDirectory

    survey: Survey = facts.answer(SurveyDirectory())
    kept = {model.name for model in desired}
    surplus = []
    for name in facts.scan.names:
        if name in kept:
            continue
        if isinstance(survey.documents.get(f"{name}.yaml"), dict) or facts.scan.models[name].yaml is None:
            surplus.append(name)
        else:
            warnings.append(
                f"exclusive: {name}.yaml cannot be read as the configuration of a model, so it is not removed. Correct "
                "it, or remove it by hand."
            )
    return surplus


def _only_downloaded(options: ModelOptions, facts: ModelFacts) -> list[Remove]:
    """Return the removals of models that are not installed, but downloaded."""
    absent = (spec for spec in options.models if spec.state == "absent" and installed_for(spec, facts) is None)
    return [Remove(spec.name, ()) for spec in absent if spec.name in facts.scan.downloaded]


def _in_order(options: ModelOptions, facts: ModelFacts, outcomes: list[Outcome]) -> t.Iterator[Outcome]:
    """Yield the outcomes in the order of the task, with those of the removed models."""
    remaining = collections.deque(outcomes)
    for spec in options.models:
        if spec.state != "absent":
            yield remaining.popleft()
            continue
        model = installed_for(spec, facts)
        if model is None and spec.name in facts.scan.downloaded:
            yield Outcome(spec.name, "remove", "it was only downloaded")
        elif model is None:
            yield Outcome(spec.name, "none", "it is not installed")
        else:
            yield Outcome(model.name, "remove", "state is absent")


def check_directory(facts: ModelFacts) -> None:
    """Raise HostError if the models path cannot be read."""
    if facts.scan.problems:
        raise HostError(
            f"The installed models cannot be read: {'; '.join(facts.scan.problems)}. Set models_path to the directory "
            "that LocalAI reads, and run as a user who may read it, for example with become."
        )

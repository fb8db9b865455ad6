# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_model`: options -> scan -> decide -> preflight -> apply -> result."""

from __future__ import annotations

import functools
import typing as t

from ..._errors import LocalAIError
from ..._fs.utf8 import os
from ..._model_request import ModelHost
from ..._planner.models.facts import ModelFacts
from ..._planner.models.plan import ModelPlan
from ..._store.file_system import KeptAttributes, kind_of, remembered
from ..._store.unfinished import has_unfinished
from ..runner import Run, run_module
from .argspec import MODEL
from .options import model_host, model_options
from .result import Sizes, previous_of, result_of
from .task import ModelDecider, ModelTask, task_of

if t.TYPE_CHECKING:
    from ..._resolver.models import ModelResolver
    from .answers import ModelAnswers

# Most runs change nothing. Code that fetches or writes is imported where it is used.


def run_model() -> None:
    """Run the module `localai_model`."""
    run_module(MODEL, _run)


def _run(run: Run) -> None:
    run.result.update(models=[], removed=[], unload=[], backends=[], previous=previous_of(()), diff=[])
    run.result.update(reload_required=False, restart_required=False)
    try:
        plan, sizes = _carry_out(run)
    except LocalAIError as e:
        from ..absent_sources import assume_they_come

        assume_they_come(e, run)
        return
    if plan.steps:
        from .message import message_of

        run.result["msg"] = message_of(run.result, run.check_mode, sizes.models)
    else:
        run.result["msg"] = "Nothing to change."


def _carry_out(run: Run) -> tuple[ModelPlan, Sizes]:
    """Carry out the task; returns the plan that was applied or would be, and the sizes of what it transfers."""
    host, options = model_host(run.params), model_options(run.params)
    probed = remembered(host.models_path)
    task = task_of(host, options, probed or KeptAttributes(), run)
    answers = functools.lru_cache(maxsize=None)(functools.partial(_answers, host, run))
    unfinished = not run.check_mode and has_unfinished(host.models_path)
    if run.check_mode:
        run.warnings += _missing_parent(host.models_path, run)
    elif unfinished:
        from .execute import clean_up

        clean_up(task)
    facts = ModelFacts(tuple(source.name for source in host.galleries))
    decider = ModelDecider(facts, lambda task, question: answers().answer(task, question))
    plan, sizes = decider.decide(task), Sizes()
    if plan.steps or plan.remember:
        from .execute import execute, preflight

        try:
            sizes = preflight(plan, host.models_path, answers())
            if not run.check_mode:
                return execute(decider, task, answers(), run, lambda keeps: task_of(host, options, keeps, run))
        except LocalAIError:
            run.warnings += plan.warnings
            raise
    elif unfinished:
        clean_up(task, partials=True)
    run.warnings += [*_lost_attributes(task), *plan.warnings]
    run.result.update(result_of(plan, sizes, {}, {}))
    return plan, sizes


def _answers(host: ModelHost, run: Run) -> ModelAnswers:
    from .answers import ModelAnswers

    return ModelAnswers(lambda: resolver_of(host, run))


def resolver_of(host: ModelHost, run: Run) -> ModelResolver:
    """Return what asks the servers of a task."""
    from ..._localai.machine import Machine
    from ..._oci.platform import Platform
    from ..._resolver.models import ModelResolver

    machine = Machine()
    platform = Platform(machine.system.lower(), machine.architecture)
    return ModelResolver(host, platform, os.environ, run.warnings, check_mode=run.check_mode)


def _missing_parent(path: str, run: Run) -> t.Iterator[str]:
    parent = os.path.dirname(path)
    is_pending = "models_path" in run.params["pending"] and not os.path.isdir(path)
    if not os.path.isdir(parent) and not is_pending:
        yield f"models_path: {parent} does not exist yet. It will be created."


def _lost_attributes(task: ModelTask) -> t.Iterator[str]:
    keeps, options = task.keeps, task.options
    lost = [] if keeps.owners else [name for name in ("owner", "group") if getattr(options, name) is not None]
    if lost:
        path, names = task.host.models_path, " and ".join(lost)
        yield f"{path} is on a file system ({kind_of(path)}) that does not store owners. {names} have no effect there."

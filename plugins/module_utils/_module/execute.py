# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of a run that changes the disk: preflight, the steps under the lock, and the result if a step fails."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from .._errors import HostError, LocalAIError, PartlyChanged
from .._fs.utf8 import os
from .._fs.walk import disk_usage
from .._localai.backend_tree import BACKEND_FILES
from .._localai.installed import Installed
from .._planner.effects import effects
from .._planner.plan import Plan
from .._planner.steps import SetAttributes, Step, discards_download, keeps_previous, state_of
from .._store.file_system import KeptAttributes
from .._store.layout import DOWNLOADED, OWN_DIRECTORY
from .._store.store import open_store
from .answers import Answers, walk
from .apply import Applier, Transfer
from .attributes import lost, owner_to_set
from .decide import Decider
from .preflight import check_own, check_space, check_writable
from .result import result_of
from .runner import Run
from .task import Task

if t.TYPE_CHECKING:
    from .._sources.artifact import Artifact


def preflight(plan: Plan, path: str, answers: t.Callable[[], Answers]) -> None:
    """Raise HostError if permissions or disk space do not suffice for a plan. Writes nothing."""
    check_writable(
        path,
        [step.backend for step in plan.steps if step.before],
        [step.backend for step in plan.steps if keeps_previous(step)],
    )
    check_own(path, [step.backend for step in plan.steps if isinstance(step, SetAttributes)])
    artifacts = _artifacts(plan)
    packed = sum(artifact.size for artifact in artifacts)
    downloaded = os.path.join(path, OWN_DIRECTORY, DOWNLOADED)
    check_space(
        path,
        packed,
        lambda: sum(map(answers().resolver.sources.unpacked_size, artifacts)),
        downloads=sum(
            disk_usage(os.path.join(downloaded, step.backend)) for step in plan.steps if discards_download(step)
        ),
    )


def execute(
    decider: Decider,
    task: Task,
    answers: t.Callable[[], Answers],
    run: Run,
    task_for: t.Callable[[KeptAttributes], Task],
) -> Plan:
    """Take the lock, plan again if the disk has changed, and apply the plan, which is returned.

    `task_for` returns the task for the attributes that the file system stores.
    """
    path, request = task.host.backends_path, task.request
    with open_store(path, owner_to_set(task), BACKEND_FILES, request.lock_timeout, task.mode) as store:
        if store.keeps != task.keeps:
            # The file system was probed for the first time.
            task = task_for(store.keeps)
            store.owner = owner_to_set(task)
        run.warnings += lost(task)
        plan = decider.decide(task)
        run.warnings += plan.warnings
        applier = Applier(store, lambda: answers().resolver.sources, task.requested)
        store.retain_partials(blob.identity for artifact in _artifacts(plan) for blob in artifact.content.blobs)
        _apply_all(plan, applier, decider, task, run)
        store.retain_partials()
    return plan


def clean_up(task: Task, *, partials: bool = False) -> None:
    """Clean up after an interrupted run, unless another run is active or this user lacks the permissions.

    With `partials`, what it transferred and no run needs is removed too.
    """
    with contextlib.suppress(HostError), open_store(
        task.host.backends_path, owner_to_set(task), BACKEND_FILES, 0
    ) as store:
        if partials:
            store.retain_partials()


def _artifacts(plan: Plan) -> list[Artifact]:
    return t.cast("list[Artifact]", plan.artifacts())


def _apply_all(plan: Plan, applier: Applier, decider: Decider, task: Task, run: Run) -> None:
    """Apply the steps of a plan. If one fails, the result contains what was changed until then."""
    transfers: dict[str, Transfer] = {}
    for count, step in enumerate(plan.steps):
        try:
            transfer = applier.apply(step)
        except LocalAIError as e:
            after = task.scan()
            done = _done(plan, count, _partly_applied(step, after, task), decider, after)
            run.result.update(result_of(done, decider.facts.host, transfers))
            run.result["changed"] |= isinstance(e, PartlyChanged)
            raise
        if transfer is not None:
            transfers[step.backend] = transfer
    run.result.update(result_of(plan, decider.facts.host, transfers))


def _partly_applied(step: Step, after: Installed, task: Task) -> tuple[Step, ...]:
    """Return a failed step with the state that it left; nothing if it changed nothing."""
    state = dict(state_of(after, step.backend))
    if isinstance(step, SetAttributes) and state:
        with contextlib.suppress(LocalAIError):
            inspection = walk(task, after, step.backend, contents=False)
            state["paths_to_change"] = inspection.differing if inspection is not None else 0
    # A scan does not find all problems that `verify` finds.
    before = {key: value for key, value in step.before.items() if key != "problem"}
    return (replace(step, after=state),) if {**state, "problem": None} != {**before, "problem": None} else ()


def _done(plan: Plan, count: int, partly: tuple[Step, ...], decider: Decider, after: Installed) -> Plan:
    """Return the part of a plan that was applied: the first `count` steps, and the failed step, `partly`."""
    steps = (*plan.steps[:count], *partly)
    touched = {step.backend for step in steps}
    unload, restart_required = effects(decider.facts.scan, after, steps, decider.facts.host.name)
    return replace(
        plan,
        outcomes=tuple(outcome for outcome in plan.outcomes if outcome.done_after <= count),
        steps=steps,
        removed=tuple((backend, reason) for backend, reason in plan.removed if backend in touched),
        unload=unload,
        restart_required=restart_required,
    )

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of a run that changes the disk: preflight, the steps under the lock, and the result if a step fails."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from ..._errors import HostError, LocalAIError, SourceError
from ..._fs.file_attributes import FileAttributes
from ..._fs.utf8 import os
from ..._fs.walk import disk_usage
from ..._localai.models.artifacts import partial_path
from ..._planner.failures import combined
from ..._planner.models.plan import ModelPlan
from ..._planner.models.steps import Download, Install, Step
from ..._store.file_system import KeptAttributes
from ..._store.layout import DOWNLOADED, OWN_DIRECTORY
from ..._store.ownership import owner_of_new_trees
from ..._store.store import Store, open_store
from ..._store.tree_files import TreeFiles
from ..preflight import MODELS, check_space, check_writable
from ..runner import Run
from .answers import ModelAnswers
from .apply import ModelApplier
from .result import Sizes, result_of
from .task import ModelDecider, ModelTask

_NO_TREES = TreeFiles()


def sizes_of(plan: ModelPlan, answers: ModelAnswers) -> Sizes:
    """Return the sizes of what a plan transfers; raises one error for all files that cannot be had."""
    files: dict[str, int] = {}
    failures: list[tuple[str, LocalAIError]] = []
    for name, file in plan.fetched:
        try:
            files[file.filename] = answers.resolver.size(file)
        except SourceError as e:
            failures.append((name, SourceError(f"{name}: {e}", e.missing)))
    if failures:
        raise combined(failures, {})
    models = {
        step.name: sum(files[file.filename] for file in step.fetch)
        + sum(file.size for snapshot in step.snapshots for file in snapshot.files)
        for step in plan.steps
        if isinstance(step, (Download, Install))
    }
    return Sizes(files, models)


def preflight(plan: ModelPlan, path: str, answers: ModelAnswers) -> Sizes:
    """Return the sizes of what a plan transfers. Writes nothing.

    Raises HostError if permissions or disk space do not suffice, SourceError for a file that cannot be had.
    """
    if not plan.steps:
        return Sizes()
    check_writable(path, contents=MODELS)
    sizes = sizes_of(plan, answers)
    packed = {path for step in plan.steps if isinstance(step, Install) for path in step.unpack}
    # Archives stay beside what they held.
    needed = sum(sizes.models.values()) + sum(size for name, size in sizes.files.items() if name in packed)
    for step in plan.steps:
        for snapshot in step.snapshots if isinstance(step, (Download, Install)) else ():
            needed -= disk_usage(os.path.join(path, partial_path(snapshot.key)))
    needed = max(needed, 0)
    check_space(path, needed, lambda: needed, MODELS, _size_of_downloads(plan, path))
    return sizes


def _size_of_downloads(plan: ModelPlan, path: str) -> int:
    """Return the bytes of downloads that become a part of a model, or are discarded before the first transfer."""
    top, total = os.path.join(path, OWN_DIRECTORY, DOWNLOADED), 0
    only_downloads = any(isinstance(step, Download) for step in plan.steps)
    for name, keys in plan.retained.items():
        total += disk_usage(os.path.join(top, name))
        for key in keys if only_downloads else ():
            with contextlib.suppress(OSError):
                total -= os.lstat(os.path.join(top, name, key)).st_blocks * 512
    return total


def execute(
    decider: ModelDecider,
    task: ModelTask,
    answers: ModelAnswers,
    run: Run,
    task_for: t.Callable[[KeptAttributes], ModelTask],
) -> tuple[ModelPlan, Sizes]:
    """Take the lock, plan again if the disk has changed, and apply the plan.

    Returns the plan and the sizes of the files that it transferred. `task_for` returns the task for the attributes that
    the file system stores.
    """
    with open_models(task, task.options.lock_timeout) as store:
        if store.keeps != task.keeps:
            # The file system was probed for the first time.
            task = task_for(store.keeps)
            store.owner = _owner(task)
        plan = decider.decide(task)
        run.warnings += plan.warnings
        sizes = sizes_of(plan, answers)
        if plan.fetched:
            artifacts = [answers.resolver.artifact(file) for _name, file in plan.fetched]
            store.retain_partials(blob.identity for artifact in artifacts for blob in artifact.content.blobs)
        for name, keys in plan.retained.items():
            store.downloads.retain(name, keys)
        files = store.files(task.mode, task.directory_mode)
        _apply_all(plan, ModelApplier(store, files, lambda: answers.resolver, task.requested), run)
        store.retain_partials()
        for name in plan.retained if not task.options.download_only else ():
            store.downloads.discard(name)
    return plan, sizes


def open_models(task: ModelTask, timeout: float) -> t.ContextManager[Store]:
    """Lock the models path of a task; raises LockTimeout, HostError."""
    return open_store(task.host.models_path, _owner(task), _NO_TREES, timeout, task.directory_mode)


def clean_up(task: ModelTask, *, partials: bool = False) -> None:
    """Clean up after an interrupted run, unless another run is active or this user lacks the permissions.

    With `partials`, what it transferred and no run needs is removed too.
    """
    with contextlib.suppress(HostError), open_models(task, 0) as store:
        if partials:
            store.retain_partials()


def _owner(task: ModelTask) -> FileAttributes:
    """Return the owner and the group to set on new files; empty for one that is not set. Raises HostError."""
    owner = owner_of_new_trees(task.host.models_path, None, None)
    return replace(task.requested.over(owner), mode="")


def _apply_all(plan: ModelPlan, applier: ModelApplier, run: Run) -> None:
    """Apply the steps of a plan. If one fails, the result has what was changed until then."""
    applier.note_left(plan.steps)
    for count, step in enumerate(plan.steps):
        try:
            applier.apply(step)
        except LocalAIError:
            done = _done(plan, plan.steps[:count])
            run.result.update(result_of(done, Sizes(), applier.installed, applier.transfers))
            raise
    for step in plan.remember:
        applier.remember(step)
    run.result.update(result_of(plan, Sizes(), applier.installed, applier.transfers))


def _done(plan: ModelPlan, steps: tuple[Step, ...]) -> ModelPlan:
    """Return the part of a plan that was applied."""
    left = {getattr(step, "name", None) for step in plan.steps[len(steps) :]}
    names = {getattr(step, "name", None) for step in steps} - left
    outcomes = tuple(outcome for outcome in plan.outcomes if outcome.action == "none" or outcome.name in names)
    paths = {path for step in steps for path in getattr(step, "paths", ())}
    return replace(
        plan,
        outcomes=outcomes,
        steps=steps,
        removed=tuple(row for row in plan.removed if row.model in names or row.path in paths),
        stale={name: stale for name, stale in plan.stale.items() if name in names},
        outlasting=plan.outlasting.intersection(names),
    )

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task about models, without the attributes that the file system of the models path does not store."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ..._fs.file_attributes import FileAttributes
from ..._localai.models.installed import InstalledModels
from ..._localai.models.scan import scan_models
from ..._model_request import ModelHost, ModelOptions
from ..._planner.models.facts import ModelFacts
from ..._planner.models.plan import ModelPlan, check_directory, plan_models
from ..._store.file_system import KeptAttributes
from ..decide import decide
from ..runner import Run

_FILE_MODE, _DIRECTORY_MODE = 0o644, 0o755


@dataclass(frozen=True)
class ModelTask:
    """A task: its options, what the file system `keeps`, and the owner, group and mode that are `requested`."""

    host: ModelHost
    options: ModelOptions
    keeps: KeptAttributes
    requested: FileAttributes

    @property
    def directories(self) -> FileAttributes:
        """The owner, group and mode that directories are requested to have."""
        mode = "" if self.options.directory_mode is None else f"{self.options.directory_mode:04o}"
        return replace(self.requested, mode=mode)

    @property
    def mode(self) -> int:
        """The mode of new files."""
        return _FILE_MODE if self.options.mode is None else self.options.mode

    @property
    def directory_mode(self) -> int:
        """The mode of new directories."""
        return _DIRECTORY_MODE if self.options.directory_mode is None else self.options.directory_mode

    def scan(self) -> InstalledModels:
        """Return the models that the plan needs."""
        names = {spec.name.lower() for spec in self.options.models}
        return scan_models(self.host.models_path, None if self.options.exclusive else names, self.keeps)


def task_of(host: ModelHost, options: ModelOptions, keeps: KeptAttributes, run: Run) -> ModelTask:
    """Return the task, without the owner, group and mode that the file system does not store; raises HostError."""
    if not keeps.owners:
        options = replace(options, owner=None, group=None)
    if not keeps.modes:
        options = replace(options, mode=None, directory_mode=None)
    requested = FileAttributes(mode="" if options.mode is None else f"{options.mode:04o}")
    if options.owner is not None or options.group is not None:
        from ..attributes import requested_owner

        requested = requested.over(requested_owner(host.models_path, options, run))
    return ModelTask(host, options, keeps, requested)


class ModelDecider:
    """Plans a task, and plans it again under the lock. What servers answered is kept.

    Other runs can have changed anything that a plan is based on, also files that its models do not have yet.
    """

    def __init__(self, facts: ModelFacts, answer: t.Callable[[ModelTask, t.Any], t.Any]) -> None:
        """`answer` returns the answer to a question of the planner for a task."""
        self.facts = facts
        self._answer = answer

    def decide(self, task: ModelTask) -> ModelPlan:
        """Return the plan for the current state of the disk; raises LocalAIError."""
        facts = self.facts.rescanned(task.scan(), task.requested, task.directories)
        check_directory(facts)
        plan, self.facts = decide(
            lambda facts: plan_models(task.options, facts), facts, lambda question: self._answer(task, question)
        )
        return plan

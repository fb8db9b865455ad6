# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers the questions of the planner, from installed trees, accounts of this host, galleries and sources."""

from __future__ import annotations

import typing as t

from .._localai.backend_tree import BACKEND_FILES
from .._localai.installed import Installed
from .._localai.scan import tree_path
from .._planner.questions import NewTreeAttributes, Question, WalkTree
from .._resolver.resolver import Resolver
from .._store.record import Inspection
from .attributes import of_new_trees
from .task import Task


class Answers:
    """Answers the questions of one run."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver

    def answer(self, task: Task, installed: Installed, question: Question) -> t.Any:
        """Return the answer to a question; raises LocalAIError. `installed` is the current scan for the task."""
        if isinstance(question, WalkTree):
            return walk(task, installed, question.directory, contents=task.request.verify)
        if isinstance(question, NewTreeAttributes):
            return of_new_trees(task)
        return self.resolver.answer(question)


def walk(task: Task, installed: Installed, name: str, *, contents: bool) -> Inspection | None:
    """Return the result of a walk through an installed tree, or None if the tree does not exist any more.

    With `contents`, the tree is compared with the record of its files, if there is one.
    """
    from .._store.verify import verify

    directory = installed.get(name)
    is_listed = directory is not None and directory.record is not None and directory.record.listed
    path, keeps_modes = tree_path(installed.path, name), task.keeps.modes
    return verify(path, task.requested, BACKEND_FILES, keeps_modes=keeps_modes, contents=contents and is_listed)

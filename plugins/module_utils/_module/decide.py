# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop that turns a request into a plan: it answers the questions of the planner until there are none."""

from __future__ import annotations

import functools
import typing as t

from .._errors import LocalAIError

if t.TYPE_CHECKING:
    from .._localai.installed import Installed
    from .._planner.facts import Facts
    from .._planner.plan import Plan
    from .._planner.questions import Question
    from .answers import Answers
    from .task import Task


class _Facts(t.Protocol):
    """Facts that answers to questions are added to."""

    def learn(self: _FactsOfSomeKind, answers: t.Mapping[t.Any, t.Any]) -> _FactsOfSomeKind: ...


_FactsOfSomeKind = t.TypeVar("_FactsOfSomeKind", bound=_Facts)
_Plan = t.TypeVar("_Plan")


def decide(
    plan_for: t.Callable[[_FactsOfSomeKind], _Plan | tuple[t.Any, ...]],
    facts: _FactsOfSomeKind,
    answer: t.Callable[[t.Any], t.Any],
) -> tuple[_Plan, _FactsOfSomeKind]:
    """Return the plan and the facts that it is based on; raises LocalAIError.

    `plan_for` returns a plan for facts, or a tuple of the questions whose answers it needs.
    """
    while True:
        result = plan_for(facts)
        if not isinstance(result, tuple):
            return result, facts
        facts = facts.learn({question: _answer_or_error(question, answer) for question in result})


def _answer_or_error(question: t.Any, answer: t.Callable[[t.Any], t.Any]) -> t.Any:
    try:
        return answer(question)
    except LocalAIError as e:
        return e


class Decider:
    """Plans a task, and plans it again if the disk has changed. Answers from galleries and sources are kept."""

    def __init__(self, facts: Facts, answers: t.Callable[[], Answers]) -> None:
        """`answers` returns the object that answers questions. It is called only if there is a question."""
        self.facts = facts
        self._answers = answers
        self._planned: tuple[Task, Installed, Plan] | None = None

    def decide(self, task: Task) -> Plan:
        """Return the plan for the current state of the disk."""
        from .._planner.plan import plan

        installed = task.scan()
        if self._planned is None or self._planned[:2] != (task, installed):
            facts = self.facts.rescanned(installed, task.requested)
            plan_for = functools.partial(plan, task.request)
            result, self.facts = decide(plan_for, facts, self._answer_for(task, installed))
            self._planned = (task, installed, result)
        return self._planned[2]

    def _answer_for(self, task: Task, installed: Installed) -> t.Callable[[Question], t.Any]:
        return lambda question: self._answers().answer(task, installed, question)

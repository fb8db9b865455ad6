# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop that turns a request into a plan: it answers the questions of the planner until there are none."""

from __future__ import annotations

import typing as t

from .._errors import LocalAIError
from .._planner.facts import Facts
from .._planner.plan import Plan, plan
from .._planner.questions import Question
from .._request import BackendOptions


def decide(request: BackendOptions, facts: Facts, answer: t.Callable[[Question], t.Any]) -> tuple[Plan, Facts]:
    """Return the plan, and the facts that it is made of; raises the LocalAIError of an answer that matters."""
    while True:
        result = plan(request, facts)
        if isinstance(result, Plan):
            return result, facts
        facts = facts.learn({question: _answer_or_error(question, answer) for question in result})


def _answer_or_error(question: Question, answer: t.Callable[[Question], t.Any]) -> t.Any:
    try:
        return answer(question)
    except LocalAIError as e:
        return e

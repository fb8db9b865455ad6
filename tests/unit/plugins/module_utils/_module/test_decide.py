# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions are answered until there is a plan; each is asked once, and an error counts only where it is used."""

from __future__ import annotations

import shutil
from functools import partial
from typing import Any, Callable

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, LocalAIError, SourceError
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Installed
from ansible_collections.localai.core.plugins.module_utils._module.decide import Decider, decide
from ansible_collections.localai.core.plugins.module_utils._module.task import Task
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.plan import plan as plan_of
from ansible_collections.localai.core.plugins.module_utils._planner.questions import (
    FindArtifact,
    NewTreeAttributes,
    Question,
    ReadGallery,
    WalkTree,
)
from ansible_collections.localai.core.tests.support.local_host import LocalHost
from ansible_collections.localai.core.tests.support.plans import CPU_HOST, answer, concrete, installed, short, want

FIND_PIPER, FIND_CPU_M = FindArtifact((Address("quay.io/piper"),)), FindArtifact((Address("quay.io/cpu-m"),))


class Recorder:
    """Answers as the tests of plans do, or with the given errors, and records the questions."""

    def __init__(self, **errors: LocalAIError) -> None:
        self.questions: list[Question] = []
        self._errors = errors

    def __call__(self, question: Question) -> Any:
        self.questions.append(question)
        error = self._errors.get(type(question).__name__)
        if error is not None:
            raise error
        return answer(question)


def test_a_request_that_needs_no_answer_asks_nothing() -> None:
    ask = Recorder()
    facts = Facts(CPU_HOST, ("g",), installed(concrete("piper")))
    plan, known = decide(partial(plan_of, want("piper")), facts, ask)
    assert (short(plan), ask.questions, known) == ("none: ", [], facts)


def test_each_question_is_asked_once_and_the_answers_are_returned_with_the_plan() -> None:
    ask = Recorder()
    plan, known = decide(partial(plan_of, want("piper", "m", "piper")), Facts(CPU_HOST, ("g",), installed()), ask)
    assert short(plan) == "install, install, none: fetch piper, fetch cpu-m, meta m"
    # The questions of one round come together.
    assert ask.questions == [ReadGallery("g"), FIND_PIPER, FIND_CPU_M, NewTreeAttributes()]
    assert set(known.answers) == set(ask.questions)
    again = Recorder()
    assert decide(partial(plan_of, want("piper", "m")), known, again)[0].steps == plan.steps
    assert again.questions == []


def test_an_error_that_the_plan_depends_on_is_raised() -> None:
    ask = Recorder(FindArtifact=SourceError("timed out"))
    with pytest.raises(SourceError, match=r"piper cannot be fetched\. timed out"):
        decide(partial(plan_of, want("piper")), Facts(CPU_HOST, ("g",), installed()), ask)
    assert ask.questions == [ReadGallery("g"), FIND_PIPER]


def test_an_error_that_the_plan_does_not_depend_on_does_no_harm() -> None:
    ask = Recorder(ReadGallery=GalleryError("unreachable"))
    damaged = installed(concrete("piper", runnable=False, uri="https://example.com/piper.tar"))
    plan, _known = decide(partial(plan_of, want("piper")), Facts(CPU_HOST, ("g",), damaged), ask)
    assert short(plan) == "repair: fetch piper"
    assert ReadGallery("g") in ask.questions


def test_another_exception_ends_the_run() -> None:
    def fail(_question: Question) -> Any:
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        decide(partial(plan_of, want("piper")), Facts(CPU_HOST, ("g",), installed()), fail)


class CountedAnswers:
    """The answers of a host, and the questions that were asked."""

    def __init__(self, local: LocalHost) -> None:
        self.questions: list[Question] = []
        self._answer: Callable[..., Any] = local.answers.answer

    def answer(self, task: Task, installed_: Installed, question: Question) -> Any:
        self.questions.append(question)
        return self._answer(task, installed_, question)


def test_a_task_is_planned_again_only_if_the_disk_or_the_task_has_changed(local: LocalHost) -> None:
    local.install("piper")
    counted = CountedAnswers(local)
    decider = Decider(Facts(CPU_HOST, ("g",)), lambda: counted)  # type: ignore[arg-type, return-value]
    task = local.task("piper", verify=True)
    plan = decider.decide(task)
    assert decider.decide(task) is plan
    assert counted.questions == [WalkTree("piper")]
    (local.path / "piper/lib/x").write_text("changed")
    (local.path / "elsewhere").mkdir()
    again = decider.decide(task)
    assert short(again) == "repair: fetch piper"
    # The tree is walked again, and the gallery is read once.
    assert counted.questions[1] == WalkTree("piper")
    shutil.rmtree(local.path / "piper")
    del counted.questions[:]
    assert short(decider.decide(task)) == "install: fetch piper"
    assert ReadGallery("g") not in counted.questions


def test_a_run_without_questions_does_not_load_what_answers_them(local: LocalHost) -> None:
    local.install("piper")

    def load() -> Any:
        raise AssertionError("nothing has to be answered")

    assert Decider(Facts(CPU_HOST, ("g",)), load).decide(local.task("piper")).steps == ()

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions are values; what the sources answer is what a plan needs."""

from __future__ import annotations

import typing as t
from dataclasses import fields, replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Installed
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.plan import plan
from ansible_collections.localai.core.plugins.module_utils._planner.questions import (
    Artifact,
    FindArtifact,
    NewTreeAttributes,
    Question,
    ReadGallery,
    ServedDigest,
    WalkTree,
)
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.plugins.module_utils._sources.artifact import Artifact as SourceArtifact
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.plans import CPU_HOST, answer, concrete, installed, want

PIPER = (Address("quay.io/piper"),)


def test_two_questions_about_the_same_are_one() -> None:
    assert len({FindArtifact(PIPER), FindArtifact((Address("quay.io/piper"),)), FindArtifact(PIPER, "ab")}) == 2
    assert len({ReadGallery("x"), WalkTree("x"), NewTreeAttributes(), NewTreeAttributes()}) == 3


def test_only_a_walk_is_about_a_tree_on_disk() -> None:
    assert [question for question in t.get_args(Question) if question.about_a_tree] == [WalkTree]


def test_an_artifact_of_the_sources_has_what_a_plan_needs() -> None:
    needed = {name for name in vars(Artifact) if not name.startswith("_")}
    assert needed == {"uri", "mirrors", "digest", "platform_digest", "sha256", "size", "identity"}
    assert needed - {"identity"} <= {field.name for field in fields(SourceArtifact)}
    assert isinstance(vars(SourceArtifact)["identity"], property)


WITH_MANIFEST = installed(replace(concrete("piper"), record=Record(listed=True)))
NEVER: list[Question] = []
NEEDED = [
    # request, what is installed -> the questions of all rounds
    (want("piper"), installed(concrete("piper")), NEVER),
    (want("piper", state="absent"), installed(concrete("piper")), NEVER),
    (want("piper"), installed(), [ReadGallery("g"), FindArtifact(PIPER), NewTreeAttributes()]),
    (want("mine", uri=PIPER[0]), installed(), [FindArtifact(PIPER), NewTreeAttributes()]),
    (want("piper", state="latest"), WITH_MANIFEST, [ReadGallery("g"), ServedDigest(PIPER), FindArtifact(PIPER)]),
    (want("piper", verify=True), WITH_MANIFEST, [WalkTree("piper")]),
    (
        want("archived"),
        installed(),
        [
            ReadGallery("g"),
            FindArtifact((Address("https://example.com/archived.tar"),), "cd" * 32),
            NewTreeAttributes(),
        ],
    ),
]


@pytest.mark.parametrize(("options", "state", "questions"), NEEDED)
def test_a_plan_asks_what_it_needs_and_nothing_else(
    options: BackendOptions, state: Installed, questions: list[Question]
) -> None:
    facts, questions_so_far = Facts(CPU_HOST, ("g",), state), []
    while isinstance(result := plan(options, facts), tuple):
        questions_so_far += result
        facts = facts.learn({question: answer(question) for question in result})
    assert questions_so_far[: len(questions)] == questions
    assert set(questions_so_far) - set(questions) <= {NewTreeAttributes()}

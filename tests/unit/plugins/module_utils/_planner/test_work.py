# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings that take work: each is done once, whatever its reason is."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.installed import PreviousVersion
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._planner.changes import Changes
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.install import carry_out
from ansible_collections.localai.core.plugins.module_utils._planner.questions import NewTreeAttributes
from ansible_collections.localai.core.plugins.module_utils._planner.repair import RecordedBuild
from ansible_collections.localai.core.plugins.module_utils._planner.work import (
    Compare,
    Install,
    Leftover,
    MetaMissing,
    OtherAlias,
    OtherAttributes,
    RestorePrevious,
    Work,
)
from ansible_collections.localai.core.tests.support.plans import CPU_HOST, KINDS, LOOK, concrete, installed, meta, want

RECORDED = RecordedBuild("piper", "sha256:1", fixed=False, metadata=Metadata(), requested=False, pinned=False)
EXAMPLES: list[Work] = [
    Install("repair", "why", "piper", recorded=RECORDED),
    Compare("piper", "why"),
    RestorePrevious("restore", "why", PreviousVersion("piper", "x", concrete("piper"))),
    MetaMissing("install", "why", "m", "cpu-m"),
    OtherAlias("why", "piper"),
    OtherAttributes("why", "piper"),
    Leftover("why", "piper.backup"),
]


def test_there_is_an_example_of_each_kind() -> None:
    assert [type(example) for example in EXAMPLES] == list(t.get_args(Work))


@pytest.mark.parametrize("finding", EXAMPLES, ids=lambda finding: type(finding).__name__)
def test_two_findings_that_differ_in_their_reason_only_are_the_same_work(finding: Work) -> None:
    assert finding.reason == "why"
    other = replace(finding, reason="another reason")
    assert other != finding
    assert len({replace(finding, reason=""), replace(other, reason="")}) == 1


@pytest.mark.parametrize(
    ("finding", "action", "step"),
    [
        (MetaMissing("repair", "why", "m", "cpu-m"), "repair", "meta m"),
        (OtherAlias("why", "cpu-m"), "replace", "metadata cpu-m"),
        (OtherAttributes("why", "cpu-m"), "chown", "chown cpu-m"),
    ],
)
def test_work_on_an_installed_build_needs_no_source(finding: Work, action: str, step: str) -> None:
    facts = Facts(CPU_HOST, answers={NewTreeAttributes(): LOOK})
    changes = Changes(want("m", alias="a"), facts, installed(concrete("cpu-m")))
    outcome = carry_out("m", finding, changes, facts)
    assert (outcome.action, outcome.reason) == (action, "why")
    assert [f"{KINDS[type(planned)]} {planned.backend}" for planned in changes.steps] == [step]


def test_a_leftover_is_removed_later_and_answers_to_no_name_from_now_on() -> None:
    facts = Facts(CPU_HOST)
    changes = Changes(want("x"), facts, installed(concrete("cpu-x.backup", "x"), meta("m", "gone")))
    outcome = carry_out("x", Leftover("why", "cpu-x.backup"), changes, facts)
    assert (outcome.action, outcome.backend, changes.steps) == ("none", None, [])
    assert [step.backend for step in changes.dismissed] == ["cpu-x.backup"]
    assert changes.removed == [("cpu-x.backup", "why")]
    assert changes.listing().find("x") is None

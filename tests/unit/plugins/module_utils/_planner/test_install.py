# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes to do what a finding says, and the reason that is told for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan, plan
from ansible_collections.localai.core.plugins.module_utils._planner.questions import (
    FindArtifact,
    NewTreeAttributes,
    ReadGallery,
)
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    LOOK,
    NVIDIA_HOST,
    OLD_DIGEST,
    Delivered,
    answer,
    carried_out,
    concrete,
    decide,
    installed,
    meta,
    short,
    want,
)
from ansible_collections.localai.core.tests.support.states import NOTHING, current, leftover

FORCED = [
    (installed(), "piper", "install: fetch piper"),
    (installed(concrete("piper")), "piper", "replace: fetch piper"),
    (installed(Directory("piper")), "piper", "repair: fetch piper"),
    (installed(meta("m", "cpu-m"), concrete("cpu-m")), "m", "replace: fetch cpu-m"),
    (installed(meta("m", "old-m"), concrete("old-m")), "m", "replace: fetch cpu-m, meta m, retire old-m"),
    (installed(concrete("cpu-x", "x")), "x", "replace: fetch cpu-x, meta x"),
]


@pytest.mark.parametrize(("state", "name", "expected"), FORCED)
def test_force_installs_again_what_is_installed(state: Installed, name: str, expected: str) -> None:
    assert short(decide(want(name, force=True), state)) == expected


def test_an_alias_is_repaired_by_the_build_that_localai_prefers() -> None:
    state = installed(meta("x", "cpu-x"), concrete("cpu-x", "x"), concrete("cuda12-x", "x", runnable=False))
    assert short(decide(want("x"), state, NVIDIA_HOST)) == "repair: fetch cuda12-x"
    assert short(decide(want("x"), state, CPU_HOST)) == NOTHING


@pytest.mark.parametrize("force", [False, True])
def test_a_repair_goes_on_until_the_name_can_run(
    force: bool,
) -> None:
    state = installed(Directory("x"), concrete("cuda12-x", "x", runnable=False))
    decided = decide(want("x", force=force), state, NVIDIA_HOST)
    assert short(decided) == "repair: fetch cpu-x, meta x, fetch cuda12-x"
    after = carried_out(decided.steps, state)
    assert short(decide(want("x"), after, NVIDIA_HOST)) == NOTHING


def test_a_repair_keeps_the_alias_by_which_a_name_was_found() -> None:
    state = installed(concrete("piper", "x", runnable=False))
    for names in (("x",), ("x", "piper"), ("piper", "x")):
        decided = decide(want(*names), state)
        after = carried_out(decided.steps, state)
        row = Listing(after, "default").find("x")
        assert row is not None
        assert row.runnable


REASONS = [
    # what is installed, name, options -> reason
    (
        installed(concrete("piper")),
        "piper",
        {"state": "latest"},
        f"its digest was {OLD_DIGEST}, and its source has {DIGEST}",
    ),
    (installed(current("piper")), "piper", {"state": "latest"}, "it is the current build of its source"),
    (
        installed(concrete("archived")),
        "archived",
        {"state": "latest"},
        "its version was not recorded, and its source has 1.10",
    ),
    (
        installed(meta("m", "old-m"), concrete("old-m")),
        "m",
        {"state": "latest"},
        "it resolves to cpu-m, and old-m was installed",
    ),
    (installed(concrete("piper")), "piper", {"digest": DIGEST}, f"its digest was {OLD_DIGEST}, and {DIGEST} is pinned"),
    (
        installed(concrete("piper")),
        "piper",
        {"release": "v1"},
        "it was installed from quay.io/piper, which is not of release v1",
    ),
    (
        installed(leftover("piper.backup", current("piper"))),
        "piper",
        {},
        "it was missing; LocalAI's backup piper.backup could run",
    ),
    (installed(concrete("piper")), "piper", {"owner": "localai"}, "its owner was root, not localai"),
    (installed(concrete("piper")), "piper", {"directory_mode": 0o755}, "its mode was 0750, not 0755"),
]


@pytest.mark.parametrize(("state", "name", "options", "reason"), REASONS)
def test_an_outcome_tells_the_reason(state: Installed, name: str, options: dict[str, Any], reason: str) -> None:
    (outcome,) = decide(want(name, **options), state, walked={"piper": Inspection("", 1)}).outcomes
    assert outcome.reason == reason


AT_DIGEST, AT_TAG = FindArtifact((Address(f"quay.io/piper@{OLD_DIGEST}"),)), FindArtifact((Address("quay.io/piper"),))


def plan_of_repair(digest: str) -> Plan:
    """Return the plan that repairs a build which its source has no more, and has another digest now."""
    state = replace(installed(), builds={"piper": Build(OLD_DIGEST)})
    facts = Facts(CPU_HOST, ("g",), state).learn(
        {
            ReadGallery("g"): answer(ReadGallery("g")),
            NewTreeAttributes(): LOOK,
            AT_DIGEST: SourceError("404", missing=True),
            AT_TAG: Delivered(AT_TAG.origins[0], digest),
        }
    )
    result = plan(want("piper"), facts)
    assert isinstance(result, Plan)
    return result


def test_a_lost_build_is_replaced_by_what_the_source_has_now_with_a_warning() -> None:
    result = plan_of_repair(DIGEST)
    reason = (
        f"its source no longer has the recorded build {OLD_DIGEST}, so the current build of the source is installed"
    )
    assert result.outcomes[0].reason == f"it was not installed before this run; {reason}"
    assert result.warnings == (f"piper: it was not installed before this run, and {reason}.",)


def test_a_tag_that_still_means_the_recorded_build_is_no_loss() -> None:
    result = plan_of_repair(OLD_DIGEST)
    assert (result.outcomes[0].reason, result.warnings) == ("it was not installed before this run", ())

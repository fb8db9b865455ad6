# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is removed at the end of a plan: leftovers, builds that nothing needs, and what `exclusive` excludes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence, Unreadable
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Prune, Retire
from ansible_collections.localai.core.tests.support.plans import (
    NVIDIA_HOST,
    carried_out,
    concrete,
    decide,
    installed,
    meta,
    short,
    unreadable,
    want,
)
from ansible_collections.localai.core.tests.support.states import (
    BY_META,
    BY_NAME,
    NOTHING,
    check_states,
    current,
    having,
    leftover,
    previous_version,
)

FILLED = [
    # situation, what is installed, name -> present, latest, absent
    (
        "installed, and what LocalAI was filling an hour ago",
        installed(current("piper"), leftover("piper.upgrade-tmp", Directory(""))),
        "piper",
        *["none: remove piper.upgrade-tmp"] * 2,
        "remove: remove piper, remove piper.upgrade-tmp",
    ),
    (
        "installed, and what LocalAI is filling now",
        installed(current("piper"), leftover("piper.install-tmp", Directory(""), busy=True)),
        "piper",
        *[NOTHING] * 2,
        "remove: remove piper",
    ),
]


@pytest.mark.parametrize(
    ("state", "name", "present", "latest", "absent"), [row[1:] for row in FILLED], ids=[row[0] for row in FILLED]
)
def test_what_localai_was_filling_is_removed_unless_it_still_does(
    state: Installed, name: str, present: str, latest: str, absent: str
) -> None:
    check_states(name, state, present, latest, absent)


def test_the_former_build_of_a_meta_backend_becomes_a_previous_version() -> None:
    state = installed(meta("m", "old-m"), concrete("old-m"))
    decided = decide(want("m", state="latest", keep_previous=1), state)
    assert decided.removed == (("old-m", "m points to cpu-m after this run"),)
    assert [each.backend for each in carried_out(decided.steps, state).previous] == ["old-m"]


EXCLUSIVE = [
    # what else is there -> what of it is removed
    ((concrete("piper"), concrete("cpu-m")), ["cpu-m"]),
    ((concrete("piper"), meta("m", "cpu-m"), concrete("cpu-m")), ["cpu-m", "m"]),
    ((concrete("piper"), unreadable("broken")), ["broken"]),
    ((concrete("piper"), Directory("photos")), []),
    ((concrete("piper"), Directory("link", "symlink", True, True), Directory("file", "other")), []),
    ((concrete("piper"), concrete("half", "alias", runnable=False)), ["half"]),
    ((concrete("piper"), leftover("cpu-m.backup", concrete("cpu-m"))), ["cpu-m.backup"]),
    ((concrete("piper"), leftover("cpu-m.install-tmp", concrete("cpu-m"), busy=True)), []),
]


@pytest.mark.parametrize(("directories", "removed"), EXCLUSIVE)
def test_exclusive_leaves_only_what_is_named(directories: tuple[Directory, ...], removed: list[str]) -> None:
    state = installed(*directories, system=("packaged",))
    decided = decide(want("piper", exclusive=True), state)
    assert short(decided) == "none: " + ", ".join(f"remove {name}" for name in removed)
    assert [name for name, _why in decided.removed] == removed
    assert short(decide(want("piper", exclusive=True), carried_out(decided.steps, state))) == NOTHING


def test_exclusive_keeps_what_named_backends_need_and_removes_last() -> None:
    state = installed(meta("m", "cpu-m"), concrete("cpu-m"), concrete("cpu-x", "x"), concrete("cuda12-x", "x"))
    decided = decide(want("m", "x", "piper", exclusive=True), state)
    assert short(decided) == "none, none, install: fetch piper, remove cuda12-x"
    decided = decide(want("m", "x", "piper", exclusive=True), state, NVIDIA_HOST)
    assert short(decided) == "none, none, install: fetch piper, remove cpu-x"


PRUNED = [
    # options -> action, the numbers of the remaining previous versions
    ({}, "none", ["3", "2", "1"]),
    ({"keep_previous": 3}, "none", ["3", "2", "1"]),
    ({"keep_previous": 1}, "prune", ["3"]),
    ({"keep_previous": 0}, "prune", []),
]


@pytest.mark.parametrize(("options", "action", "numbers"), PRUNED)
def test_previous_versions_that_exceed_keep_previous_are_removed(
    options: dict[str, Any], action: str, numbers: list[str]
) -> None:
    others = previous_version("other", 9)
    state = having(installed(current("piper")), *(previous_version("piper", number) for number in (3, 2, 1)), others)
    decided = decide(want("piper", **options), state)
    (outcome,) = decided.outcomes
    assert (outcome.action, outcome.done_after) == (action, len(decided.steps))
    assert all(isinstance(step, Prune) for step in decided.steps)
    if action == "prune":
        exceeding = 3 - len(numbers)
        assert outcome.reason == f"it is installed; {exceeding} of its previous versions exceeded keep_previous"
    after = carried_out(decided.steps, state)
    assert [version.path.rpartition("/")[2] for version in after.previous_of("piper")] == numbers
    assert after.previous_of("other") == [others]


def test_a_build_is_removed_once_no_meta_backend_points_to_it_unless_a_task_named_it() -> None:
    for record, removed in ((BY_META, (("old-m", "m points to cpu-m after this run"),)), (BY_NAME, ())):
        state = installed(meta("m", "old-m"), replace(concrete("old-m"), record=record))
        decided = decide(want("m", state="latest"), state)
        assert decided.removed == removed
        assert [step.backend for step in decided.steps if isinstance(step, Retire)] == [name for name, _why in removed]


def test_a_build_that_is_named_in_the_task_stays_when_its_meta_backend_points_elsewhere() -> None:
    state = installed(meta("x", "cuda12-x"), current("cuda12-x", "x"))
    request = want("x", "cuda12-x", state="latest")
    assert decide(request, state, NVIDIA_HOST).removed == ()
    assert decide(want("x", state="latest"), state, NVIDIA_HOST).removed == (
        ("cuda12-x", "x points to cpu-x after this run"),
    )


def test_a_name_with_a_uri_that_was_a_meta_backend_retires_its_build() -> None:
    state = installed(meta("piper", "cpu-x"), concrete("cpu-x"))
    decided = decide(want("piper", uri=Address("/src")), state)
    assert decided.removed == (("cpu-x", "piper is a concrete backend after this run"),)


def test_nothing_for_a_gpu_that_cannot_be_read_is_removed_because_another_build_answers() -> None:
    probe = Unreadable("nvidia", "nvidia-smi", "it printed nothing")
    host = HostCapability("default", Evidence("no GPU seen", unreadable=(probe,)))
    state = installed(current("cuda12-x", "x"), current("cpu-x", "x"), current("cuda12-y", "y"))
    assert [name for name, _why in decide(want("x", exclusive=True), state, host).removed] == ["cuda12-y"]
    assert [name for name, _why in decide(want("x", exclusive=True), state).removed] == ["cuda12-x", "cuda12-y"]


def test_leftovers_of_other_backends_stay() -> None:
    state = installed(
        current("piper"), leftover("piper.upgrade-tmp", Directory("")), leftover("other.upgrade-tmp", Directory(""))
    )
    assert decide(want("piper"), state).removed == (
        ("piper.upgrade-tmp", "LocalAI left it behind more than an hour ago"),
    )

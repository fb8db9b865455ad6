# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of a step shows a directory before and after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._planner.steps import (
    Prune,
    Remove,
    Restore,
    Retire,
    SetAlias,
    SetAttributes,
    Step,
    WriteMeta,
    keeps_previous,
    state_of,
)
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection, Record
from ansible_collections.localai.core.tests.support.plans import (
    DIGEST,
    LOOK,
    OLD_DIGEST,
    concrete,
    decide,
    installed,
    meta,
    want,
)
from ansible_collections.localai.core.tests.support.states import current, having, previous_version


def test_a_plan_shows_each_directory_before_and_after() -> None:
    (step,) = decide(want("piper", force=True), installed(concrete("piper", "p"))).steps
    assert step.before == {
        "backend": "piper",
        "alias": "p",
        "uri": Address("quay.io/piper"),
        "digest": OLD_DIGEST,
        "version": None,
        "owner": "root",
        "group": "root",
        "mode": "0750",
        "run_file": "/b/piper/run.sh",
    }
    changed = {"alias": None, "digest": DIGEST, "owner": "localai", "group": "users", "mode": "0755"}
    assert step.after == {**step.before, **changed}


def test_a_new_directory_has_nothing_before_and_a_removed_one_nothing_after() -> None:
    (fetch, write) = decide(want("m"), installed()).steps
    assert (fetch.before, write.before) == ({}, {})
    assert (write.after["backend"], write.after["run_file"]) == ("cpu-m", "/b/cpu-m/run.sh")
    (removal,) = decide(want("piper", state="absent"), installed(Directory("piper"))).steps
    assert removal.after == {}
    assert (removal.before["backend"], removal.before["run_file"]) == ("piper", None)


def test_the_diff_shows_no_times() -> None:
    before = installed(meta("m", "gone"))
    shown = [{**step.before, **step.after} for step in decide(want("m"), before).steps]
    assert "installed_at" not in {key for values in shown for key in values}
    assert "earlier" not in {value for values in shown for value in values.values()}


@pytest.mark.parametrize(
    ("step", "keeps"),
    [
        (WriteMeta("m", {}, {}, Metadata(), 1), True),
        (WriteMeta("m", {}, {}, Metadata(), 0), False),
        (Restore("m", {}, {}, "p", Build(), 2), True),
        (Retire("m", {}, {}, 1), True),
        (Retire("m", {}, {}, 0), False),
        (Prune("m", {}, {}, 1), False),
        (SetAlias("m", {}, {}, Metadata()), False),
        (SetAttributes("m", {}, {}), False),
        (Remove("m", {}, {}), False),
    ],
)
def test_a_step_that_replaces_a_tree_may_keep_it_as_a_previous_version(step: Step, keeps: bool) -> None:
    assert keeps_previous(step) is keeps


def test_the_state_of_a_directory_has_its_previous_versions() -> None:
    state = having(installed(meta("m", "cpu-m")), previous_version("piper", 2), previous_version("piper", 1))
    assert state_of(state, "piper") == {"previous": 2}
    assert state_of(state, "nobody") == {}
    of_meta = state_of(state, "m")
    assert (of_meta["backend"], of_meta["run_file"], of_meta["digest"]) == ("cpu-m", "/b/cpu-m/run.sh", None)
    assert "previous" not in of_meta


def test_the_diff_of_a_repair_shows_the_problem_and_that_of_a_reinstallation_something() -> None:
    broken = decide(want("piper"), installed(concrete("piper", runnable=False))).steps[0]
    assert broken.before["problem"] == "its directory has no run.sh"
    assert "problem" not in broken.after
    sound = concrete("piper")
    walked = {"piper": Inspection(damage="lib/x is missing")}
    found = replace(sound, record=Record(listed=True))
    (verified,) = decide(want("piper", verify=True), installed(found), walked=walked).steps
    assert verified.before["problem"] == "lib/x is missing"
    same = installed(replace(current("piper"), attributes=LOOK))
    (forced,) = decide(want("piper", force=True), same).steps
    assert {key: value for key, value in forced.after.items() if forced.before.get(key) != value} == {
        "reinstalled": True
    }

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of a step shows a directory before and after it."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory
from ansible_collections.localai.core.tests.support.plans import (
    DIGEST,
    OLD_DIGEST,
    concrete,
    decide,
    installed,
    meta,
    want,
)


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

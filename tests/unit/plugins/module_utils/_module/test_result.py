# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a run has exactly the documented keys, and no secret of an address."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence
from ansible_collections.localai.core.plugins.module_utils._module.apply import Transfer
from ansible_collections.localai.core.plugins.module_utils._module.result import result_of
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Outcome, Plan
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Remove
from ansible_collections.localai.core.tests.support.plans import CPU_HOST

SECRET = Address("https://me:S3cret@example.com/piper.tar?sig=S3cret")
OUTCOME = Outcome(
    "piper",
    "piper",
    "install",
    "it was not installed before this run",
    "default",
    "/b/piper/run.sh",
    SECRET,
    "1",
    "sha256:1",
)
PLAN = Plan(
    outcomes=(OUTCOME,),
    steps=(Remove("old", {"uri": SECRET, "alias": None}, {}),),
    removed=(("old", "exclusive is set"),),
    unload=("piper",),
    restart_required=True,
    warnings=("careful",),
)
TRANSFER = Transfer(Address("https://mirror.example/piper.tar"), "mirror.example", 1234, 0.5)


def test_a_plan_and_its_transfers_become_the_result() -> None:
    assert result_of(PLAN, CPU_HOST, {"piper": TRANSFER}) == {
        "changed": True,
        "capability": "default",
        "backends": [
            {
                "name": "piper",
                "backend": "piper",
                "action": "install",
                "capability": "default",
                "reason": "it was not installed before this run",
                "run_file": "/b/piper/run.sh",
                "uri": "https://mirror.example/piper.tar",
                "version": "1",
                "digest": "sha256:1",
                "served_by": "mirror.example",
                "bytes_transferred": 1234,
                "elapsed": 0.5,
            }
        ],
        "removed": [{"backend": "old", "reason": "exclusive is set"}],
        "unload": ["piper"],
        "restart_required": True,
        "diff": [
            {
                "before_header": "old",
                "after_header": "old",
                "before": {"uri": "https://example.com/piper.tar", "alias": None},
                "after": {},
            }
        ],
    }


def test_without_a_transfer_nothing_was_transferred_and_the_address_is_redacted() -> None:
    (row,) = result_of(PLAN, CPU_HOST, {})["backends"]
    assert row["uri"] == "https://example.com/piper.tar"
    assert (row["served_by"], row["bytes_transferred"], row["elapsed"]) == (None, 0, 0.0)


def test_a_name_without_an_action_has_no_part_in_the_transfer_of_its_build() -> None:
    rows = result_of(replace(PLAN, outcomes=(OUTCOME, replace(OUTCOME, action="none"))), CPU_HOST, {"piper": TRANSFER})
    assert [row["bytes_transferred"] for row in rows["backends"]] == [1234, 0]


def test_an_empty_plan_changes_nothing_and_an_undecided_capability_is_none() -> None:
    undecided = HostCapability("nvidia", Evidence("GPU vendor nvidia"), undecided=True)
    result = result_of(Plan(), undecided, {})
    assert (result["changed"], result["capability"], result["backends"], result["diff"]) == (False, None, [], [])

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as one document."""

from __future__ import annotations

import json

from ansible_collections.localai.core.plugins.plugin_utils._report.conditions import NAMES
from ansible_collections.localai.core.plugins.plugin_utils._report.document import document_of, failures
from ansible_collections.localai.core.plugins.plugin_utils._report.row import row_of_host
from ansible_collections.localai.core.tests.support import fleets


def test_a_fleet_with_every_kind_of_problem() -> None:
    report = fleets.document(fleets.troubled())
    assert [group["condition"] for group in report["action"]] == list(NAMES)
    assert report["counts"]["conditions"] == {**dict.fromkeys(NAMES, 1), "unreachable": 2}
    assert (report["counts"]["hosts"], report["counts"]["need_action"], report["counts"]["ready"]) == (16, 13, 13)
    unreachable = report["action"][0]["findings"]
    assert [host["host"] for host in unreachable[0]["hosts"]] == ["gpu01.example.com", "gpu02.example.com"]
    assert len(unreachable) == 1
    json.dumps(report)


def test_equal_findings_are_one_line_and_the_most_frequent_is_first() -> None:
    fleet = [fleets.changed(fleets.healthy(f"h{number}"), "wanted", restart_reasons=["x"]) for number in range(3)]
    fleet.insert(0, fleets.changed(fleets.healthy("other"), "wanted", restart_reasons=["a"]))
    (group,) = fleets.document(fleet)["action"]
    assert [len(finding["hosts"]) for finding in group["findings"]] == [3, 1]
    assert group["hosts"] == 4


def test_a_build_with_two_digests_drifts() -> None:
    fleet = [fleets.healthy("a"), fleets.healthy("b"), fleets.healthy("c", release=1), fleets.healthy("d", "amd")]
    builds = [row for row in fleets.document(fleet)["builds"] if row["name"] == "llama-cpp"]
    assert [(row["build"], row["hosts"], row["drifts"]) for row in builds] == [
        ("cuda12-llama-cpp", ["a", "b"], True),
        ("cuda12-llama-cpp", ["c"], True),
        ("rocm-llama-cpp", ["d"], False),
    ]


def test_a_digest_that_is_not_known_is_no_drift() -> None:
    unknown = fleets.healthy("b")
    for row in unknown["results"]["localai_backend_info"]["backends"]:
        row["metadata"] = None
    builds = fleets.document([fleets.healthy("a"), unknown])["builds"]
    assert [row["drifts"] for row in builds] == [False] * len(builds)


def test_hosts_that_differ_from_their_pins_are_counted() -> None:
    behind = fleets.changed(fleets.healthy("b"), "wanted", pins=fleets.healthy("", release=1)["wanted"]["pins"])
    row = fleets.document([fleets.healthy("a"), behind])["builds"][0]
    assert (row["as_pinned"], row["off_pins"], row["hosts"]) == (1, 1, ["a", "b"])


def test_a_host_without_a_row_is_unread_and_has_all_keys() -> None:
    report = document_of(fleets.rows([fleets.healthy("a")]), ["a", "lost"], fleets.CREATED)
    assert set(report["hosts"][0]) == set(report["hosts"][1])
    assert report["counts"]["conditions"]["unread"] == 1
    assert report["hosts"][1]["host"] == "lost"


def test_an_empty_fleet_is_a_report_too() -> None:
    report = fleets.document([])
    assert (report["counts"]["hosts"], report["action"], report["hosts"]) == (0, [], [])


def test_the_conditions_that_make_a_run_fail() -> None:
    report = fleets.document([row for row in fleets.troubled() if "gpu" in row["host"]])
    assert failures(report, []) == []
    assert failures(report, ["disk"]) == []
    assert failures(report, ["unreachable"]) == ["unreachable on 2 of 12 hosts: gpu01.example.com, gpu02.example.com."]
    assert len(failures(report, ["any"])) == len(NAMES) - 1
    assert failures(fleets.document([]), ["disk"]) == ["The group localai has no hosts. Check the inventory."]
    assert failures(fleets.document([]), []) == failures(fleets.document([]), ["disk"])
    many = fleets.document([fleets.unreachable(f"h{number}") for number in range(9)])
    assert failures(many, ["unreachable"]) == ["unreachable on 9 of 9 hosts: h0, h1, h2, h3, h4 and 4 more."]


def test_what_ansible_makes_of_rows_is_read() -> None:
    row = row_of_host(fleets.healthy("a"), 10)
    assert document_of({"a": row}, ["a"], fleets.CREATED)["hosts"] == [row]

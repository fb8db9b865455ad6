# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host in the report."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._report.conditions import NAMES
from ansible_collections.localai.core.plugins.plugin_utils._report.row import row_of_host
from ansible_collections.localai.core.tests.support import fleets

SECRET = "s3cret-of-the-site"
TWO_FILES = b"".join([b"a", bytes(1), b"12\n", b"b", bytes(1), b"34\n"])


def test_a_healthy_host_needs_no_action_and_its_builds_are_as_pinned() -> None:
    row = row_of_host(fleets.healthy("host"), 10)
    assert row["findings"] == []
    assert [(one["name"], one["build"], one["is_as_pinned"]) for one in row["backends"]] == [
        ("llama-cpp", "cuda12-llama-cpp", True),
        ("piper", "cuda12-piper", True),
        ("whisper", "cuda12-whisper", True),
    ]
    assert [(one["name"], one["is_as_pinned"]) for one in row["models"]] == [("qwen3-4b", True)]
    assert row["size"] == (1 + 2 + 3) * fleets.GIB // 4 + 2497280640
    assert (row["last_change"], row["last_good_start"]) == ("2026-11-28T22:14:09Z", "2026-11-28T22:14:09Z")


@pytest.mark.parametrize(("number", "condition"), [(0, NAMES[0]), *enumerate(NAMES, 1)])
def test_each_condition_is_found(number: int, condition: str) -> None:
    row = row_of_host(fleets.troubled()[number], 10)
    assert {finding["condition"] for finding in row["findings"]} == {condition}
    assert all(finding["text"].endswith(".") for finding in row["findings"])


def test_nothing_is_wanted_of_a_host_where_localai_is_to_be_absent() -> None:
    seen = fleets.changed(fleets.troubled()[3], "wanted", state="absent")
    row = row_of_host(seen, 10)
    assert (row["is_wanted"], row["findings"]) == (False, [])


def test_a_meta_backend_has_the_size_of_its_build() -> None:
    seen = fleets.healthy("host", backends=1)
    alias = next(row for row in seen["results"]["localai_backend_info"]["backends"] if row["name"] == "llama-cpp")
    alias.update(kind="meta", disk_usage=4096, metadata={"meta_backend_for": "cuda12-llama-cpp"})
    row = row_of_host(seen, 10)
    assert [one["size"] for one in row["backends"]] == [fleets.GIB // 4]
    assert row["size"] == fleets.GIB // 4 + 2497280640


def test_what_the_role_does_not_manage_is_repaired_elsewhere() -> None:
    seen = fleets.changed(fleets.troubled()[7], "wanted", manages_models=False)
    (finding,) = row_of_host(seen, 10)["findings"]
    assert finding["advice"].startswith("The role does not manage this directory")


@pytest.mark.parametrize("results", [{}, None, {"localai_backend_info": {"failed": True, "msg": "no"}}])
def test_a_host_about_which_little_is_known_has_a_row(results: object) -> None:
    row = row_of_host({"host": "host", "results": results, "variables": ["a mistake"]}, 10)
    assert row["host"] == "host"
    assert {finding["condition"] for finding in row["findings"]} == {"unread"}
    assert (row["backends"], row["is_ready"], row["capability"]) == ([], None, None)


def test_all_rows_have_the_same_keys() -> None:
    rows = [row_of_host(seen, 10) for seen in [*fleets.troubled(), {"host": "nothing"}]]
    assert len({tuple(sorted(row)) for row in rows}) == 1


def test_only_known_keys_and_no_secrets_of_addresses_get_into_a_row() -> None:
    seen = fleets.healthy("host")
    seen["results"]["ansible.builtin.setup"] = {"ansible_facts": {"env": SECRET}, "invocation": SECRET}
    info = seen["results"]["localai_backend_info"]
    info["backends"][0].update(token=SECRET, metadata={"uri": f"https://u:{SECRET}@x/y?sig={SECRET}", "key": SECRET})
    info["problems"] = [{"name": "x", "problem": f"https://u:{SECRET}@x/y?sig={SECRET} failed"}]
    seen["results"]["localai_model_info"]["models"][0]["config"] = {"system_prompt": SECRET}
    seen["wanted"]["pins"]["backends"][0]["uri"] = f"https://u:{SECRET}@x/y"
    assert SECRET not in json.dumps(row_of_host(seen, 10))


@pytest.mark.parametrize("value", fleets.HOSTILE)
def test_a_row_of_hostile_texts_can_be_written(value: str) -> None:
    row = row_of_host(fleets.hostile(value), 10)
    text = json.dumps(row, ensure_ascii=False)
    assert json.loads(text.encode("utf-8").decode("utf-8")) == row
    assert text.isprintable()


@pytest.mark.parametrize(
    ("files", "digest"),
    [
        ([], ""),
        ([{"filename": "a", "sha256": "12"}], "sha256:12"),
        ([{"filename": "a", "sha256": "12"}, {"filename": "b", "sha256": None}], ""),
        (
            [{"filename": "a", "sha256": "12"}, {"filename": "b", "sha256": "34"}],
            f"sha256:{hashlib.sha256(TWO_FILES).hexdigest()}",
        ),
    ],
)
def test_the_files_of_a_model_have_one_digest(files: list[dict[str, str | None]], digest: str) -> None:
    seen = fleets.healthy("host")
    seen["results"]["localai_model_info"]["models"][0]["files"] = files
    assert row_of_host(seen, 10)["models"][0]["digest"] == digest

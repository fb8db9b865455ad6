# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_backend`, from its options to its result."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.modules import localai_backend
from ansible_collections.localai.core.tests.support.local_host import LocalHost
from ansible_collections.localai.core.tests.support.module import run_module
from ansible_collections.localai.core.tests.support.trees import names


def run(local: LocalHost, *requested: str, check: bool = False, **options: Any) -> dict[str, Any]:
    return run_module(localai_backend.main, {**local.params, "name": list(requested), **options}, check)


def test_check_mode_predicts_the_run_and_the_next_run_has_nothing_to_do(local: LocalHost) -> None:
    predicted = run(local, "speech", check=True)
    assert (predicted["msg"], predicted["changed"]) == ("Would install speech.", True)
    assert not local.path.exists()
    result = run(local, "speech")
    assert (result["msg"], result["changed"], names(local.path)) == (
        "Installed speech.",
        True,
        [".localai-core", "piper", "speech"],
    )
    assert (predicted["diff"], predicted["restart_required"]) == (result["diff"], result["restart_required"])
    again = run(local, "speech")
    assert (again["msg"], again["changed"], again["diff"], again["warnings"]) == ("Nothing to change.", False, [], [])


def test_check_mode_warns_of_what_is_not_known_yet(local: LocalHost) -> None:
    (warning,) = run(local, "piper", check=True)["warnings"]
    assert "It is not known yet whether the file system" in warning
    missing = str(local.path / "deep/backends")
    warnings = run(local, "piper", check=True, backends_path=missing)["warnings"]
    assert f"backends_path: {local.path}/deep does not exist yet. It will be created." in warnings
    assert run(local, "piper", check=True, backends_path=missing, pending=["backends_path"])["warnings"] == []
    local.path.mkdir()
    (warning,) = run(local, "piper", check=True, pending=["backends_path"])["warnings"]
    assert "It is not known yet whether the file system" in warning


def test_a_result_has_all_its_keys_also_if_the_run_fails_at_once(local: LocalHost) -> None:
    result = run(local, "piper", backends_system_path=str(local.path))
    assert result["failed"]
    assert "set them to different directories" in result["msg"]
    empty = {"backends": [], "removed": [], "unload": [], "restart_required": False, "capability": None, "diff": []}
    assert {key: result[key] for key in empty} == empty
    assert result["changed"] is False


def test_the_capability_is_returned_also_if_the_plan_fails(local: LocalHost) -> None:
    result = run(local, "nowhere")
    assert (result["failed"], result["capability"], result["changed"]) == (True, "default", False)
    assert "nowhere is in no gallery" in result["msg"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"platform": "amd64"}, "'amd64' is not of the form"),
        ({"digest": "sha256:1"}, "digest: 'sha256:1' is not a digest"),
        ({"pins": {"format": 3, "backends": []}}, "pins: this version of the collection reads format 1 or 2, not 3"),
    ],
)
def test_platform_digest_and_pins_are_checked_though_nothing_needs_them(
    local: LocalHost, options: dict[str, Any], says: str
) -> None:
    run(local, "piper")
    result = run(local, "piper", **options)
    assert result["failed"]
    assert says in result["msg"]


def test_a_run_cleans_up_after_an_interrupted_one_and_check_mode_does_not(local: LocalHost) -> None:
    run(local, "piper")
    staged = local.path / ".localai-core/staging/7"
    staged.mkdir()
    assert run(local, "piper", check=True)["changed"] is False
    assert staged.exists()
    assert run(local, "piper")["changed"] is False
    assert not staged.exists()


def test_the_attributes_that_a_file_system_does_not_keep_are_a_warning_in_a_run_without_changes(
    local: LocalHost,
) -> None:
    run(local, "piper")
    record = local.path / ".localai-core/file-system.json"
    document = json.loads(record.read_text())
    for answer in document.values():
        if isinstance(answer, dict):
            answer.update(owners=False)
    record.write_text(json.dumps(document))
    result = run(local, "piper", owner="nobody")
    assert (result["failed"], result["changed"]) == (False, False)
    assert [warning for warning in result["warnings"] if "does not store owners" in warning]

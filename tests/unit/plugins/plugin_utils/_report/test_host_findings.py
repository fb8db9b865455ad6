# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs action on a host itself."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._report import host_findings

GIB = 1 << 30
GPU = {"gpus": [{"vendor": "nvidia"}], "rule": "less than 4 GiB", "unreadable": [], "forced_by": None}
WANTED: dict[str, Any] = {
    "is_started": True,
    "manages_service": True,
    "expected_capabilities": [],
    "told_capability": "",
    "restart_reasons": [],
    "names_to_register": [],
    "reload_models": False,
    "to_unload": [],
}


def unit(load: str = "loaded", active: str = "active", sub: str = "running", result: str = "success") -> dict[str, Any]:
    state = {"load_state": load, "active_state": active, "sub_state": sub, "result": result}
    return {"name": "localai.service", **state}


def test_an_unreachable_host_is_only_that() -> None:
    results = {"setup": {"unreachable": True, "msg": "no route"}, "other": {"failed": True, "msg": "x"}}
    found = list(host_findings.not_read(results, ["a mistake"]))
    assert [(one.condition, one.detail) for one in found] == [("unreachable", "no route")]


def test_modules_and_variables_that_fail_are_named() -> None:
    results = {"setup": {}, "info": {"failed": True, "msg": "no PyYAML"}, "other": {"failed": True}}
    found = list(host_findings.not_read(results, ["localai_version is 4"]))
    assert [(one.condition, one.text, one.detail) for one in found] == [
        ("unread", "The variables of the host are not valid.", "localai_version is 4"),
        ("unread", "info failed.", "no PyYAML"),
        ("unread", "other failed.", "It returned no reason."),
    ]


@pytest.mark.parametrize(
    ("server", "wanted", "texts"),
    [
        ({"ready": True, "unit": unit()}, {}, []),
        (
            {"ready": False, "unit": unit(active="failed", sub="failed", result="exit-code")},
            {},
            ["localai.service is failed."],
        ),
        (
            {"ready": False, "unit": unit(active="activating", sub="auto-restart")},
            {},
            ["localai.service is activating and auto-restart."],
        ),
        (
            {"ready": False, "unit": unit(), "url": "http://[::1]:8080"},
            {},
            ["localai.service is active and running, but the server at http://[::1]:8080 is not ready."],
        ),
        ({"ready": False, "unit": unit("not-found", "inactive")}, {}, ["There is no unit localai.service."]),
        ({"ready": False, "unit": unit("not-found", "inactive")}, {"manages_service": False}, []),
        ({"ready": False, "unit": unit(active="inactive")}, {"is_started": False}, []),
    ],
)
def test_a_server_that_should_be_ready_and_is_not(
    server: dict[str, Any], wanted: dict[str, Any], texts: list[str]
) -> None:
    assert [one.text for one in host_findings.not_ready(server, {**WANTED, **wanted})] == texts


UNREADABLE = {"vendor": "amd", "probe": "rocm-smi", "output": "timeout"}


@pytest.mark.parametrize(
    ("evidence", "capability", "expected", "texts"),
    [
        ({}, "nvidia-cuda-12", [], []),
        ({}, "default", [], ["A GPU of nvidia is present, and the capability is default."]),
        ({}, "default", ["default"], []),
        ({"forced_by": "the option capability"}, "default", [], []),
        ({"gpus": []}, "default", [], []),
        ({"unreadable": [UNREADABLE]}, None, [], ["The GPU of amd cannot be read with rocm-smi."]),
        ({"unreadable": [UNREADABLE]}, "default", [], ["The GPU of amd cannot be read with rocm-smi."]),
        ({"unreadable": [UNREADABLE]}, "default", ["default"], []),
    ],
)
def test_a_gpu_that_is_present_and_not_used(
    evidence: dict[str, Any], capability: str | None, expected: list[str], texts: list[str]
) -> None:
    found = host_findings.unusable_gpus({**GPU, **evidence}, capability, [], expected)
    assert [one.text for one in found] == texts


def test_devices_that_the_service_may_not_open() -> None:
    devices = [{"path": "/dev/nvidia0", "allowed": True}, {"path": "/dev/kfd", "allowed": False, "reason": "no group"}]
    found = list(host_findings.unusable_gpus(GPU, "nvidia", devices, []))
    assert [(one.text, one.detail) for one in found] == [("The service may not open /dev/kfd.", "no group")]


@pytest.mark.parametrize(
    ("capability", "expected", "told", "texts"),
    [
        ("amd", [], "", []),
        ("amd", ["amd", "intel"], "amd", []),
        ("default", ["amd", "intel"], "", ["The capability is default, and amd or intel is expected."]),
        (None, ["amd"], "", ["The capability is unknown, and amd is expected."]),
        ("amd", [], "default", ["The service was told default, and the host has amd."]),
        (None, [], "amd", []),
    ],
)
def test_another_capability_than_expected(
    capability: str | None, expected: list[str], told: str, texts: list[str]
) -> None:
    wanted = {**WANTED, "expected_capabilities": expected, "told_capability": told}
    assert [one.text for one in host_findings.other_capability(GPU, capability, wanted)] == texts


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, []),
        ({"restart_reasons": ["the binary"], "reload_models": True}, ["restart_pending"]),
        ({"names_to_register": ["b", "a"]}, ["reload_pending"]),
        ({"reload_models": True, "to_unload": ["chat"]}, ["reload_pending", "reload_pending"]),
    ],
)
def test_what_the_running_service_does_not_know(values: dict[str, Any], found: list[str]) -> None:
    assert [one.condition for one in host_findings.pending({**WANTED, **values}, None)] == found


def test_nothing_is_to_be_unloaded_from_a_server_that_has_loaded_nothing() -> None:
    wanted = {**WANTED, "to_unload": ["chat"]}
    assert list(host_findings.pending(wanted, [])) == []
    assert [one.condition for one in host_findings.pending(wanted, ["chat"])] == ["reload_pending"]


def test_a_start_without_a_record_is_followed_by_a_restart() -> None:
    reasons = [host_findings.FIRST_START, "the binary"]
    (found,) = host_findings.pending({**WANTED, "restart_reasons": reasons}, None)
    assert found.text == "The role has no record of this start, so its next run restarts the service."


@pytest.mark.parametrize(
    ("installed", "declared", "number"),
    [("v4.10.0", "v4.11.0", 1), ("v4.11.0", "v4.11.0", 0), ("", "v4.11.0", 0), ("v4.11.0", "", 0)],
)
def test_another_version_than_declared(installed: str, declared: str, number: int) -> None:
    found = list(host_findings.other_version({"version": installed, "declared_version": declared}))
    assert [one.condition for one in found] == ["off_pins"] * number


def test_a_file_system_is_full_once_and_below_the_limit() -> None:
    space = [
        {"mount_point": "/", "size": 100 * GIB, "free": 10 * GIB},
        {"mount_point": "/srv", "size": 100 * GIB, "free": 9 * GIB},
        {"mount_point": "/srv", "size": 100 * GIB, "free": 9 * GIB},
        {"mount_point": "/proc", "size": 0, "free": 0},
        {"mount_point": None, "path": "/mnt/models", "size": 100 * GIB, "free": 1 * GIB},
    ]
    found = list(host_findings.full_disks(space, 10))
    assert [(one.text, one.detail) for one in found] == [
        ("Less than 10 % of /srv is free.", "9.0 GiB of 100.0 GiB"),
        ("Less than 10 % of /mnt/models is free.", "1.0 GiB of 100.0 GiB"),
    ]
    assert list(host_findings.full_disks(space, 0.5)) == []

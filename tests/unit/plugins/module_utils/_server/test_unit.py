# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemctl says of a unit, and when it will not become ready any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._server.unit import (
    Unit,
    outcome,
    parse_properties,
    reason_to_stop,
    unit_of,
    value_of,
)

SHOWN = """Type=simple
MainPID=4711
NRestarts=2
ExecMainStartTimestamp=Sun 2026-11-29 19:58:22 UTC
ExecMainCode=0
ExecMainStatus=0
DeviceAllow=char-nvidia* rw
DeviceAllow=/dev/dxg rw
DevicePolicy=closed
Id=localai.service
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/etc/systemd/system/localai.service
UnitFileState=enabled
Result=success
"""
RUNS = unit_of("localai.service", parse_properties(SHOWN))


def test_a_unit_that_runs() -> None:
    assert RUNS.row() == {
        "name": "localai.service",
        "load_state": "loaded",
        "active_state": "active",
        "sub_state": "running",
        "result": "success",
        "main_pid": 4711,
        "restarts": 2,
        "enabled": True,
        "started": "2026-11-29T19:58:22Z",
        "fragment_path": "/etc/systemd/system/localai.service",
    }
    assert (RUNS.exists, RUNS.is_active) == (True, True)


def test_a_list_has_one_line_for_each_item() -> None:
    properties = parse_properties(SHOWN)
    assert properties["DeviceAllow"] == ["char-nvidia* rw", "/dev/dxg rw"]
    assert value_of(properties, "DevicePolicy") == "closed"
    assert (value_of(properties, "User"), "Type" in properties) == ("", False)


def test_a_unit_that_does_not_exist() -> None:
    shown = "Id=x.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nMainPID=0\nNRestarts=0\n"
    unit = unit_of("x.service", parse_properties(shown))
    assert (unit.exists, unit.main_pid, unit.started, unit.enabled) == (False, None, None, False)
    assert unit.row()["fragment_path"] is None
    assert reason_to_stop(unit, unit) == "there is no such unit"


@pytest.mark.parametrize(
    "text", ["", "n/a", "Sun 2026-11-29 19:58:22 CET", "Sun 2026-13-29 19:58:22 UTC", "@1796500000"]
)
def test_a_time_that_is_not_known(text: str) -> None:
    shown = SHOWN.replace("Sun 2026-11-29 19:58:22 UTC", text)
    assert unit_of("localai.service", parse_properties(shown)).started is None


def test_numbers_that_are_none_count_as_zero() -> None:
    unit = unit_of("a.service", parse_properties("MainPID=[not set]\nNRestarts=-1\nExecMainStatus=99999999999999\n"))
    assert (unit.main_pid, unit.restarts, unit.exit_status, unit.load_state) == (None, 0, 0, "not-found")


@pytest.mark.parametrize(
    ("result", "code", "status", "said"),
    [
        ("exit-code", 1, 203, "exit-code, status 203/EXEC"),
        ("exit-code", 1, 217, "exit-code, status 217/USER"),
        ("exit-code", 1, 226, "exit-code, status 226/NAMESPACE"),
        ("exit-code", 1, 243, "exit-code, status 243/CREDENTIALS"),
        ("exit-code", 1, 1, "exit-code, status 1"),
        ("signal", 2, 9, "signal, signal 9/KILL"),
        ("core-dump", 3, 11, "core-dump, signal 11/SEGV"),
        ("signal", 2, 200, "signal, signal 200"),
        ("start-limit-hit", 0, 0, "start-limit-hit"),
        ("", 0, 0, "unknown"),
    ],
)
def test_how_a_unit_ended(result: str, code: int, status: int, said: str) -> None:
    assert outcome(Unit("a.service", result=result, exit_code=code, exit_status=status)) == said


FIRST = replace(RUNS, main_pid=None, active_state="activating", sub_state="start-pre")


@pytest.mark.parametrize(
    ("now", "part"),
    [
        (
            replace(RUNS, active_state="failed", result="exit-code", exit_code=1, exit_status=203),
            "failed (exit-code, status 203/EXEC)",
        ),
        (replace(RUNS, active_state="activating", sub_state="auto-restart"), "about to start it again"),
        (replace(RUNS, active_state="activating", sub_state="auto-restart-queued"), "about to start it again"),
        (replace(RUNS, active_state="inactive", sub_state="dead"), "inactive"),
        (replace(RUNS, active_state="inactive", load_state="masked"), "its load state is masked"),
        (replace(RUNS, restarts=3), "systemd started it again"),
        (replace(RUNS, main_pid=5000), "its process 4711 was replaced by process 5000"),
    ],
)
def test_when_it_will_not_become_ready(now: Unit, part: str) -> None:
    assert part in str(reason_to_stop(RUNS, now))


@pytest.mark.parametrize(
    ("first", "now"),
    [
        (RUNS, RUNS),
        (FIRST, RUNS),
        (FIRST, FIRST),
        (RUNS, replace(RUNS, main_pid=None, active_state="deactivating")),
        (RUNS, replace(RUNS, restarts=0)),
    ],
)
def test_when_it_may_become_ready(first: Unit, now: Unit) -> None:
    assert reason_to_stop(first, now) is None

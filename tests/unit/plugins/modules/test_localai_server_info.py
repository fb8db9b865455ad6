# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module localai_server_info: what it returns, how it waits, and what it never prints."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.modules.localai_server_info import main
from ansible_collections.localai.core.tests.support.host import IS_ROOT, directory_of_ordinary_user, ordinary_user
from ansible_collections.localai.core.tests.support.module import run_module, run_raw
from ansible_collections.localai.core.tests.support.running_server import (
    KEY,
    RUNNING,
    LocalAI,
    Systemd,
    path_with,
    process_with,
)
from ansible_collections.localai.core.tests.support.server import Answer


@pytest.fixture(name="systemd")
def _systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    systemd = Systemd(tmp_path / "bin")
    monkeypatch.setenv("PATH", path_with(systemd))
    return systemd


@pytest.fixture(name="server")
def _server() -> Iterator[LocalAI]:
    with LocalAI() as server:
        yield server


@pytest.fixture(name="pid")
def _pid(server: LocalAI, systemd: Systemd) -> Iterator[int]:
    """The main process of the unit, whose environment has the address and the key."""
    with process_with({"LOCALAI_ADDRESS": server.host, "LOCALAI_API_KEY": f"{KEY},second-{KEY}"}) as process:
        systemd.states({"MainPID": process.pid})
        yield process.pid
        process.kill()


def test_a_server_that_runs(server: LocalAI, pid: int) -> None:
    server.loaded = {"qwen"}
    result = run_module(main, {})
    unit = {
        "name": "localai.service",
        "load_state": "loaded",
        "active_state": "active",
        "sub_state": "running",
        "result": "success",
        "main_pid": pid,
        "restarts": 0,
        "enabled": True,
        "started": "2026-11-29T19:58:22Z",
        "fragment_path": RUNNING["FragmentPath"],
    }
    assert result["unit"] == unit
    assert (result["changed"], result["failed"], result["url"], result["ready"]) == (False, False, server.url, True)
    assert (result["version"], result["backends"], result["loaded_models"]) == ("v4.9.0", ["llama-cpp"], ["qwen"])
    assert isinstance(result["devices"], list)
    assert result["warnings"] == []
    assert run_module(main, {}, check_mode=True) == result
    assert server.posts() == []


def test_the_key_is_never_printed(server: LocalAI, pid: int, systemd: Systemd) -> None:
    server.answers["/system"] = Answer(500, body=f"your key is {KEY}".encode())
    server.answers["/version"] = Answer(200, body=json.dumps({"version": f"v{KEY}"}).encode())
    systemd.journal(f"LOCALAI_API_KEY={KEY},second-{KEY}", "Authorization: Bearer " + KEY)
    outputs = [run_raw(main, {})]
    server.ready = False
    outputs.append(run_raw(main, {"wait": 1}))
    outputs.append(run_raw(main, {"wait": 1, "api_key": "another-" + KEY}))
    assert [KEY in output for output in outputs] == [False, False, False]
    assert "(hidden)" in json.loads(outputs[1])["journal"][0]


def test_the_key_of_a_process_that_has_ended_is_not_printed(systemd: Systemd, tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text(f"LOCALAI_API_KEY='{KEY}'\n")
    failed = {"ActiveState": "failed", "Environment": "HF_TOKEN=hf_0123456789"}
    systemd.states({**failed, "EnvironmentFiles": f"{tmp_path}/secrets.env (ignore_errors=no)"})
    systemd.journal(f"started with {KEY}", "and with hf_0123456789")
    output = run_raw(main, {"wait": 60})
    assert json.loads(output)["journal"] == ["started with (hidden)", "and with (hidden)"]
    assert KEY not in output


def test_a_host_without_systemd(server: LocalAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run_module(main, {"url": server.url, "api_key": KEY})
    assert (result["unit"]["load_state"], result["ready"], result["version"]) == ("not-found", True, "v4.9.0")
    assert result["devices"] == []
    failed = run_module(main, {"url": server.url, "wait": 30})
    assert "There is no unit localai.service on this host" in failed["msg"]


def test_a_unit_that_does_not_exist(systemd: Systemd) -> None:
    systemd.states({"LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead", "Id": "x.service"})
    result = run_module(main, {"unit": "x", "url": "http://127.0.0.1:1"})
    assert (result["unit"]["name"], result["ready"], result["failed"]) == ("x.service", False, False)
    assert systemd.calls("systemctl")[-1].endswith("-- x.service")
    start = time.monotonic()
    failed = run_module(main, {"unit": "x", "wait": 60})
    assert failed["failed"]
    assert failed["unit"]["load_state"] == "not-found"
    assert time.monotonic() - start < 20


def test_a_unit_that_is_stopped_is_not_ready_whatever_listens(server: LocalAI, systemd: Systemd) -> None:
    systemd.states({"ActiveState": "inactive", "SubState": "dead"})
    result = run_module(main, {"url": server.url})
    assert (result["ready"], result["version"], result["backends"], result["loaded_models"]) == (
        False,
        None,
        None,
        None,
    )


def test_a_unit_that_fails_ends_the_wait_at_once(systemd: Systemd) -> None:
    systemd.states(
        {"ActiveState": "failed", "SubState": "failed", "Result": "exit-code", "ExecMainCode": 1, "ExecMainStatus": 203}
    )
    systemd.journal(*[f"line {number}" for number in range(30)])
    start = time.monotonic()
    result = run_module(main, {"wait": 120})
    assert time.monotonic() - start < 20
    assert "the unit failed (exit-code, status 203/EXEC)" in result["msg"]
    assert result["msg"].endswith("line 29")
    assert (len(result["journal"]), result["unit"]["active_state"], result["ready"]) == (20, "failed", False)
    assert "--lines=20" in systemd.calls("journalctl")[0]


def test_a_unit_that_systemd_restarts_ends_the_wait_at_once(systemd: Systemd) -> None:
    systemd.states({}, {}, {"NRestarts": 1})
    result = run_module(main, {"wait": 120, "url": "http://127.0.0.1:1"})
    assert "systemd started it again" in result["msg"]
    assert result["unit"]["restarts"] == 1
    assert "Its journal is empty, or this user may not read it." in result["msg"]


def test_the_wait_is_over(systemd: Systemd, server: LocalAI) -> None:
    server.ready = False
    systemd.journal("loading models")
    result = run_module(main, {"wait": 1, "url": server.url})
    assert "LocalAI did not become ready within 1 seconds" in result["msg"]
    assert result["msg"].endswith("\nloading models")
    assert result["journal"] == ["loading models"]


def test_a_server_becomes_ready_while_it_waits(server: LocalAI, pid: int, systemd: Systemd) -> None:
    server.faults.clear()
    systemd.states({"ActiveState": "activating", "SubState": "start-pre"}, {"MainPID": pid})
    result = run_module(main, {"wait": 60})
    assert (result["ready"], result["version"], result["unit"]["main_pid"]) == (True, "v4.9.0", pid)


@pytest.mark.skipif(not IS_ROOT, reason="only root can act as another user")
@pytest.mark.parametrize("options", [{}, {"wait": 1}])
def test_an_environment_that_this_user_may_not_read_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    with directory_of_ordinary_user() as top:
        systemd = Systemd(top / "bin")
        systemd.states({"MainPID": 1})
        (systemd.directory / "calls.systemctl").chmod(0o666)
        monkeypatch.setenv("PATH", path_with(systemd))
        with ordinary_user():
            result = run_module(main, options)
    assert result["failed"] == bool(options)
    assert "The environment of process 1 of localai.service cannot be read" in result["warnings"][0]


def test_a_wrong_key_is_a_warning(server: LocalAI, systemd: Systemd) -> None:
    result = run_module(main, {"url": server.url, "api_key": "another"})
    assert (result["ready"], result["version"], result["backends"], result["loaded_models"]) == (True, None, None, None)
    assert "does not accept the key" in result["warnings"][0]


@pytest.mark.parametrize(
    "body", [b"", b"garbage", b"[]", b'{"version": 7, "backends": "x", "loaded_models": {"a": 1}}']
)
def test_answers_of_a_wrong_type_are_unknown(server: LocalAI, systemd: Systemd, body: bytes) -> None:
    for path in ("/version", "/system"):
        server.answers[path] = Answer(200, body=body)
    result = run_module(main, {"url": server.url})
    assert not result["failed"]
    assert (result["version"], result["backends"], result["loaded_models"]) == (None, None, None)


def test_devices_are_judged_by_the_unit(server: LocalAI, systemd: Systemd) -> None:
    systemd.states({"DevicePolicy": "closed", "DeviceAllow": ["char-no-such-class rw"]})
    result = run_module(main, {"url": server.url, "api_key": KEY})
    existing = [name for name in os.listdir("/dev") if name in ("kfd", "nvidia0", "dxg", "nvmap")]
    assert {f"/dev/{name}" for name in existing} <= {row["path"] for row in result["devices"]}
    assert not any(row["allowed"] for row in result["devices"])


@pytest.mark.parametrize("options", [{"wait": -1}, {"url": "nowhere"}, {"unit": "*"}])
def test_options_that_cannot_be_right(systemd: Systemd, options: dict[str, Any]) -> None:
    result = run_module(main, options)
    assert result["failed"]
    assert next(iter(options)) in result["msg"]


def test_a_systemd_that_does_not_answer(systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.localai.core.plugins.module_utils._server import target

    monkeypatch.setattr(target, "_execute", _stuck)
    assert "systemctl did not answer" in run_module(main, {})["msg"]
    failed = run_module(main, {"wait": 1})
    assert "within 1 seconds: systemctl did not answer" in failed["msg"]
    assert "unit" not in failed


def _stuck(_command: object, _seconds: float) -> Any:
    raise TimeoutError

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a server: it ends in time, and at once where the unit fails."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._server.redaction import Secrets
from ansible_collections.localai.core.plugins.module_utils._server.target import Target
from ansible_collections.localai.core.plugins.module_utils._server.wait import (
    NotReady,
    is_ready,
    journal_text,
    wait_until_ready,
)
from ansible_collections.localai.core.tests.support.running_server import LocalAI, Systemd, path_with, process_with
from ansible_collections.localai.core.tests.support.server import Answer


@pytest.fixture(name="systemd")
def _systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    systemd = Systemd(tmp_path / "bin")
    monkeypatch.setenv("PATH", path_with(systemd))
    return systemd


def target(url: str | None) -> Target:
    return Target({"unit": "localai.service", "url": url, "api_key": None}, Secrets())


def failure(url: str | None, seconds: float) -> tuple[NotReady, float]:
    start = time.monotonic()
    with pytest.raises(NotReady) as error:
        wait_until_ready(target(url), seconds)
    return error.value, time.monotonic() - start


def test_a_server_that_is_ready(systemd: Systemd, server: LocalAI) -> None:
    look = wait_until_ready(target(server.url), 30)
    assert look.unit.is_active
    assert [request.method for request in server.requests] == ["GET"]


def test_a_server_that_becomes_ready(systemd: Systemd, server: LocalAI) -> None:
    server.ready = False
    starting = {"ActiveState": "activating", "SubState": "start-pre"}
    systemd.states(starting, starting, {}, {})

    def respond_later(request: Any) -> Answer:
        server.ready = len(systemd.calls("systemctl")) > 3
        return Answer(200 if server.ready else 503)

    server._answer = respond_later
    assert wait_until_ready(target(server.url), 30).unit.is_active
    assert len(systemd.calls("systemctl")) == 4


def test_503_is_not_ready(systemd: Systemd, server: LocalAI) -> None:
    server.ready = False
    error, took = failure(server.url, 0.7)
    assert "did not become ready within 0.7 seconds" in str(error)
    assert "did not answer 200" in str(error)
    assert took < 3


def test_a_closed_port_and_a_silent_one(systemd: Systemd, silent_port: int, closed_port: int) -> None:
    for port in (closed_port, silent_port):
        error, took = failure(f"http://127.0.0.1:{port}", 0.7)
        assert "within 0.7 seconds" in str(error)
        assert 0.6 < took < 3
        assert error.look is not None


def test_an_answer_that_hangs(systemd: Systemd, server: LocalAI) -> None:
    server.answers["/readyz"] = Answer(200, body=b"x" * 100, rate=20)
    _error, took = failure(server.url, 1)
    assert took < 3


def test_a_systemd_that_hangs(systemd: Systemd) -> None:
    systemd.first("sleep 30\n")
    error, took = failure("http://127.0.0.1:1", 1)
    assert "systemctl did not answer" in str(error)
    assert error.look is None
    assert took < 5


@pytest.mark.parametrize(
    ("states", "part"),
    [
        ([{"ActiveState": "failed", "Result": "exit-code", "ExecMainCode": 1, "ExecMainStatus": 203}], "203/EXEC"),
        ([{"ActiveState": "activating", "SubState": "auto-restart", "Result": "signal"}], "about to start it again"),
        ([{"ActiveState": "inactive", "SubState": "dead"}], "inactive"),
        ([{}, {"NRestarts": 1}], "systemd started it again"),
        ([{"NRestarts": 5}, {"NRestarts": 6}], "systemd started it again"),
        ([{"LoadState": "not-found", "ActiveState": "inactive"}], "there is no such unit"),
    ],
)
def test_a_unit_that_fails_ends_the_wait_at_once(systemd: Systemd, closed_port: int, states: Any, part: str) -> None:
    systemd.states(*states)
    error, took = failure(f"http://127.0.0.1:{closed_port}", 60)
    assert part in str(error)
    assert took < 10


@pytest.fixture(name="two_processes")
def _two_processes() -> Iterator[tuple[int, int]]:
    with process_with({}) as first, process_with({}) as second:
        yield first.pid, second.pid
        first.kill()
        second.kill()


def test_another_main_process_ends_the_wait(systemd: Systemd, two_processes: tuple[int, int], closed_port: int) -> None:
    first, second = two_processes
    systemd.states({"MainPID": 0, "ActiveState": "activating"}, {"MainPID": first}, {"MainPID": second})
    error, _took = failure(f"http://127.0.0.1:{closed_port}", 60)
    assert f"process {first} was replaced by process {second}" in str(error)


def test_a_process_that_runs_longer_than_the_wait_is_named_by_its_state(systemd: Systemd) -> None:
    systemd.states({"ActiveState": "activating", "SubState": "start-pre"})
    error, _took = failure("http://127.0.0.1:1", 0.5)
    assert "localai.service is activating (start-pre)" in str(error)


def test_readiness_is_asked_without_a_key(server: LocalAI) -> None:
    assert is_ready(target(server.url).look().client)
    server.ready = False
    assert not is_ready(target(server.url).look().client)


def test_the_journal_in_a_message() -> None:
    assert journal_text(["one", "two"]).endswith("journal:\none\ntwo")
    assert "may not read it" in journal_text([])

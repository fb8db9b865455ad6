# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of systemctl and journalctl, and the environment of a process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Sequence

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, OptionError
from ansible_collections.localai.core.plugins.module_utils._fs.process import Output
from ansible_collections.localai.core.plugins.module_utils._server.systemd import (
    Systemd,
    configured_environment,
    environment_of,
)
from ansible_collections.localai.core.plugins.module_utils._server.unit import parse_properties
from ansible_collections.localai.core.tests.support.host import IS_ROOT, ordinary_user
from ansible_collections.localai.core.tests.support.running_server import process_with


class Programs:
    """Runs no program: keeps the command, and returns or raises what it was told."""

    def __init__(self, status: int = 0, stdout: str = "", error: Exception | None = None) -> None:
        self.output = Output(status, stdout.encode("utf-8", "surrogateescape"), b"")
        self.error = error
        self.commands: list[list[str]] = []

    def __call__(self, command: Sequence[str], seconds: float) -> Output:
        self.commands.append(list(command))
        if self.error:
            raise self.error
        return self.output


def test_the_state_of_a_unit() -> None:
    programs = Programs(stdout="Id=localai.service\nLoadState=loaded\nMainPID=7\n")
    systemd = Systemd(programs, "localai")
    properties = systemd.properties()
    assert systemd.state(properties).main_pid == 7
    command = programs.commands[0]
    assert command[:2] == ["env", "TZ=UTC"]
    assert command[-2:] == ["--", "localai.service"]
    assert "DeviceAllow" in next(part for part in command if part.startswith("--property=")).split(",")


@pytest.mark.parametrize("status", [1, 127])
def test_a_host_without_systemd_has_no_units(status: int) -> None:
    systemd = Systemd(Programs(status), "localai.service")
    unit = systemd.state(systemd.properties())
    assert (unit.load_state, unit.exists, unit.name) == ("not-found", False, "localai.service")
    assert systemd.journal() == []


def test_the_last_lines_of_the_journal() -> None:
    lines = [f"line {number}" for number in range(30)]
    programs = Programs(stdout="\n".join([*lines, "", "a \x1b[31mred\x1b[0m line \x1b\udcff"]) + "\n")
    journal = Systemd(programs, "localai.service").journal()
    assert (len(journal), journal[-2]) == (20, "line 29")
    assert journal[-1].startswith("a red line  ")
    assert "\x1b" not in journal[-1]
    expected = ["journalctl", "--unit=localai.service", "--lines=20", "--no-pager", "--output=cat"]
    assert programs.commands[0][-5:] == expected


def test_a_systemd_that_does_not_answer() -> None:
    systemd = Systemd(Programs(error=TimeoutError()), "localai.service")
    with pytest.raises(TimeoutError):
        systemd.properties()
    assert systemd.journal() == []


def test_a_host_on_which_no_program_can_be_started() -> None:
    systemd = Systemd(Programs(error=OSError(12, os.strerror(12))), "localai.service")
    with pytest.raises(HostError, match="env cannot be started: Cannot allocate memory"):
        systemd.properties()


@pytest.mark.parametrize("name", ["", "-x", "a b", "local*", "a/b", "a\n", "[x]"])
def test_what_is_no_name_of_a_unit(name: str) -> None:
    with pytest.raises(OptionError, match="is not the name of a unit"):
        Systemd(Programs(), name)


@pytest.mark.parametrize("name", ["localai@gpu0.service", "local-ai.service", "a_b:c.service", "dev-disk\\x2d.device"])
def test_names_of_units(name: str) -> None:
    assert Systemd(Programs(), name).name == name


def test_the_environment_of_a_process() -> None:
    with process_with({"LOCALAI_ADDRESS": ":81"}) as process:
        environ = environment_of(process.pid)
        assert environ is not None
        assert environ["LOCALAI_ADDRESS"] == ":81"
        process.kill()
    assert environment_of(process.pid) == {}
    assert environment_of(None) == {}


@pytest.mark.skipif(not IS_ROOT, reason="only root can act as another user")
def test_the_environment_of_a_process_of_another_user() -> None:
    with ordinary_user():
        assert environment_of(1) is None


def test_the_environment_that_a_unit_is_configured_with(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("LOCALAI_API_KEY=one\n")
    (tmp_path / "b.env").write_text('LOCALAI_API_KEY="two"\n')
    shown = f"""Environment=A=1 LOCALAI_API_KEY=zero
EnvironmentFiles={tmp_path}/*.env (ignore_errors=no)
EnvironmentFiles={tmp_path}/missing (ignore_errors=yes)
EnvironmentFiles={tmp_path} (ignore_errors=yes)
"""
    assert configured_environment(parse_properties(shown)) == [
        {"A": "1", "LOCALAI_API_KEY": "zero"},
        {"LOCALAI_API_KEY": "one"},
        {"LOCALAI_API_KEY": "two"},
    ]
    assert configured_environment({}) == [{}]


def test_a_process_that_ends_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    assert environment_of(7, str(tmp_path)) == {}

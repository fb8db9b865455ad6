# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server that a task means."""

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError, ServerError
from ansible_collections.localai.core.plugins.module_utils._fs.process import Output
from ansible_collections.localai.core.plugins.module_utils._server import target
from ansible_collections.localai.core.plugins.module_utils._server.redaction import Secrets
from ansible_collections.localai.core.plugins.module_utils._server.systemd import Systemd
from ansible_collections.localai.core.plugins.module_utils._server.target import Target, guess_warning
from ansible_collections.localai.core.tests.support.running_server import process_with


def options(**given: Any) -> dict[str, Any]:
    return {"unit": "localai.service", "url": None, "api_key": None, **given}


def systemd_with(pid: int = 0) -> Systemd:
    def execute(command: Sequence[str], seconds: float) -> Output:
        return Output(0, f"Id=localai.service\nLoadState=loaded\nActiveState=active\nMainPID={pid}\n".encode(), b"")

    return Systemd(execute, "localai.service")


def test_the_address_and_the_key_are_those_of_the_process() -> None:
    secrets = Secrets()
    with process_with({"LOCALAI_ADDRESS": "[::]:81", "LOCALAI_API_KEY": "first-key,second-key"}) as process:
        look = Target(options(), secrets, systemd_with(process.pid)).look()
        process.kill()
    assert str(look.client.url) == "http://[::1]:81"
    assert look.client._key == "first-key"
    assert secrets.hidden("first-key second-key") == "(hidden) (hidden)"
    assert guess_warning(look) == []


def test_options_win() -> None:
    with process_with({"LOCALAI_ADDRESS": ":81", "LOCALAI_API_KEY": "a-key"}) as process:
        secrets = Secrets()
        look = Target(options(url="http://127.0.0.1:99", api_key="mine"), secrets, systemd_with(process.pid)).look()
        process.kill()
    assert (str(look.client.url), look.client._key) == ("http://127.0.0.1:99", "mine")
    assert secrets.hidden("mine") == "(hidden)"


def test_without_a_process_it_is_the_default_address() -> None:
    look = Target(options(), Secrets(), systemd_with()).look()
    assert (str(look.client.url), look.client._key) == ("http://127.0.0.1:8080", "")


def test_an_environment_that_this_user_may_not_read_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "environment_of", lambda _pid: None)
    look = Target(options(), Secrets(), systemd_with(7)).look()
    assert "process 7 of localai.service cannot be read" in guess_warning(look)[0]
    known = Target(options(url="http://127.0.0.1:99", api_key=""), Secrets(), systemd_with(7)).look()
    assert guess_warning(known) == []


def test_a_systemd_that_does_not_answer() -> None:
    def execute(command: Sequence[str], seconds: float) -> Output:
        raise TimeoutError

    stuck = Target(options(), Secrets(), Systemd(execute, "localai.service"))
    with pytest.raises(ServerError, match="systemctl did not answer within 10 seconds"):
        stuck.look_once()


def test_what_is_wrong_is_found_at_once() -> None:
    with pytest.raises(OptionError, match="is not a URL"):
        Target(options(url="nowhere"), Secrets())
    with pytest.raises(OptionError, match="name of a unit"):
        Target(options(unit="*"), Secrets())


def test_programs_are_really_run() -> None:
    assert target._execute(["echo", "hello"], 5) == Output(0, b"hello\n", b"")

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers of a whole look at a host, and its options."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._host import host_info, units
from ansible_collections.localai.core.plugins.module_utils._host.host_info import HOST_INFO_SPEC, answers
from ansible_collections.localai.core.plugins.module_utils._host.units import Unit
from ansible_collections.localai.core.plugins.modules.localai_host_info import main
from ansible_collections.localai.core.tests.support.module import run_module

NO_OPTIONS = {name: option.get("default") for name, option in HOST_INFO_SPEC.items()}


def test_a_host_without_anything_has_an_answer_to_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(units, "units", lambda names: [Unit()] * len(names))
    found = answers({**NO_OPTIONS, "memory": str(tmp_path)})
    account = {"user_exists": False, "group_exists": False, "uid": None, "gid": None, "groups": [], "is_right": False}
    assert found["account"] == account
    assert found["unit"] == {"load_state": None, "active_state": None, "main_pid": None, "enabled": None}
    assert (found["fapolicyd"], found["user_home"], found["told_capability"]) == (False, None, "")
    assert found["port"] == {"in_use": None, "own": False}
    assert found["link"] == {"exists": False, "target": None, "checksum": None}
    assert [found[name] for name in ("noexec", "read_only", "binaries", "devices")] == [[]] * 4
    assert [found[name] for name in ("files", "started", "good", "previous")] == [{}] * 4


def test_the_service_and_fapolicyd_are_queried_together(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def states(names: list[str]) -> list[Unit]:
        asked.append(names)
        return [Unit("loaded", "failed", None, True), Unit("loaded", "active", 1, True)]

    monkeypatch.setattr(host_info.units, "units", states)
    found = answers({**NO_OPTIONS, "name": "localai-two"})
    assert asked == [["localai-two.service", "fapolicyd.service"]]
    assert found["fapolicyd"] is True
    assert found["unit"] == {"load_state": "loaded", "active_state": "failed", "main_pid": None, "enabled": True}


@pytest.mark.parametrize("name", ["", "../x", "a/b", "-x", "a b"])
def test_a_name_that_no_unit_can_have_is_an_error(name: str) -> None:
    result = run_module(main, {"name": name})
    assert result["failed"]
    assert "is not the name of a systemd unit" in result["msg"]

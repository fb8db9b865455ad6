# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that lacks a library runs again with a Python that has it."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from ansible.module_utils import basic

from ansible_collections.localai.core.plugins.module_utils._module import respawn

OTHER = "/usr/bin/python3"


@pytest.fixture(name="calls")
def _calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The interpreters that the module is run again with; one has the libraries."""
    main = ModuleType("__main__")
    main.__dict__.update(_module_fqn="x")
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", b"{}")
    monkeypatch.setattr(respawn, "interpreter_with", lambda libraries: OTHER if "yaml" in libraries else None)
    calls: list[str] = []
    monkeypatch.setattr(respawn, "respawn_module", calls.append)
    return calls


def test_the_module_runs_again_with_it(calls: list[str]) -> None:
    respawn.respawn()
    assert calls == [OTHER]


@pytest.mark.parametrize("prevented", ["respawned already", "not run by Ansible", "no options", "too many options"])
def test_the_module_does_not_run_again(calls: list[str], prevented: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if prevented == "respawned already":
        sys.modules["__main__"].__dict__.update(_respawned=True)
    elif prevented == "not run by Ansible":
        monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    else:
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", None if prevented == "no options" else b"x" * 2**16)
    respawn.respawn()
    assert calls == []


def test_it_does_not_run_again_where_no_python_has_the_libraries(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(respawn, "interpreter_with", lambda _libraries: None)
    respawn.respawn()
    assert calls == []

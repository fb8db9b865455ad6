# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that lacks a library runs again with a Python that has it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from ansible.module_utils import basic

from ansible_collections.localai.core.plugins.module_utils._module import respawn


def interpreter(path: Path, status: int) -> str:
    """A program that answers the probe."""
    path.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(name="paths")
def _paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in which all interpreters are searched for; python3 and platform-python are the usual ones."""
    usual = tuple(str(tmp_path / name) for name in ("python3", "platform-python"))
    monkeypatch.setattr(respawn, "_INTERPRETERS", usual)
    monkeypatch.setattr(respawn, "_OTHER_INTERPRETERS", str(tmp_path / "python3.[0-9]*"))
    return tmp_path


def test_the_first_usual_python_with_the_libraries_is_found(paths: Path) -> None:
    assert respawn.interpreter_with_libraries() is None
    interpreter(paths / "python3", 1)
    (paths / "python3.11").mkdir()
    newest = interpreter(paths / "python3.13", 0)
    interpreter(paths / "python3.9", 0)
    interpreter(paths / "python3.9-config", 0)
    assert respawn.interpreter_with_libraries() == newest
    usual = interpreter(paths / "platform-python", 0)
    assert respawn.interpreter_with_libraries() == usual


def test_the_present_python_is_not_searched(paths: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", interpreter(paths / "python3", 0))
    assert respawn.interpreter_with_libraries() is None


def test_a_python_that_cannot_run_or_hangs_is_left_out(paths: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(respawn, "_SECONDS", 0.2)
    (paths / "python3").write_bytes(b"\x7fELF")
    (paths / "python3").chmod(0o755)
    (paths / "platform-python").write_text("#!/bin/sh\nsleep 60\n", encoding="utf-8")
    (paths / "platform-python").chmod(0o755)
    assert respawn.interpreter_with_libraries() is None


@pytest.fixture(name="calls")
def _calls(paths: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The interpreters that the module is run again with; one has the libraries."""
    interpreter(paths / "python3", 0)
    main = ModuleType("__main__")
    main.__dict__.update(_module_fqn="x")
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", b"{}")
    calls: list[str] = []
    monkeypatch.setattr(respawn, "respawn_module", calls.append)
    return calls


def test_the_module_runs_again_with_it(calls: list[str], paths: Path) -> None:
    respawn.respawn()
    assert calls == [str(paths / "python3")]


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


def test_it_does_not_run_again_where_no_python_has_the_libraries(calls: list[str], paths: Path) -> None:
    (paths / "python3").unlink()
    respawn.respawn()
    assert calls == []

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other Pythons of a host are searched where distributions have them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import interpreters
from ansible_collections.localai.core.plugins.module_utils._fs.interpreters import interpreter_with

LIBRARIES = ("requests", "yaml")


def interpreter(path: Path, status: int) -> str:
    """A program that answers the probe."""
    path.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(name="paths")
def _paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in which all interpreters are searched for; python3 and platform-python are the usual ones."""
    usual = tuple(str(tmp_path / name) for name in ("python3", "platform-python"))
    monkeypatch.setattr(interpreters, "DISTRIBUTION_PYTHONS", usual)
    monkeypatch.setattr(interpreters, "_OTHER_INTERPRETERS", str(tmp_path / "python3.[0-9]*"))
    return tmp_path


def test_the_first_usual_python_with_the_libraries_is_found(paths: Path) -> None:
    assert interpreter_with(LIBRARIES) is None
    interpreter(paths / "python3", 1)
    (paths / "python3.11").mkdir()
    newest = interpreter(paths / "python3.13", 0)
    interpreter(paths / "python3.9", 0)
    interpreter(paths / "python3.9-config", 0)
    assert interpreter_with(LIBRARIES) == newest
    usual = interpreter(paths / "platform-python", 0)
    assert interpreter_with(LIBRARIES) == usual


@pytest.mark.parametrize(("library", "has"), [("json", True), ("no_library_of_this_name", False)])
def test_a_library_is_imported_by_the_other_python(
    paths: Path, library: str, has: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (paths / "python3").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", "/another/python3")
    assert interpreter_with(["json", library]) == (str(paths / "python3") if has else None)


def test_the_present_python_is_not_searched(paths: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", interpreter(paths / "python3", 0))
    assert interpreter_with(LIBRARIES) is None


def test_a_python_that_cannot_run_or_hangs_is_left_out(paths: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "_SECONDS", 0.2)
    (paths / "python3").write_bytes(b"\x7fELF")
    (paths / "python3").chmod(0o755)
    (paths / "platform-python").write_text("#!/bin/sh\nsleep 60\n", encoding="utf-8")
    (paths / "platform-python").chmod(0o755)
    assert interpreter_with(LIBRARIES) is None

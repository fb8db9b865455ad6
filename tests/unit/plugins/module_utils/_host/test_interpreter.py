# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python of the modules, and its libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._host import interpreter as module
from ansible_collections.localai.core.plugins.module_utils._host.interpreter import interpreter
from ansible_collections.localai.core.tests.support.interpreter import environment

LOOK = """
import json, sys
for name in ("isal", "_zstd", "zstandard"):
    sys.modules[name] = None
from ansible_collections.localai.core.plugins.module_utils._host.interpreter import interpreter
before = set(sys.modules)
answer = interpreter()
assert set(sys.modules) == before, "a library was imported"
assert answer["libraries"]["isal"] is answer["libraries"]["zstd"] is False, "a library that cannot be imported"
sys.path.clear()
sys.path_importer_cache.clear()
assert set(interpreter()["libraries"].values()) == {False}
"""


def test_it_is_the_one_that_runs_this() -> None:
    answer = interpreter()
    assert answer["executable"] == sys.executable
    assert answer["version"].startswith(".".join(map(str, sys.version_info[:3])))
    assert answer["libraries"]["requests"] is True
    assert answer["libraries"]["yaml"] is True
    assert answer["libraries"] == {"requests": True, "yaml": True, "isal": True, "zstd": True, "cryptography": True}
    assert answer["other"] is None


def test_another_python_is_searched_only_if_this_one_lacks_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "interpreter_with", lambda libraries: f"a python with {' and '.join(libraries)}")
    assert interpreter()["other"] is None
    monkeypatch.setitem(sys.modules, "yaml", None)
    answer = interpreter()
    assert (answer["libraries"]["yaml"], answer["other"]) == (False, "a python with requests and yaml")


def test_libraries_are_searched_and_not_imported() -> None:
    subprocess.run([sys.executable, "-c", LOOK], env=environment(), check=True)


def test_packages_of_libraries_are_for_the_default_python_of_the_distribution(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    default, other = tmp_path / "python3.11", tmp_path / "python3.12"
    for program in (default, other):
        program.write_bytes(b"")
    (tmp_path / "python3").symlink_to("python3.11")
    monkeypatch.setattr(module, "DISTRIBUTION_PYTHONS", (str(tmp_path / "none"), str(tmp_path / "python3")))
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    found = {}
    for program in (str(tmp_path / "python3"), str(default), str(other), "", None):
        monkeypatch.setattr(sys, "executable", program)
        found[os.path.basename(program or "")] = interpreter()["of_distribution"]
    assert found == {"python3": True, "python3.11": True, "python3.12": False, "": False}
    monkeypatch.setattr(sys, "executable", str(default))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    assert interpreter()["of_distribution"] is False

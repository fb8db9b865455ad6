# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that changes nothing looks into trees only to verify them: else the number of their files is no matter."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.localai.core.tests.support.world import Host

FEW, MANY = 10, 10_000
NAMES = ("one", "two")
_PER_DIRECTORY = 500


def file_operations(run: Callable[[], Any]) -> Counter[str]:
    """Count what `run` asks the operating system, by the names of Python's functions; a walk is many `lstat`."""
    counted: Counter[str] = Counter()

    def note(_frame: Any, event: str, function: Any) -> None:
        if event == "c_call":
            owner = getattr(function, "__module__", None) or type(getattr(function, "__self__", None)).__module__
            if owner == "posix" or function is open:
                counted[function.__name__] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return counted


def installed(host, count: int, top: Path) -> dict[str, Any]:
    """Install the backends with so many files each; returns the options of a task that finds them installed."""
    uri = top / f"source-of-{count}"
    for number in range(count - 1):
        directory = uri / f"lib-{number // _PER_DIRECTORY}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{number}.so").touch()
    (uri / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    # Each task has a directory of its own, so that both find the same names.
    path = {"backends_path": str(top / f"backends-{count}")}
    for name in NAMES:
        host.install(name, uri=str(uri), **path)
    return path


@pytest.fixture(scope="module")
def tasks(tmp_path_factory, world):
    """The options of two tasks: all is installed, with few and with many files."""
    top = tmp_path_factory.mktemp("trees")
    host = Host(top, world)
    return host, installed(host, FEW, top), installed(host, MANY, top)


def operations(host, more: dict[str, Any], check: bool = False) -> Counter[str]:
    """The operations of a task that has nothing to do."""

    def run() -> None:
        result = host.backend(*NAMES, check=check, **more)
        assert (result["failed"], result["changed"]) == (False, False), result

    run()  # what is imported late is imported here
    return file_operations(run)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"exclusive": True},
        {"directory_mode": "0755"},
        {"keep_previous": 3},
        {"capability": None},
        {"server_version": "v4.9.0"},
    ],
    ids=str,
)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_ten_thousand_files_cost_no_more_than_ten(tasks, more, check):
    host, few, many = tasks
    asked = operations(host, {**few, **more}, check)
    assert asked["lstat"] > len(NAMES)
    assert operations(host, {**many, **more}, check) == asked


def test_verification_looks_at_every_file(tasks):
    host, few, many = tasks
    differing = operations(host, {**many, "verify": True}) - operations(host, {**few, "verify": True})
    assert sum(differing.values()) >= len(NAMES) * (MANY - FEW)

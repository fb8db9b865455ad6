# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is installed for one name, and which previous versions the task may restore."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._planner.situation import (
    Situation,
    can_be_restored,
    situation_of,
)
from ansible_collections.localai.core.tests.support.plans import CPU_HOST, concrete, installed, meta, unreadable, want
from ansible_collections.localai.core.tests.support.states import having, previous_version


def situation(name: str, installed_: Installed, **options: object) -> Situation:
    return situation_of(name, want(name, **options), installed_, CPU_HOST, FileAttributes())


CASES = [
    # name, what is installed -> (own directory, listed backend, build), involved directories
    ("piper", installed(), (None, None, None), []),
    ("piper", installed(concrete("piper")), ("piper", "piper", "piper"), ["piper"]),
    ("PIPER", installed(concrete("piper")), ("piper", "piper", "piper"), ["piper"]),
    ("m", installed(meta("m", "cpu-m"), concrete("cpu-m")), ("m", "cpu-m", "cpu-m"), ["m", "cpu-m"]),
    ("m", installed(meta("m", "gone")), ("m", "gone", None), ["m"]),
    ("x", installed(concrete("cpu-x", "x")), (None, "cpu-x", "cpu-x"), ["cpu-x"]),
    ("x", installed(concrete("x"), concrete("cpu-y", "x")), ("x", "cpu-y", "x"), ["x", "cpu-y"]),
    ("piper", installed(system=("piper",)), (None, "piper", None), []),
    ("piper", installed(Directory("piper", "symlink", True, True)), ("piper", None, "piper"), []),
]


@pytest.mark.parametrize(("name", "state", "expected", "involved"), CASES)
def test_a_name_has_its_directory_its_build_and_the_one_that_answers(
    name: str, state: Installed, expected: tuple[str | None, str | None, str | None], involved: list[str]
) -> None:
    current = situation(name, state)
    directory, row, build = current.directory, current.row, current.build
    assert (directory and directory.name, row and row.backend, build and build.name) == expected
    assert [directory.name for directory in current.involved] == involved


def test_damage_is_that_of_the_own_directory() -> None:
    assert situation("piper", installed(concrete("piper"))).damage == ""
    assert situation("piper", installed()).damage == ""
    assert situation("piper", installed(Directory("piper", "other"))).damage == "a file"
    assert situation("m", installed(meta("m", "gone"))).damage == "gone, which it points to, is missing"


def test_only_a_sound_build_can_be_restored() -> None:
    sound = previous_version("piper", 1)
    broken = [
        replace(sound, directory=directory)
        for directory in (
            concrete("piper", runnable=False),
            unreadable("piper"),
            replace(meta("piper", "cpu-m"), has_run_file=True, runnable=True),
            replace(sound.directory, kind="symlink"),
        )
    ]
    assert can_be_restored(sound)
    assert [can_be_restored(previous) for previous in broken] == [False] * 4
    state = having(installed(), previous_version("piper", 3), *broken, sound, previous_version("other", 2))
    restorable = [previous.path for previous in situation("piper", state).restorable("PIPER")]
    assert restorable == [".localai-core/kept/piper/3", ".localai-core/kept/piper/1"]


@pytest.mark.parametrize("options", [{"force": True}, {"state": "latest"}])
def test_a_task_for_a_new_build_restores_no_previous_version(options: dict[str, object]) -> None:
    state = having(installed(), previous_version("piper", 1))
    assert situation("piper", state, **options).restorable("piper") == []

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is removed at the end of a plan: leftovers, builds that nothing needs, and what `exclusive` excludes."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.tests.support.plans import (
    NVIDIA_HOST,
    carried_out,
    concrete,
    decide,
    installed,
    meta,
    short,
    unreadable,
    want,
)
from ansible_collections.localai.core.tests.support.states import NOTHING, check_plan, current, leftover

FILLED = [
    # situation, what is installed, name -> present, latest, absent
    (
        "installed, and what LocalAI was filling an hour ago",
        installed(current("piper"), leftover("piper.upgrade-tmp", Directory(""))),
        "piper",
        *["none: remove piper.upgrade-tmp"] * 2,
        "remove: remove piper, remove piper.upgrade-tmp",
    ),
    (
        "installed, and what LocalAI is filling now",
        installed(current("piper"), leftover("piper.install-tmp", Directory(""), busy=True)),
        "piper",
        *[NOTHING] * 2,
        "remove: remove piper",
    ),
]


@pytest.mark.parametrize(
    ("state", "name", "present", "latest", "absent"), [row[1:] for row in FILLED], ids=[row[0] for row in FILLED]
)
def test_what_localai_was_filling_is_removed_unless_it_still_does(
    state: Installed, name: str, present: str, latest: str, absent: str
) -> None:
    for wanted, expected in (("present", present), ("latest", latest), ("absent", absent)):
        check_plan(want(name, state=wanted), state, expected)


def test_the_former_build_of_a_meta_backend_becomes_a_previous_version() -> None:
    state = installed(meta("m", "old-m"), concrete("old-m"))
    decided = decide(want("m", state="latest", keep_previous=1), state)
    assert decided.removed == (("old-m", "m points to cpu-m now"),)
    assert [each.backend for each in carried_out(decided.steps, state).previous] == ["old-m"]


EXCLUSIVE = [
    # what else is there -> what of it is removed
    ((concrete("piper"), concrete("cpu-m")), ["cpu-m"]),
    ((concrete("piper"), meta("m", "cpu-m"), concrete("cpu-m")), ["cpu-m", "m"]),
    ((concrete("piper"), unreadable("broken")), ["broken"]),
    ((concrete("piper"), Directory("photos")), []),
    ((concrete("piper"), Directory("link", "symlink", True, True), Directory("file", "other")), []),
    ((concrete("piper"), concrete("half", "alias", runnable=False)), ["half"]),
    ((concrete("piper"), leftover("cpu-m.backup", concrete("cpu-m"))), ["cpu-m.backup"]),
    ((concrete("piper"), leftover("cpu-m.install-tmp", concrete("cpu-m"), busy=True)), []),
]


@pytest.mark.parametrize(("directories", "removed"), EXCLUSIVE)
def test_exclusive_leaves_only_what_is_named(directories: tuple[Directory, ...], removed: list[str]) -> None:
    state = installed(*directories, system=("packaged",))
    decided = decide(want("piper", exclusive=True), state)
    assert short(decided) == "none: " + ", ".join(f"remove {name}" for name in removed)
    assert [name for name, _why in decided.removed] == removed
    assert short(decide(want("piper", exclusive=True), carried_out(decided.steps, state))) == NOTHING


def test_exclusive_keeps_what_named_backends_need_and_removes_last() -> None:
    state = installed(meta("m", "cpu-m"), concrete("cpu-m"), concrete("cpu-x", "x"), concrete("cuda12-x", "x"))
    decided = decide(want("m", "x", "piper", exclusive=True), state)
    assert short(decided) == "none, none, install: fetch piper, remove cuda12-x"
    decided = decide(want("m", "x", "piper", exclusive=True), state, NVIDIA_HOST)
    assert short(decided) == "none, none, install: fetch piper, remove cpu-x"

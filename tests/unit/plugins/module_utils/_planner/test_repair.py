# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Damaged, lost and hidden backends are repaired, from a backup or a previous version where one can run."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._planner.repair import was_damaged
from ansible_collections.localai.core.tests.support.plans import (
    concrete,
    installed,
    meta,
    unreadable,
    want,
)
from ansible_collections.localai.core.tests.support.states import (
    NOTHING,
    check_plan,
    check_states,
    current,
    leftover,
)

DAMAGED = [
    # situation, what is installed, name -> present, absent
    (
        "a directory without run file",
        installed(concrete("piper", runnable=False)),
        "piper",
        "repair: fetch piper",
        "remove: remove piper",
    ),
    (
        "a directory without anything",
        installed(Directory("piper")),
        "piper",
        "repair: fetch piper",
        "remove: remove piper",
    ),
    ("unreadable metadata", installed(unreadable("piper")), "piper", "repair: fetch piper", "remove: remove piper"),
    ("a meta whose concrete is gone", installed(meta("m", "cpu-m")), "m", "repair: fetch cpu-m", "remove: remove m"),
    (
        "a meta whose concrete is gone and another now",
        installed(meta("m", "old-m")),
        "m",
        "repair: fetch cpu-m, meta m",
        "remove: remove m",
    ),
    (
        "a meta whose concrete is damaged",
        installed(meta("m", "cpu-m"), Directory("cpu-m")),
        "m",
        "repair: fetch cpu-m",
        "remove: remove cpu-m, remove m",
    ),
    (
        "a meta with unreadable metadata",
        installed(unreadable("m"), concrete("cpu-m")),
        "m",
        "repair: meta m",
        "remove: remove m",
    ),
    ("a meta that leads out", installed(meta("m", "../../x")), "m", "repair: fetch cpu-m, meta m", "remove: remove m"),
    (
        "an alias whose winner cannot run",
        installed(concrete("cpu-x", "x", runnable=False)),
        "x",
        "repair: fetch cpu-x",
        "remove: remove cpu-x",
    ),
    (
        "damaged, spelled otherwise",
        installed(Directory("KOKORO")),
        "KOKORO",
        "repair: fetch Kokoro, remove KOKORO",
        "remove: remove KOKORO",
    ),
    (
        "damaged, spelled otherwise, beside a sound one",
        installed(Directory("KOKORO"), concrete("Kokoro")),
        "KOKORO",
        "repair: remove KOKORO",
        "remove: remove KOKORO, remove Kokoro",
    ),
    (
        "a meta whose concrete is gone, spelled otherwise",
        installed(meta("M", "gone")),
        "M",
        "repair: fetch cpu-m, meta m, remove M",
        "remove: remove M",
    ),
    (
        "a file in its place",
        installed(Directory("piper", "other")),
        "piper",
        "install: fetch piper",
        "remove: remove piper",
    ),
    (
        "a symlink in its place",
        installed(Directory("piper", "symlink", True, True)),
        "piper",
        "install: fetch piper",
        "remove: remove piper",
    ),
    (
        "a symlink in the place of a meta",
        installed(Directory("m", "symlink"), concrete("cpu-m")),
        "m",
        "install: meta m",
        "remove: remove m",
    ),
    (
        "a symlink in the place of its concrete",
        installed(Directory("cpu-m", "symlink", True, True)),
        "m",
        "install: fetch cpu-m, meta m",
        NOTHING,
    ),
    (
        "a system backend under a damaged one of ours",
        installed(Directory("piper"), system=("piper",)),
        "piper",
        "repair: fetch piper",
        "remove: remove piper",
    ),
]


@pytest.mark.parametrize(
    ("state", "name", "present", "absent"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED]
)
def test_what_is_damaged_is_repaired_and_can_be_removed(state: Installed, name: str, present: str, absent: str) -> None:
    check_plan(want(name), state, present)
    check_plan(want(name, state="absent"), state, absent)


LOST = [
    # situation, what is installed, name -> present, latest, absent
    (
        "a directory without run file",
        installed(concrete("piper", runnable=False)),
        "piper",
        *["repair: fetch piper"] * 2,
        "remove: remove piper",
    ),
    (
        "unreadable metadata",
        installed(unreadable("piper")),
        "piper",
        *["repair: fetch piper"] * 2,
        "remove: remove piper",
    ),
    (
        "a meta whose concrete is gone",
        installed(meta("m", "cpu-m")),
        "m",
        *["repair: fetch cpu-m"] * 2,
        "remove: remove m",
    ),
    (
        "an alias whose winner cannot run",
        installed(concrete("cpu-x", "x", runnable=False)),
        "x",
        *["repair: fetch cpu-x"] * 2,
        "remove: remove cpu-x",
    ),
    (
        "a symlink in its place",
        installed(Directory("piper", "symlink", True, True)),
        "piper",
        *["install: fetch piper"] * 2,
        "remove: remove piper",
    ),
    (
        "without run file, and LocalAI left a backup that can run",
        installed(concrete("piper", runnable=False), leftover("piper.backup", current("piper"))),
        "piper",
        *["repair: restore piper"] * 2,
        "remove: remove piper, remove piper.backup",
    ),
    (
        "missing, and LocalAI left a backup that can run",
        installed(leftover("piper.install-backup", current("piper"))),
        "piper",
        *["repair: restore piper"] * 2,
        "none: remove piper.install-backup",
    ),
    (
        "missing, and LocalAI left a backup that cannot run",
        installed(leftover("piper.backup", concrete("piper", runnable=False))),
        "piper",
        *["install: fetch piper"] * 2,
        "none: remove piper.backup",
    ),
    (
        "a meta whose concrete is gone but for a backup",
        installed(meta("m", "cpu-m"), leftover("cpu-m.backup", current("cpu-m"))),
        "m",
        *["repair: restore cpu-m"] * 2,
        "remove: remove m",
    ),
    (
        "only a backup answers, as alias",
        installed(leftover("cpu-x.backup", current("cpu-x", "x"))),
        "x",
        *["repair: restore cpu-x"] * 2,
        "remove: remove cpu-x.backup",
    ),
    (
        "only what LocalAI was filling an hour ago answers, as alias",
        installed(leftover("cpu-a.upgrade-tmp", current("cpu-a", "x"))),
        "x",
        *["install: fetch cpu-x, meta x, remove cpu-a.upgrade-tmp"] * 2,
        "remove: remove cpu-a.upgrade-tmp",
    ),
    (
        "only what LocalAI is filling now answers, as alias",
        installed(leftover("cpu-x.install-tmp", current("cpu-x", "x"), busy=True)),
        "x",
        *[NOTHING] * 2,
        NOTHING,
    ),
    (
        "only a backup answers, as alias, and it cannot run",
        installed(leftover("cpu-a.backup", concrete("cpu-a", "x", runnable=False))),
        "x",
        *["install: fetch cpu-x, meta x, remove cpu-a.backup"] * 2,
        "remove: remove cpu-a.backup",
    ),
]


@pytest.mark.parametrize(
    ("state", "name", "present", "latest", "absent"), [row[1:] for row in LOST], ids=[row[0] for row in LOST]
)
def test_what_is_lost_is_restored_or_installed_in_each_state(
    state: Installed, name: str, present: str, latest: str, absent: str
) -> None:
    check_states(name, state, present, latest, absent)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ("", ""),
        ("its directory has no run.sh", "it was damaged: its directory has no run.sh"),
        ("cpu-m, which it points to, is missing", "cpu-m, which it points to, was missing"),
        (
            "cpu-m, which it points to, is damaged: lib/x is missing",
            "cpu-m, which it points to, was damaged: lib/x is missing",
        ),
    ],
)
def test_the_reason_for_a_repair_is_about_the_state_before_it(problem: str, reason: str) -> None:
    assert was_damaged(problem) == reason

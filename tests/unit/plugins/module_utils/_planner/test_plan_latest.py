# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each state does in each situation: `present`, `latest` and `absent`."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any, Callable

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry, Index
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed, ListingRules
from ansible_collections.localai.core.plugins.module_utils._module.decide import decide as decide_by
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.plan import plan as plan_of
from ansible_collections.localai.core.plugins.module_utils._planner.questions import Question, ReadGallery
from ansible_collections.localai.core.tests.support.plans import (
    NVIDIA_HOST,
    answer,
    carried_out,
    concrete,
    decide,
    entry,
    installed,
    meta,
    meta_entry,
    short,
    want,
)
from ansible_collections.localai.core.tests.support.states import (
    BY_META,
    BY_NAME,
    NOTHING,
    check_states,
    current,
    having,
    previous_version,
)

SITUATIONS = [
    # situation, what is installed, name -> present, latest, absent
    ("not installed", installed(), "piper", "install: fetch piper", "install: fetch piper", NOTHING),
    ("a meta, not installed", installed(), "m", *["install: fetch cpu-m, meta m"] * 2, NOTHING),
    (
        "a meta is missing, its concrete is there",
        installed(current("cpu-m")),
        "m",
        "install: meta m",
        "install: meta m",
        NOTHING,
    ),
    (
        "a meta is missing, its concrete is there and old",
        installed(concrete("cpu-m")),
        "m",
        "install: meta m",
        "install: meta m, fetch cpu-m",
        NOTHING,
    ),
    ("installed, and current", installed(current("piper")), "piper", NOTHING, NOTHING, "remove: remove piper"),
    (
        "installed, and old",
        installed(concrete("piper")),
        "piper",
        NOTHING,
        "upgrade: fetch piper",
        "remove: remove piper",
    ),
    (
        "installed, without any record of what it is",
        installed(Directory("piper", "directory", True, True)),
        "piper",
        NOTHING,
        "upgrade: fetch piper",
        "remove: remove piper",
    ),
    (
        "installed, from a source that cannot say what it has",
        installed(concrete("from-directory")),
        "from-directory",
        NOTHING,
        NOTHING,
        "remove: remove from-directory",
    ),
    (
        "installed, of an older version",
        installed(concrete("archived")),
        "archived",
        NOTHING,
        "upgrade: fetch archived",
        "remove: remove archived",
    ),
    (
        "installed, with another alias than the gallery has now",
        installed(current("cpu-x", "old")),
        "cpu-x",
        NOTHING,
        "upgrade: metadata cpu-x",
        "remove: remove cpu-x",
    ),
    (
        "installed, and spelled otherwise",
        installed(current("KOKORO")),
        "kokoro",
        NOTHING,
        "upgrade: fetch Kokoro, remove KOKORO",
        "remove: remove KOKORO",
    ),
    (
        "installed as meta, and current",
        installed(meta("m", "cpu-m"), current("cpu-m")),
        "m",
        NOTHING,
        NOTHING,
        "remove: remove cpu-m, remove m",
    ),
    (
        "installed as meta, and old",
        installed(meta("m", "cpu-m"), concrete("cpu-m")),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m",
        "remove: remove cpu-m, remove m",
    ),
    (
        "installed as alias, and old",
        installed(concrete("cpu-x", "x")),
        "x",
        NOTHING,
        "upgrade: fetch cpu-x",
        "remove: remove cpu-x",
    ),
    (
        "a meta for other hardware than now",
        installed(meta("m", "old-m"), concrete("old-m")),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m, meta m, retire old-m",
        "remove: remove old-m, remove m",
    ),
    (
        "a meta for other hardware than now, the new build is there",
        installed(meta("m", "old-m"), concrete("old-m"), current("cpu-m")),
        "m",
        NOTHING,
        "upgrade: meta m, retire old-m",
        "remove: remove old-m, remove m",
    ),
    (
        "a meta for other hardware than now, whose build was asked for by name",
        installed(meta("m", "old-m"), replace(concrete("old-m"), record=BY_NAME)),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m, meta m",
        "remove: remove old-m, remove m",
    ),
    (
        "a meta for other hardware than now, whose build another meta needs",
        installed(meta("m", "old-m"), meta("n", "old-m"), concrete("old-m")),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m, meta m",
        "remove: remove m",
    ),
    (
        "a meta, and the build that it pointed to when a run died",
        installed(meta("m", "cpu-m"), current("cpu-m", "m"), replace(concrete("old-m", "m"), record=BY_META)),
        "m",
        NOTHING,
        "none: retire old-m",
        "remove: remove cpu-m, remove old-m, remove m",
    ),
    (
        "a meta, and a build with its name as alias that was asked for by name",
        installed(meta("m", "cpu-m"), current("cpu-m", "m"), replace(concrete("old-m", "m"), record=BY_NAME)),
        "m",
        NOTHING,
        NOTHING,
        "remove: remove cpu-m, remove old-m, remove m",
    ),
    (
        "a meta that is in another directory, for other hardware than now",
        installed(meta("m", "old-m", "z"), replace(concrete("old-m"), record=BY_META)),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m, meta m, remove z, retire old-m",
        "remove: remove old-m, remove z",
    ),
    (
        "a build that is a meta of its own name, in the directory of the new build",
        installed(concrete("m", "cpu-m"), replace(meta("m", "m", "cpu-m"), has_run_file=True, runnable=True)),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m, meta m",
        "remove: remove m, remove cpu-m",
    ),
    ("only a system backend answers", installed(system=("piper",)), "piper", NOTHING, NOTHING, NOTHING),
    (
        "not installed, but replaced trees are kept",
        having(installed(), previous_version("piper", 1)),
        "piper",
        *["install: fetch piper"] * 2,
        "remove: remove piper",
    ),
]


@pytest.mark.parametrize(
    ("state", "name", "present", "latest", "absent"),
    [row[1:] for row in SITUATIONS],
    ids=[row[0] for row in SITUATIONS],
)
def test_each_situation_has_its_action_in_each_state(
    state: Installed, name: str, present: str, latest: str, absent: str
) -> None:
    check_states(name, state, present, latest, absent)


def gallery_of(*entries: Entry) -> Callable[[Question], Any]:
    """Return what answers questions, with a gallery of these entries."""
    index = Index("g", {each.name: each for each in entries}, {})
    return lambda question: index if isinstance(question, ReadGallery) else answer(question)


def test_a_name_that_the_alias_of_another_hides_is_planned_in_the_same_run() -> None:
    """The alias of the build for `a` hides `b`, which a system backend answers to before."""
    answers = gallery_of(entry("b", "b"), meta_entry("a", nvidia="cuda12-a"), entry("cuda12-a", "b"))
    empty = replace(installed(system=("b",)), rules=ListingRules(reads_system_metadata=False))
    request = want("b", "a", "cuda12-a", state="latest")
    plan = decide_by(functools.partial(plan_of, request), Facts(NVIDIA_HOST, ("g",), empty), answers)[0]
    after = carried_out(plan.steps, empty)
    again = decide_by(functools.partial(plan_of, request), Facts(NVIDIA_HOST, ("g",), after), answers)[0]
    assert (short(plan), again.steps) == ("upgrade, install, none: fetch cuda12-a, meta a, fetch b", ())


def test_a_warning_about_what_cannot_be_compared_is_told_once() -> None:
    plan = decide(want("from-directory", "piper", "m", state="latest"), installed(concrete("from-directory")))
    assert short(plan) == "none, install, install: fetch piper, fetch cpu-m, meta m"
    assert len(plan.warnings) == 1

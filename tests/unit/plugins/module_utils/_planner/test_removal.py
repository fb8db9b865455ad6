# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `state=absent` removes: all that answers to a name, and nothing that another backend needs."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._planner.removal import Removal, removal
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Fetch, Remove
from ansible_collections.localai.core.tests.support.plans import carried_out, concrete, decide, installed, meta, want
from ansible_collections.localai.core.tests.support.states import having, leftover, previous_version

REMOVED = [
    # what is installed, names -> steps, and what is removed too
    ((meta("m", "cpu-m"), meta("n", "cpu-m"), concrete("cpu-m")), ("m",), ["m"], []),
    ((meta("m", "cpu-m"), meta("n", "cpu-m"), concrete("cpu-m")), ("m", "n"), ["cpu-m", "m", "n"], ["cpu-m"]),
    ((meta("m", "cpu-m"), concrete("cpu-m")), ("m",), ["cpu-m", "m"], ["cpu-m"]),
    ((concrete("a", "x"), concrete("b", "x"), concrete("c", "y")), ("x",), ["a", "b"], ["a", "b"]),
    ((meta("m", "a"), concrete("a", "x")), ("x",), ["a", "m"], ["a", "m"]),
    (
        (meta("x", "b"), meta("m", "a"), concrete("a", "x"), concrete("b")),
        ("x",),
        ["a", "b", "m", "x"],
        ["a", "b", "m"],
    ),
    ((concrete("x"), concrete("a", "x")), ("x",), ["a", "x"], ["a"]),
    ((concrete("x"), concrete("a", "x")), ("x", "a"), ["a", "x"], []),
    ((concrete("a", "x"), concrete("b", "x")), ("x", "a"), ["a", "b"], ["b"]),
    ((meta("m", "m2"), meta("m2", "cpu"), concrete("cpu")), ("m",), ["m"], []),
    ((meta("m", "../x"),), ("m",), ["m"], []),
    ((meta("m", "m"),), ("m",), ["m"], []),
    ((Directory("l", "symlink", True, True), concrete("a")), ("l",), ["l"], []),
    ((meta("m", "l"), Directory("l", "symlink", True, True)), ("m",), ["l", "m"], ["l"]),
    ((concrete("piper"), concrete("piper2")), ("piper",), ["piper"], []),
]


@pytest.mark.parametrize(("directories", "names", "steps", "too"), REMOVED)
def test_after_a_removal_nothing_answers_to_the_name_and_what_others_need_stays(
    directories: tuple[Directory, ...], names: tuple[str, ...], steps: list[str], too: list[str]
) -> None:
    state = installed(*directories)
    decided = decide(want(*names, state="absent"), state)
    assert sorted(step.backend for step in decided.steps) == steps
    assert sorted(backend for backend, _reason in decided.removed) == too
    assert all(reason for _backend, reason in decided.removed)
    rows = Listing(carried_out(decided.steps, state), "default")
    assert [name for name in names if rows.find(name)] == []


MIXED = [
    # what is installed, names to install, names to remove -> steps, and what is removed too
    ((concrete("piper"),), ("cpu-m",), ("piper",), ["fetch cpu-m", "remove piper"], []),
    ((meta("m", "cpu-m"), concrete("cpu-m")), ("cpu-m",), ("m",), ["remove m"], []),
    ((meta("m", "cpu-m"), concrete("cpu-m")), (), ("m",), ["remove cpu-m", "remove m"], ["cpu-m"]),
    (
        (meta("m", "old-m"), concrete("old-m"), concrete("piper")),
        ("piper",),
        ("m",),
        ["remove old-m", "remove m"],
        ["old-m"],
    ),
    ((concrete("piper"),), ("piper",), ("nothing",), [], []),
]


@pytest.mark.parametrize(("directories", "names", "absent", "steps", "too"), MIXED)
def test_some_names_are_removed_after_the_others_are_installed(
    directories: tuple[Directory, ...],
    names: tuple[str, ...],
    absent: tuple[str, ...],
    steps: list[str],
    too: list[str],
) -> None:
    state = installed(*directories)
    decided = decide(want(*names, absent=absent), state)
    kinds = {Remove: "remove", Fetch: "fetch"}
    assert [f"{kinds[type(step)]} {step.backend}" for step in decided.steps] == steps
    assert [backend for backend, _reason in decided.removed] == too
    assert [outcome.name for outcome in decided.outcomes] == [*names, *absent]
    assert [outcome.action for outcome in decided.outcomes[len(names) :]] == [
        "remove" if any("remove" in step for step in steps) else "none"
    ]
    assert decide(want(*names, absent=absent), carried_out(decided.steps, state)).steps == ()


@pytest.mark.parametrize(
    ("directories", "name", "absent", "says"),
    [
        (
            (concrete("cpu-x", "x"),),
            "cpu-x",
            "x",
            "cpu-x would be installed for cpu-x and removed, because its alias was x",
        ),
        (
            (concrete("cpu-x", "x"),),
            "x",
            "cpu-x",
            "cpu-x would be installed for x and removed, because state is absent",
        ),
        ((), "cpu-x", "x", "cpu-x would be installed for cpu-x and removed, because its alias was x"),
        ((), "m", "cpu-m", "cpu-m cannot be removed: the installed meta backend m points to it"),
    ],
)
def test_a_build_that_the_task_needs_is_not_removed(
    directories: tuple[Directory, ...], name: str, absent: str, says: str
) -> None:
    with pytest.raises(OptionError, match=says):
        decide(want(name, absent=(absent,)), installed(*directories))


def test_a_removal_comes_before_what_exclusive_removes() -> None:
    state = installed(concrete("piper"), concrete("cpu-m"), concrete("cpu-x"))
    decided = decide(want("piper", absent=("cpu-m",), exclusive=True), state)
    assert [step.backend for step in decided.steps] == ["cpu-m", "cpu-x"]
    assert [outcome.action for outcome in decided.outcomes] == ["none", "remove"]
    assert [backend for backend, _reason in decided.removed] == ["cpu-x"]


def test_builds_are_removed_before_the_meta_backends_that_point_to_them() -> None:
    decided = decide(want("m", state="absent"), installed(meta("m", "z"), concrete("z")))
    assert [step.backend for step in decided.steps] == ["z", "m"]


@pytest.mark.parametrize(
    ("directories", "names", "pointing"),
    [
        ((meta("m", "cpu-m"), concrete("cpu-m")), ("cpu-m",), "m"),
        ((meta("m", "cpu-m"), meta("n", "cpu-m"), concrete("cpu-m")), ("cpu-m", "m"), "n"),
        ((meta("m", "cpu-m"), concrete("cpu-m")), ("CPU-M",), "m"),
    ],
)
def test_a_build_that_another_meta_backend_points_to_cannot_be_removed_alone(
    directories: tuple[Directory, ...], names: tuple[str, ...], pointing: str
) -> None:
    with pytest.raises(OptionError) as refused:
        decide(want(*names, state="absent"), installed(*directories))
    assert "cpu-m cannot be removed" in str(refused.value)
    assert f"the installed meta backend {pointing} " in str(refused.value)


def test_a_removal_names_the_directories_the_reasons_and_what_answers_to_each_name() -> None:
    state = installed(meta("m", "cpu-m"), concrete("cpu-m"), concrete("a", "x"))
    assert removal(["M", "x", "nobody"], state, {}) == Removal(
        {"a": "its alias was x", "cpu-m": "m pointed to it", "m": "state is absent"},
        frozenset({"m"}),
        {"M": "m", "x": "a"},
    )


def test_leftovers_are_removed_too_unless_localai_is_filling_them() -> None:
    state = installed(
        concrete("piper"),
        leftover("piper.backup", concrete("piper")),
        leftover("piper.install-tmp", Directory(""), busy=True),
        leftover("other.backup", concrete("other")),
    )
    reasons = removal(["piper"], state, {}).reasons
    assert reasons == {"piper": "state is absent", "piper.backup": "it was LocalAI's leftover of piper"}


def test_previous_versions_without_their_backend_are_removed() -> None:
    state = having(installed(), previous_version("piper", 2), previous_version("piper", 1))
    needed = removal(["PIPER"], state, {})
    assert (needed.reasons, needed.answers) == (
        {"piper": "only previous versions of it existed"},
        {"PIPER": "piper"},
    )
    (step,) = decide(want("PIPER", state="absent"), state).steps
    assert isinstance(step, Remove)
    assert (step.before, step.after) == ({"previous": 2}, {})


def test_a_meta_backend_whose_name_has_its_gallery_is_removed_by_that_name() -> None:
    state = installed(meta("g@m", "cpu-m"), concrete("cpu-m"))
    assert decide(want("m", state="absent"), state).steps == ()
    decided = decide(want("g@m", state="absent"), state)
    assert [step.backend for step in decided.steps] == ["cpu-m", "g@m"]
    assert [(outcome.name, outcome.action) for outcome in decided.outcomes] == [("g@m", "remove")]


def test_a_sound_meta_backend_has_no_problem_before_its_removal() -> None:
    decided = decide(want("m", state="absent"), installed(meta("m", "z"), concrete("z")))
    assert ["problem" in step.before for step in decided.steps] == [False, False]
    (step,) = decide(want("m", state="absent"), installed(meta("m", "z"))).steps
    assert step.before["problem"] == "z, which it points to, is missing"

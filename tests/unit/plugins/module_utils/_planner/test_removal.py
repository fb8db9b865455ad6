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
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Remove
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
    assert removal(["M", "x", "nobody"], state) == Removal(
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
    reasons = removal(["piper"], state).reasons
    assert reasons == {"piper": "state is absent", "piper.backup": "it was LocalAI's leftover of piper"}


def test_previous_versions_without_their_backend_are_removed() -> None:
    state = having(installed(), previous_version("piper", 2), previous_version("piper", 1))
    needed = removal(["PIPER"], state)
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

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases of the benchmark: they fit together, and `BENCH_ONLY` selects them."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.tests.bench.cases import CASES, FLAT, OTHER_GOAL, selected
from ansible_collections.localai.core.tests.bench.variants import OTHER, OURS

NAMES = [case.name for case in CASES]


def test_no_two_cases_have_one_name():
    assert len(set(NAMES)) == len(NAMES)
    assert not set(NAMES) & {case.group for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_goals_are_about_variants_of_the_case(case):
    assert all({one, other} <= set(case.compared) for one, other, _most in case.limits)
    assert ((OURS, OTHER, OTHER_GOAL) in case.goals) == (OURS in case.compared)


def test_memory_is_compared_between_cases():
    assert {name for pair in FLAT for name in pair} <= set(NAMES)


def test_a_case_with_a_share_of_the_rounds_is_measured_once_at_least():
    rounds = {case.share: [case.rounds(total) for total in (1, 2, 5)] for case in CASES}
    assert rounds == {1: [1, 2, 5], 0.5: [1, 1, 3], 0: [1, 1, 1]}


def test_nothing_in_particular_is_everything():
    assert selected("") == (list(CASES), True)


def test_groups_and_names_can_be_mixed():
    cases, with_plays = selected("memory, file,converged")
    assert [case.name for case in cases] == ["file", "fat", "fat archive"]
    assert with_plays
    assert not selected("file")[1]


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(SystemExit, match=r"there is no fiel\. There are: .*archive, 30 ms.*throttled"):
        selected("file,fiel")

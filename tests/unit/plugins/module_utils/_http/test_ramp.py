# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many connections are used, on lines of all kinds."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._http.ramp import Ramp

MB = 1000**2


def counts(rate_of, most=8, steps=10, **settings):
    """The numbers of connections of a transfer, whose rate is a function of that number."""
    ramp, seen = Ramp(most, **settings), [1]
    for step in range(steps):
        ramp.measured(rate_of(ramp.count), step * 0.2, is_waiting=True)
        seen.append(ramp.count)
    return seen


def test_connections_are_added_while_the_rate_grows():
    assert counts(lambda count: count * 20 * MB)[:5] == [1, 2, 4, 8, 8]


def test_a_line_that_one_connection_fills_keeps_one():
    assert counts(lambda count: 40 * MB) == [1, 2, *[1] * 9]


def test_connections_that_bring_nothing_are_closed_again():
    assert counts(lambda count: min(count, 4) * 20 * MB)[:6] == [1, 2, 4, 8, 4, 4]


@pytest.mark.parametrize("most", [1, 2, 3, 5, 32])
def test_there_are_never_more_than_allowed(most):
    assert max(counts(lambda count: count * MB, most)) == most


def test_another_attempt_is_made_after_a_while_and_then_less_and_less_often():
    seen = counts(lambda count: 40 * MB, steps=2000)
    attempts = [step for step, count in enumerate(seen) if count == 2]
    gaps = [after - before for before, after in zip(attempts, attempts[1:])]
    assert gaps[:4] == [51, 101, 201, 401]


def test_a_host_that_cannot_keep_up_gets_no_more_connections():
    ramp = Ramp(8)
    ramp.measured(20 * MB, 1.0, is_waiting=False)
    assert ramp.count == 1


def test_a_fast_connection_is_enough():
    assert set(counts(lambda count: count * 400 * MB)) == {1}


def test_a_limit_that_is_reached_is_not_exceeded():
    assert set(counts(lambda count: 10 * MB, limit=10 * MB)) == {1}
    assert max(counts(lambda count: min(count * 20, 100) * MB, limit=100 * MB)) == 8


@pytest.mark.parametrize(("working", "count"), [(3, 3), (0, 1), (9, 8)])
def test_after_a_failure_those_that_work_go_on(working, count):
    ramp = Ramp(8)
    for step in range(3):
        ramp.measured((step + 1) * 100 * MB, step, is_waiting=True)
    assert ramp.count == 8
    ramp.failed(working, 3.0)
    assert ramp.count == count
    ramp.measured(100 * MB, 12.0, is_waiting=True)
    assert ramp.count == count
    ramp.measured(100 * MB, 13.5, is_waiting=True)
    assert ramp.count == min(count * 2, 8)


def test_a_pause_that_the_server_asks_for_is_kept():
    ramp = Ramp(8)
    ramp.failed(1, 0.0, 60.0)
    ramp.measured(MB, 59.0, is_waiting=True)
    assert ramp.count == 1
    ramp.measured(MB, 61.0, is_waiting=True)
    assert ramp.count == 2

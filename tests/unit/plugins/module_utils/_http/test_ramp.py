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
    assert counts(lambda count: count * 20 * MB)[:5] == [1, 4, 8, 8, 8]


def test_a_line_that_one_connection_fills_keeps_one():
    assert counts(lambda count: 40 * MB) == [1, 4, *[1] * 9]


def test_connections_that_bring_nothing_are_closed_again():
    assert counts(lambda count: min(count, 4) * 20 * MB)[:6] == [1, 4, 8, 4, 4, 4]


@pytest.mark.parametrize("most", [1, 2, 3, 5, 32])
def test_there_are_never_more_than_allowed(most):
    assert max(counts(lambda count: count * MB, most)) == most


def test_another_attempt_is_made_after_a_while_and_then_less_and_less_often():
    seen = counts(lambda count: 40 * MB, steps=2000)
    attempts = [step for step, count in enumerate(seen) if count == 4]
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


@pytest.mark.parametrize(("failures", "count"), [(1, 7), (5, 3), (8, 1), (9, 1)])
def test_after_failures_those_that_work_go_on(failures, count):
    ramp = Ramp(8)
    for step in range(2):
        ramp.measured((step + 1) * 100 * MB, step, is_waiting=True)
    assert ramp.count == 8
    for _failure in range(failures):
        ramp.failed(3.0)
    assert ramp.count == count


def test_after_a_failure_connections_are_added_one_by_one():
    ramp = Ramp(8)
    ramp.measured(100 * MB, 0.0, is_waiting=True)
    ramp.failed(3.0)
    ramp.measured(300 * MB, 3.9, is_waiting=True)
    assert ramp.count == 3
    ramp.measured(300 * MB, 4.1, is_waiting=True)
    assert ramp.count == 4


def test_failures_make_the_attempts_rare():
    ramp, attempts, now = Ramp(8), [], 0.0
    while now < 200:
        ramp.measured(100 * MB * ramp.count, now, is_waiting=True)
        if ramp.count > 1:
            attempts.append(round(now))
            for _failure in range(ramp.count):
                ramp.failed(now)
        now += 0.2
    assert attempts == [0, 1, 3, 7, 15, 31, 63, 127]


def test_a_pause_that_the_server_asks_for_is_kept():
    ramp = Ramp(8)
    ramp.failed(0.0, 60.0)
    ramp.measured(MB, 59.0, is_waiting=True)
    assert ramp.count == 1
    ramp.measured(MB, 61.0, is_waiting=True)
    assert ramp.count == 2


def test_connections_are_kept_while_the_host_cannot_keep_up():
    ramp = Ramp(8)
    ramp.measured(20 * MB, 0.0, is_waiting=True)
    ramp.measured(20 * MB, 0.2, is_waiting=False)
    assert ramp.count == 4

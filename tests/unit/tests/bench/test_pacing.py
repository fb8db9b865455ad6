# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pacer holds a rate over time, and lets nobody make up for more than a moment."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.tests.bench.pacing import Pacer


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_bytes_take_their_time_after_those_before_them(clock):
    pacer = Pacer(1000, clock)
    assert [pacer.reserve(100) for _slice in range(3)] == pytest.approx([0.1, 0.2, 0.3])


def test_the_rate_holds_although_the_sender_oversleeps(clock):
    pacer, start = Pacer(1000, clock), clock.now
    for _slice in range(10):
        clock.now += pacer.reserve(100) + 0.005
    assert clock.now - start == pytest.approx(1.005)


def test_a_long_pause_earns_only_a_moment(clock):
    pacer = Pacer(1000, clock)
    clock.now += 60
    assert pacer.reserve(100) == pytest.approx(0.08)
    assert pacer.reserve(100) == pytest.approx(0.18)

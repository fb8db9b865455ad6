# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No more bytes arrive per second than allowed."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.localai.core.plugins.module_utils._http.client import Http
from ansible_collections.localai.core.plugins.module_utils._http.rate_limit import RateLimit
from ansible_collections.localai.core.plugins.module_utils._request import Connection
from ansible_collections.localai.core.tests.support.client import download


class Clock:
    """A time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        """Let time pass."""
        self.now += seconds


@pytest.mark.parametrize("rate", [1024, 10_000, 10**8])
def test_bytes_take_as_long_as_the_limit_demands(rate):
    clock = Clock()
    limit = RateLimit(rate, clock.sleep, clock)
    for _time in range(50):
        limit.wait(rate // 10)
    assert clock.now - 100.0 == pytest.approx(5.0, rel=0.02)


def test_a_pause_in_between_gives_no_credit():
    clock = Clock()
    limit = RateLimit(1000, clock.sleep, clock)
    limit.wait(1000)
    clock.sleep(60)
    limit.wait(1000)
    assert clock.now == pytest.approx(162.0)


def test_reads_are_so_small_that_no_pause_is_long():
    assert RateLimit(100_000).amount(262_144) == 25_000
    assert RateLimit(1).amount(262_144) == 1
    assert RateLimit(10**9).amount(262_144) == 262_144


def test_without_a_limit_nothing_is_limited():
    limit = RateLimit(None, lambda _seconds: pytest.fail("a pause"))
    limit.wait(10**12)
    assert limit.amount(12345) == 12345


def test_threads_share_a_limit():
    limit, start = RateLimit(1_000_000), time.monotonic()
    threads = [threading.Thread(target=lambda: [limit.wait(25_000) for _time in range(5)]) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.49 <= time.monotonic() - start < 10


def test_a_download_keeps_to_the_limit(server):
    client, start = Http(Connection(rate_limit=1_000_000)), time.monotonic()
    assert len(download(client, server.url + "/big")) == 600_000
    assert 0.55 < time.monotonic() - start < 20

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""Several connections: their bytes come in order, and what goes wrong with one of them harms nobody."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.parallel import Connections, PartsRefused
from ansible_collections.localai.core.plugins.module_utils._http.parts import MIB
from ansible_collections.localai.core.plugins.module_utils._http.ramp import Ramp
from ansible_collections.localai.core.plugins.module_utils._http.retry import Transient

SIZE = 30 * MIB
CONTENT = bytes(range(256)) * (SIZE // 256)


class Line:
    """A source of parts. `faults` are called with the number of the part before it is sent, and may raise or wait."""

    def __init__(self, *faults, seconds=0.0):
        self.requests = []
        self.most = 0
        self._active = 0
        self._faults = faults
        self._seconds = seconds
        self._lock = threading.Lock()

    def __call__(self, position, end):
        with self._lock:
            number = len(self.requests)
            self.requests.append((position, end))
            self._active += 1
            self.most = max(self.most, self._active)
        try:
            for start in range(position, end, 256 * 1024):
                for fault in self._faults:
                    fault(number, start - position)
                time.sleep(self._seconds)
                yield CONTENT[start : min(start + 256 * 1024, end)]
        finally:
            with self._lock:
                self._active -= 1


def ramp(count=4):
    """A ramp that has come so far and stays there unless connections fail."""
    reached = Ramp(count)
    reached.count = count
    return reached


def fetched(line, reached, offset=0):
    """All bytes that arrive."""
    with Connections(line, reached, offset, SIZE) as connections:
        body = b"".join(connections.chunks())
    return body, connections


def raising(error, *numbers, after=0):
    """The fault of some parts."""

    def fault(number, offset):
        if number in numbers and offset >= after:
            raise error

    return fault


@pytest.mark.parametrize("offset", [0, 1, 5 * MIB + 3, SIZE - 1])
@pytest.mark.parametrize("count", [2, 8])
def test_all_bytes_arrive_in_order(offset, count):
    line = Line()
    body, connections = fetched(line, ramp(count), offset)
    assert body == CONTENT[offset:]
    assert line.most <= count
    assert not connections.are_lost
    assert sum(end - start for start, end in line.requests) == SIZE - offset


@pytest.mark.parametrize("after", [0, MIB])
@pytest.mark.parametrize("error", [Transient("reset"), TransportError("refused", 403)])
def test_a_connection_that_fails_leaves_its_part_to_the_others(error, after):
    reached = ramp()
    body, connections = fetched(Line(raising(error, 1, after=after)), reached)
    assert body == CONTENT
    assert reached.count < 4
    assert not connections.are_refused


def test_if_all_fail_the_bytes_end_early():
    reached = ramp()
    line = Line(raising(Transient("503", 5.0), *range(2, 100)))
    body, connections = fetched(line, reached)
    assert CONTENT.startswith(body)
    assert len(body) < SIZE
    assert reached.count == 1
    assert len(line.requests) <= 6
    assert connections.are_lost


def test_a_server_that_refuses_parts_is_not_asked_again():
    reached = ramp(8)
    line = Line(raising(PartsRefused("200"), *range(100)))
    body, connections = fetched(line, reached)
    assert body == b""
    assert connections.are_refused
    assert connections.are_lost
    assert len(line.requests) <= 8


def test_a_connection_that_is_slow_alone_loses_its_part():
    released = threading.Event()
    line = Line(lambda number, offset: number == 3 and offset >= MIB and released.wait(20), seconds=0.002)
    reached, start = ramp(), time.monotonic()
    body, _connections = fetched(line, reached)
    released.set()
    assert body == CONTENT
    assert time.monotonic() - start < 5


def test_a_source_that_ends_early_is_a_failure():
    def short(position, end):
        yield CONTENT[position : end - 1] if position == 0 else CONTENT[position:end]

    reached = ramp()
    assert fetched(short, reached)[0] == CONTENT
    assert reached.count < 4


def test_a_source_that_sends_too_much_is_a_failure():
    def long(position, end):
        yield CONTENT[position : end + 1] if position == 0 else CONTENT[position:end]

    reached = ramp()
    with Connections(long, reached, 0, SIZE) as connections:
        body = b"".join(connections.chunks())
    assert CONTENT.startswith(body)


def test_connections_are_added_while_that_brings_more():
    reached = Ramp(8)
    reached.count = 2
    line = Line(seconds=0.01)
    assert fetched(line, reached)[0] == CONTENT
    assert line.most > 2


def test_one_connection_is_left_to_the_caller():
    class Falls(Ramp):
        def measured(self, rate, now, *, is_waiting):
            self.count = 1

    reached = Falls(8)
    reached.count = 2
    body, connections = fetched(Line(seconds=0.01), reached)
    assert CONTENT.startswith(body)
    assert MIB < len(body) < SIZE
    assert connections.are_lost


def test_the_end_of_the_context_ends_the_connections():
    line = Line(seconds=0.01)
    with Connections(line, ramp(), 0, SIZE) as connections:
        next(connections.chunks())
    requests = len(line.requests)
    deadline = time.monotonic() + 5
    while not connections.are_lost and time.monotonic() < deadline:
        time.sleep(0.01)
    assert connections.are_lost
    assert len(line.requests) <= requests + 1


def test_a_host_that_allows_no_more_threads_goes_on_with_those_that_it_has(monkeypatch):
    start, started = threading.Thread.start, []

    def limited(thread):
        if len(started) >= 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    assert fetched(Line(), ramp(8))[0] == CONTENT
    started += [None, None]
    monkeypatch.setattr(threading.Thread, "start", lambda _thread: limited(None))
    assert fetched(Line(), ramp(8))[0] == b""


def test_a_slow_reader_stops_the_connections():
    line = Line()
    with Connections(line, ramp(8), 0, SIZE) as connections:
        chunks = connections.chunks()
        next(chunks)
        time.sleep(0.3)
        assert max(end for _start, end in line.requests) <= 15 * MIB
        assert len(b"".join(chunks)) > 0

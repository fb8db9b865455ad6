# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stage that runs ahead gives the same as one that does not, and leaves nothing behind."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._unpack.read_ahead import DEPTH, read_ahead

PIECES = [bytes([number]) for number in range(100)]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    before = threading.active_count()
    yield
    assert threading.active_count() == before


class Source:
    """Chunks, of which it counts how many were taken, and whether somebody closed it."""

    def __init__(self, pieces=PIECES, error=None):
        self.taken = 0
        self.closed = False
        self.threads = set()
        self._pieces = pieces
        self._error = error

    def chunks(self):
        try:
            for piece in self._pieces:
                self.taken += 1
                self.threads.add(threading.current_thread())
                yield piece
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True


@pytest.mark.parametrize("pieces", [PIECES, PIECES[:1], [], [b"", b"x", b""]], ids=["many", "one", "none", "empty"])
def test_all_comes_in_its_order(pieces):
    source = Source(pieces)
    with read_ahead(source.chunks()) as chunks:
        assert list(chunks) == pieces
    assert source.closed
    assert threading.current_thread() not in source.threads


def test_what_has_ended_stays_ended():
    with read_ahead(Source().chunks()) as chunks:
        assert list(chunks) == PIECES
        assert list(chunks) == []


def test_an_error_comes_after_what_came_before_it():
    error = SourceError("the line went dead")
    with read_ahead(Source(error=error).chunks()) as chunks:
        assert [next(chunks) for _piece in PIECES] == PIECES
        with pytest.raises(SourceError) as caught:
            next(chunks)
    assert caught.value is error


@pytest.mark.parametrize("read", [0, 1, 50, 100])
def test_the_source_is_closed_wherever_it_was(read):
    source = Source()
    with read_ahead(source.chunks()) as chunks:
        for _count in range(read):
            next(chunks)
    # A generator that was never begun has nothing to close.
    assert source.closed == (read > 0)


def test_an_error_of_the_reader_closes_the_source_and_is_passed_on():
    source = Source()

    def read():
        with read_ahead(source.chunks()) as chunks:
            next(chunks)
            raise SourceError("mine")

    with pytest.raises(SourceError, match="mine"):
        read()
    assert source.closed


def test_it_runs_ahead_by_a_few_chunks_and_no_more():
    source, caught_up = Source(), threading.Event()

    def watched():
        for count, chunk in enumerate(source.chunks(), start=1):
            if count == DEPTH:
                caught_up.set()
            yield chunk

    with read_ahead(watched()) as chunks:
        for read in range(1, 50):
            next(chunks)
            assert source.taken <= read + DEPTH
        assert caught_up.wait(10)


def test_stages_follow_one_another():
    first = Source()
    with read_ahead(first.chunks()) as chunks, read_ahead(chunk * 2 for chunk in chunks) as doubled:
        assert list(doubled) == [piece * 2 for piece in PIECES]
    assert first.closed


@pytest.mark.parametrize("read", [0, 1, 50])
def test_stages_that_nobody_reads_on_are_all_closed(read):
    first, second = Source(), Source()

    def both(chunks):
        yield from zip(chunks, second.chunks())

    with read_ahead(first.chunks()) as chunks, read_ahead(both(chunks)) as pairs:
        for _count in range(read):
            next(pairs)
    assert (first.closed, second.closed) == (read > 0, read > 0)

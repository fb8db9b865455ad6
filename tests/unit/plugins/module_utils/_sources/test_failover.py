# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One content from several places: nothing twice, nothing missing, and whoever is to blame is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    IntegrityError,
    SourceError,
    TransportError,
)
from ansible_collections.localai.core.plugins.module_utils._sources.failover import Attempts, Place, Relay

CONTENT = bytes(range(100))
WRONG = IntegrityError("wrong digest")
DEAD = TransportError("silent")


class Mirror:
    """Gives its content in pieces of ten bytes and breaks at some byte; remembers where it had to begin."""

    def __init__(self, name, ends_at=None, error=DEAD, content=CONTENT, local=False):
        self.asked = []
        self._ends_at = ends_at
        self._error = error
        self._content = content
        self.place = Place(name, self._read, local)

    def _read(self, *what_and_offset):
        self.asked.append(what_and_offset)
        offset = what_and_offset[-1]
        end = len(self._content) if self._ends_at is None else self._ends_at
        for start in range(offset, end, 10):
            yield self._content[start : min(start + 10, end)]
        if self._ends_at is not None:
            raise self._error


def read(relay, *mirrors, what=()):
    return b"".join(relay.read([mirror.place for mirror in mirrors], *what))


def test_the_first_place_is_enough_when_it_works():
    relay, first, second = Relay(), Mirror("a"), Mirror("b")
    assert read(relay, first, second) == CONTENT
    assert (relay.served, relay.transferred) == ([first.place], len(CONTENT))
    assert (first.asked, second.asked) == ([(0,)], [])


@pytest.mark.parametrize("error", [TransportError("silent"), SourceError("no such file"), WRONG])
@pytest.mark.parametrize("at", [0, 1, 10, 55, 99, 100])
def test_the_next_place_goes_on_at_the_byte(at, error):
    relay, first, second = Relay(), Mirror("a", at, error), Mirror("b")
    assert read(relay, first, second) == CONTENT
    assert second.asked == [(at,)]
    assert relay.transferred == len(CONTENT)
    assert relay.served == [mirror.place for mirror, gave in ((first, at > 0), (second, at < 100)) if gave]


@given(st.lists(st.integers(0, len(CONTENT)), max_size=6))
def test_wherever_places_break_the_last_one_completes_it(breaks):
    relay = Relay()
    assert read(relay, *(Mirror("x", at) for at in breaks), Mirror("last")) == CONTENT
    assert relay.transferred == len(CONTENT)


def test_a_place_is_told_what_to_read_and_then_where_to_begin():
    first, second = Mirror("a", 30), Mirror("b")
    assert read(Relay(), first, second, what=("layer",)) == CONTENT
    assert (first.asked, second.asked) == ([("layer", 0)], [("layer", 30)])


def test_when_all_fail_the_error_names_each():
    with pytest.raises(TransportError) as caught:
        read(Relay(), Mirror("a", 10, SourceError("no such file")), Mirror("b", 20))
    assert str(caught.value) == "a: no such file; b: silent"


def test_the_error_of_an_only_place_stands_for_itself():
    with pytest.raises(TransportError, match=r"^silent$"):
        read(Relay(), Mirror("a", 10))


def test_an_error_of_this_host_is_no_reason_to_go_on_elsewhere():
    second = Mirror("b")
    with pytest.raises(HostError):
        read(Relay(), Mirror("a", 10, HostError("disk")), second)
    assert second.asked == []


def test_bytes_of_this_host_are_not_transferred():
    relay, local = Relay(), Mirror("a", 40, local=True)
    assert read(relay, local, Mirror("b")) == CONTENT
    assert relay.transferred == 60


def test_several_contents_are_counted_together_and_places_once():
    relay, mirror = Relay(), Mirror("a")
    for _layer in range(3):
        read(relay, mirror)
    assert (relay.served, relay.transferred) == ([mirror.place], 300)


def test_a_watcher_is_told_how_many_bytes_have_come_and_where_from():
    seen = []
    relay = Relay(lambda *told: seen.append(told))
    read(relay, Mirror("a", 25, local=True), Mirror("b"))
    read(relay, Mirror("c"))
    assert seen[:4] == [(10, "a"), (20, "a"), (25, "a"), (35, "b")]
    assert (seen[-11], seen[-1]) == ((100, "b"), (200, "c"))


# attempts


A, B, C = (Mirror(name).place for name in "ABC")


def attempts(*outcomes):
    """Make attempts that end so, an error with the places that gave bytes each; returns who was asked each time."""
    asked = []
    running = Attempts((A, B, C))
    for places, (error, served) in zip(running, [*outcomes, (None, ())]):
        asked.append("".join(place.name for place in places))
        if error is None:
            break
        running.failed(error, served)
    return asked


@pytest.mark.parametrize(
    ("outcomes", "asked"),
    [
        ([], ["ABC"]),
        ([(WRONG, [A])], ["ABC", "BC"]),
        ([(WRONG, [B])], ["ABC", "AC"]),
        ([(WRONG, [A]), (WRONG, [B]), (WRONG, [C])], ["ABC", "BC", "C"]),
        # They gave it together, so it is not known who.
        ([(WRONG, [A, B])], ["ABC", "A"]),
        ([(WRONG, [A, B]), (WRONG, [A])], ["ABC", "A", "B"]),
        ([(WRONG, [B, C]), (DEAD, [])], ["ABC", "A", "B"]),
        ([(WRONG, [A, C]), (WRONG, [A]), (DEAD, [B]), (WRONG, [C])], ["ABC", "A", "B", "C"]),
        # All of them have been asked already.
        ([(DEAD, [])], ["ABC"]),
        ([(DEAD, [A, B, C])], ["ABC"]),
        # What is wrong was seen before any byte came.
        ([(SourceError("no layers"), [])], ["ABC"]),
    ],
)
def test_who_is_to_blame_is_not_asked_again(outcomes, asked):
    assert attempts(*outcomes) == asked


def test_without_a_place_there_is_no_attempt():
    assert list(Attempts(())) == []


@given(st.lists(st.tuples(st.sampled_from([WRONG, DEAD]), st.sets(st.sampled_from("ABC"))), min_size=20, max_size=20))
def test_attempts_end_whatever_happens(outcomes):
    running, left = Attempts((A, B, C)), iter(outcomes)
    count = 0
    for places in running:
        error, names = next(left)
        running.failed(error, [place for place in places if place.name in names])
        count += 1
    assert 1 <= count <= 4

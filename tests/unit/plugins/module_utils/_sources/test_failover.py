# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One content from several origins: nothing twice, nothing missing, and the origin to blame is dropped."""

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
from ansible_collections.localai.core.plugins.module_utils._sources.failover import (
    FailoverReader,
    Origin,
    OriginSelector,
)

CONTENT = bytes(range(100))
WRONG = IntegrityError("wrong digest")
SILENT = TransportError("silent")


class Mirror:
    """Gives its content in pieces of ten bytes and breaks at some byte; remembers where it had to begin."""

    def __init__(self, name, ends_at=None, error=SILENT, content=CONTENT, local=False):
        self.asked = []
        self._ends_at = ends_at
        self._error = error
        self._content = content
        self.origin = Origin(name, self._read, local)

    def _read(self, *what_and_offset):
        self.asked.append(what_and_offset)
        offset = what_and_offset[-1]
        end = len(self._content) if self._ends_at is None else self._ends_at
        for start in range(offset, end, 10):
            yield self._content[start : min(start + 10, end)]
        if self._ends_at is not None:
            raise self._error


def read(reader, *mirrors, what=()):
    return b"".join(reader.read([mirror.origin for mirror in mirrors], *what))


def test_the_first_origin_is_enough_when_it_works():
    reader, first, second = FailoverReader(), Mirror("a"), Mirror("b")
    assert read(reader, first, second) == CONTENT
    assert (reader.served, reader.transferred) == ([first.origin], len(CONTENT))
    assert (first.asked, second.asked) == ([(0,)], [])


@pytest.mark.parametrize("error", [TransportError("silent"), SourceError("no such file"), WRONG])
@pytest.mark.parametrize("at", [0, 1, 10, 55, 99, 100])
def test_the_next_origin_goes_on_at_the_byte(at, error):
    reader, first, second = FailoverReader(), Mirror("a", at, error), Mirror("b")
    assert read(reader, first, second) == CONTENT
    assert second.asked == [(at,)]
    assert reader.transferred == len(CONTENT)
    assert reader.served == [mirror.origin for mirror, gave in ((first, at > 0), (second, at < 100)) if gave]


@given(st.lists(st.integers(0, len(CONTENT)), max_size=6))
def test_wherever_origins_break_the_last_one_completes_it(breaks):
    reader = FailoverReader()
    assert read(reader, *(Mirror("x", at) for at in breaks), Mirror("last")) == CONTENT
    assert reader.transferred == len(CONTENT)


def test_an_origin_gets_what_to_read_and_then_the_offset():
    first, second = Mirror("a", 30), Mirror("b")
    assert read(FailoverReader(), first, second, what=("layer",)) == CONTENT
    assert (first.asked, second.asked) == ([("layer", 0)], [("layer", 30)])


def test_if_all_fail_the_error_names_each():
    with pytest.raises(TransportError) as caught:
        read(FailoverReader(), Mirror("a", 10, SourceError("no such file")), Mirror("b", 20))
    assert str(caught.value) == "a: no such file; b: silent"


def test_the_error_of_an_only_origin_is_not_named_twice():
    with pytest.raises(TransportError, match=r"^silent$"):
        read(FailoverReader(), Mirror("a", 10))


def test_an_error_of_this_host_is_no_reason_to_go_on_elsewhere():
    second = Mirror("b")
    with pytest.raises(HostError):
        read(FailoverReader(), Mirror("a", 10, HostError("disk")), second)
    assert second.asked == []


def test_bytes_of_this_host_are_not_transferred():
    reader, local = FailoverReader(), Mirror("a", 40, local=True)
    assert read(reader, local, Mirror("b")) == CONTENT
    assert reader.transferred == 60


def test_several_contents_are_counted_together_and_origins_once():
    reader, mirror = FailoverReader(), Mirror("a")
    for _layer in range(3):
        read(reader, mirror)
    assert (reader.served, reader.transferred) == ([mirror.origin], 300)


def test_a_watcher_gets_the_number_of_bytes_and_their_origin():
    seen = []
    reader = FailoverReader(lambda *told: seen.append(told))
    read(reader, Mirror("a", 25, local=True), Mirror("b"))
    read(reader, Mirror("c"))
    assert seen[:4] == [(10, "a"), (20, "a"), (25, "a"), (35, "b")]
    assert (seen[-11], seen[-1]) == ((100, "b"), (200, "c"))


def test_a_content_is_read_from_a_byte_on():
    reader, first, second = FailoverReader(), Mirror("a", 40), Mirror("b")
    assert b"".join(reader.read([first.origin, second.origin], "layer", offset=30)) == CONTENT[30:]
    assert (first.asked, second.asked) == ([("layer", 30)], [("layer", 40)])
    assert reader.transferred == 70


def test_bytes_of_an_earlier_run_are_read_and_neither_served_nor_transferred():
    seen = []
    reader = FailoverReader(lambda *told: seen.append(told))
    reader.note_kept(90)
    assert (reader.served, reader.transferred) == ([], 0)
    b"".join(reader.read([Mirror("a").origin], offset=90))
    assert seen == [(90, ""), (100, "a")]


# attempts


A, B, C = (Mirror(name).origin for name in "ABC")


def selections(*outcomes):
    """Return the selections of an attempt after the other; each ends with an error and the origins that gave bytes."""
    asked = []
    running = OriginSelector((A, B, C))
    for origins, (error, served) in zip(running, [*outcomes, (None, ())]):
        asked.append("".join(origin.name for origin in origins))
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
        # They gave it together, so it is not known which one is wrong.
        ([(WRONG, [A, B])], ["ABC", "A"]),
        ([(WRONG, [A, B]), (WRONG, [A])], ["ABC", "A", "B"]),
        ([(WRONG, [B, C]), (SILENT, [])], ["ABC", "A", "B"]),
        ([(WRONG, [A, C]), (WRONG, [A]), (SILENT, [B]), (WRONG, [C])], ["ABC", "A", "B", "C"]),
        # All of them have been queried already.
        ([(SILENT, [])], ["ABC"]),
        ([(SILENT, [A, B, C])], ["ABC"]),
        # The error was raised before any byte arrived.
        ([(SourceError("no layers"), [])], ["ABC"]),
    ],
)
def test_the_origin_to_blame_is_not_queried_again(outcomes, asked):
    assert selections(*outcomes) == asked


def test_without_an_origin_there_is_no_selection():
    assert list(OriginSelector(())) == []


@given(st.lists(st.tuples(st.sampled_from([WRONG, SILENT]), st.sets(st.sampled_from("ABC"))), min_size=20, max_size=20))
def test_selections_end_whatever_happens(outcomes):
    running, left = OriginSelector((A, B, C)), iter(outcomes)
    count = 0
    for origins in running:
        error, names = next(left)
        running.failed(error, [origin for origin in origins if origin.name in names])
        count += 1
    assert 1 <= count <= 4

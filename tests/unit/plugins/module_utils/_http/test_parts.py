# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts that arrive in any order are taken in order, whatever happens to those who fetch them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._http.parts import AHEAD, MIB, Parts


def body(size):
    return random.Random(size).randbytes(size) if hasattr(random.Random, "randbytes") else bytes(size)


def drain(parts):
    """All bytes that can be taken now."""
    return b"".join(iter(parts.take, None))


def claim_all(parts, owner, now=0.0):
    """All parts that can be begun with eight connections."""
    return list(iter(lambda: parts.claim(owner, now, 8), None))


def fill(parts, part, owner, content, now=0.0):
    """Add all that is missing in a part."""
    assert parts.add(part, owner, content[part.position : part.end], now)


def test_parts_are_claimed_in_order_and_together_have_every_byte():
    size = 10 * MIB + 17
    content, parts = body(size), Parts(5, size)
    claimed = claim_all(parts, "a")
    assert [claimed[0].position, claimed[-1].end] == [5, size]
    assert all(before.end == after.position for before, after in zip(claimed, claimed[1:]))
    for part in reversed(claimed):
        assert parts.take() is None
        fill(parts, part, "a", content)
    assert parts.is_all_arrived
    assert drain(parts) == content[5:]


@pytest.mark.parametrize(("connections", "size"), [(2, 6), (4, 3), (8, 1.5), (32, 0.375), (64, 0.25)])
def test_the_more_connections_the_smaller_the_parts(connections, size):
    part = Parts(0, 100 * MIB).claim("a", 0.0, connections)
    assert part.end == int(size * MIB)


def test_what_is_not_taken_bounds_what_is_fetched():
    parts = Parts(0, 1000 * MIB)
    claimed = claim_all(parts, "a")
    last = claimed[-1].end
    assert AHEAD - 2 * MIB < last <= AHEAD
    assert parts.is_full
    assert parts.add(claimed[0], "a", bytes(claimed[0].size), 0.0)
    assert len(drain(parts)) == claimed[0].size
    assert not parts.is_full
    assert parts.claim("a", 0.0, 8).position == last


def test_with_one_connection_no_part_is_begun_but_one_that_was_given_back_is_fetched():
    parts = Parts(0, 10 * MIB)
    part = parts.claim("a", 0.0, 2)
    assert parts.claim("b", 0.0, 1) is None
    parts.add(part, "a", b"x" * 100, 0.0)
    parts.give_back(part, "a")
    again = parts.claim("b", 0.0, 1)
    assert (again.position, again.end, again.owner) == (100, 6 * MIB, "b")


def test_only_the_owner_adds_and_gives_back():
    parts = Parts(0, 10 * MIB)
    part = parts.claim("a", 0.0, 2)
    assert not parts.add(part, "b", b"x", 0.0)
    parts.give_back(part, "b")
    assert part.owner == "a"
    assert part.position == 0


def test_more_than_a_part_is_refused():
    parts = Parts(0, MIB)
    part = parts.claim("a", 0.0, 2)
    assert not parts.add(part, "a", bytes(MIB + 1), 0.0)
    assert parts.take() is None


def test_a_late_part_is_taken_over_and_keeps_its_bytes():
    content = body(20 * MIB)
    parts = Parts(0, 20 * MIB)
    slow, fast = parts.claim("slow", 0.0, 8), parts.claim("fast", 0.0, 8)
    parts.add(slow, "slow", content[:1000], 0.1)
    fill(parts, fast, "fast", content, 0.1)
    claim_all(parts, "fast", 0.2)
    assert parts.claim("fast", 0.4, 8) is None, "it is not late yet"
    again = parts.claim("fast", 0.6, 8)
    assert again is slow
    assert again.position == 1000
    assert not parts.add(slow, "slow", b"x", 0.7), "it has lost the part"
    fill(parts, slow, "fast", content, 0.7)
    assert drain(parts) == content[: fast.end]


def test_nothing_is_late_before_anything_has_arrived():
    parts = Parts(0, MIB // 4)
    parts.claim("a", 0.0, 8)
    assert parts.claim("b", 100.0, 8) is None


@given(st.data())
def test_whatever_happens_the_bytes_are_the_same_and_in_order(data):
    size = data.draw(st.integers(1, 40 * MIB), "size")
    offset = data.draw(st.integers(0, size - 1), "offset")
    generator = random.Random(data.draw(st.integers(), "seed"))
    parts, taken, now = Parts(offset, size), offset, 0.0
    held = {}

    def content(start, end):
        # Each byte tells its position; computed in blocks, because there are many.
        first = start // 251 * 251
        return (bytes(range(251)) * ((end - first) // 251 + 1))[start - first : end - first]

    while taken < size:
        now += generator.random() / 5
        owner = generator.randrange(8)
        if owner not in held:
            part = parts.claim(owner, now, generator.choice((2, 4, 8)))
            if part is not None:
                held[owner] = part
        else:
            part, action = held[owner], generator.random()
            if action < 0.1:
                parts.give_back(part, owner)
                del held[owner]
            elif part.owner != owner or part.is_complete:
                del held[owner]
            else:
                end = min(part.end, part.position + generator.randrange(1, 2 * MIB))
                assert parts.add(part, owner, content(part.position, end), now)
        if generator.random() < 0.5:
            chunk = parts.take()
            if chunk is not None:
                assert chunk == content(taken, taken + len(chunk))
                taken += len(chunk)
    assert parts.take() is None
    assert parts.is_all_arrived

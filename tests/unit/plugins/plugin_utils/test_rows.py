# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of names and mappings are merged, and what is wrong with any of them has its place."""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._rows import (
    Row,
    installed_name,
    is_list,
    merged,
    no_texts,
    problems_of_lists,
    row_of,
    wrong_state,
)


class Encrypted:
    """A text of a vault, before ansible-core 2.19."""

    __ENCRYPTED__ = True

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


def test_text_of_a_vault_is_text() -> None:
    secret = Encrypted("https://example.com/x.tar?token=secret")
    assert [is_list(value) for value in (secret, "a", b"a", ("a",))] == [False, False, False, True]
    assert row_of({"name": "mine", "uri": secret}) == {"name": "mine", "uri": secret}


@pytest.mark.parametrize(
    ("name", "installed"), [("a", "a"), (" A ", "a"), ("g@A/b", "a__b"), ("x@y@c", "c"), ("a/b", "a__b")]
)
def test_a_name_is_compared_as_it_is_installed(name: str, installed: str) -> None:
    assert installed_name(name) == installed


def test_a_later_entry_replaces_an_earlier_one_at_its_place() -> None:
    lists = {"x": ["a", "g@b/c"], "y": None, "z": [{"name": "A", "state": "latest", "uri": None}, "d", "B__C"]}
    assert merged(lists) == [{"name": "A", "state": "latest"}, {"name": "B__C"}, {"name": "d"}]


@pytest.mark.parametrize("value", ["a,b", {"name": "a"}, 7, True, [7], [None], [{}], [{"name": 7}], [" "], [["a"]]])
def test_what_is_no_item_is_left_out(value: Any) -> None:
    assert merged({"x": value, "y": ["b"]}) == [{"name": "b"}]


def problems(value: Any) -> list[str]:
    """The mistakes in a variable x whose items may have the keys name and size, of which size must not be odd."""

    def of_row(row: Row) -> Iterator[str]:
        if row.get("size", 0) % 2:
            yield "size is odd"

    return list(problems_of_lists({"x": value}, "tiny", ["name", "size"], of_row))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, []),
        (["a", {"name": "b", "size": 2}], []),
        ("a,b", ['x is text, not a list; on the command line, use JSON: -e \'{"x": ["tiny"]}\'']),
        ({"name": "a"}, ["x is not a list"]),
        (7, ["x is not a list"]),
        ([7], ["x, item 1: it is neither a name in quotes nor a mapping"]),
        (["a", None], ["x, item 2: it is neither a name in quotes nor a mapping"]),
        ([{"size": 2}], ["x, item 1: it has no name"]),
        ([" "], ["x, item 1: it has no name"]),
        ([{"name": "a", "color": 1}], ["x, item 1 (a): unknown key color; the keys are name, size"]),
        ([{"name": "a", "size": 3}], ["x, item 1 (a): size is odd"]),
    ],
)
def test_mistakes_have_their_place(value: Any, says: list[str]) -> None:
    assert problems(value) == says


def test_texts_and_states() -> None:
    assert list(no_texts({"name": "a", "uri": 7, "size": 1}, ["name", "uri", "alias"])) == [
        "uri must be text in quotes"
    ]
    assert [list(wrong_state(state)) for state in ("present", "gone")] == [
        [],
        ["its state is gone, not one of present, latest, absent"],
    ]

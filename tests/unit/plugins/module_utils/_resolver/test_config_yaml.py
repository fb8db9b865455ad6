# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configurations as YAML: what is written is read again as it was, here and by gopkg.in/yaml.v3 (tried with Go)."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._resolver.config_yaml import (
    parse_config,
    parse_typed,
    to_yaml,
)

NASTY = [
    "<",
    *(
        " ",
        "  ",
        "\t",
        "\n",
        "\n\n",
        "#",
        " #",
        ": ",
        ":",
        "- ",
        "-",
        "😀",
        "\x85",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\r",
        "\r\n",
    ),
    *(
        "yes",
        "0o17",
        "1e3",
        ".5",
        "._5",
        "<<",
        "=",
        "a",
        "'",
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a",
        "*a",
        "!t",
        "|",
        ">",
    ),
    *(
        "%",
        "@",
        "`",
        "?",
        "---",
        "...",
        "\x00",
        "\x07",
        "\x1b",
        "\x7f",
        "\xa0",
        "\u200b",
        "\ud7ff",
        "\ue000",
        "null",
        "~",
    ),
    *("true", "2001-01-01", "1:20", "{{ x }}", "{%", "\n ", " \n", "é", "word " * 60),
]
TEXTS = st.lists(st.sampled_from(NASTY), max_size=5).map("".join) | st.text()
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


# A document that begins like a page of HTML is taken for one.
KEYS = TEXTS.filter(lambda text: not re.match("<[!?A-Za-z]", text))


@given(st.dictionaries(KEYS, VALUES, max_size=3), st.booleans())
def test_what_is_written_is_read_again(document, in_order):
    read = parse_typed(to_yaml(document, in_order=in_order).encode())
    assert read == document
    assert repr(_sorted(read)) == repr(_sorted(document))


def _sorted(value):
    """The value with its keys in order, so that its text tells 1, 1.0 and True apart."""
    if isinstance(value, dict):
        return [(key, _sorted(value[key])) for key in sorted(value)]
    return list(map(_sorted, value)) if isinstance(value, list) else value


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_text_can_be_anywhere(text):
    for document in ({"k": text}, {"k": [text, [text]]}, {text: 1}, {"k": [{text: text}]}, {"k": {text: {text: []}}}):
        assert parse_typed(to_yaml(document).encode()) == document


def test_texts_of_several_lines_are_written_as_they_are():
    assert to_yaml({"t": "{{ a }}\n  {% if b %}\nc\n"}) == "t: |\n  {{ a }}\n    {% if b %}\n  c\n"


def test_keys_are_sorted_or_in_order():
    assert to_yaml({"b": 1, "a": 2}) == "a: 2\nb: 1\n"
    assert to_yaml({"b": 1, "a": 2}, in_order=True) == "b: 1\na: 2\n"


def test_long_lines_are_not_wrapped_and_values_not_aliased():
    shared = ["x " * 500 + "x"]
    text = to_yaml({"a": shared, "b": shared})
    assert max(map(len, text.splitlines())) > 1000
    assert "&" not in text
    assert "*" not in text


@pytest.mark.parametrize(
    "text", ["yes", "0o17", "1e3", ".5", "", "null", "true", "<<", "=", "1_000", "089", "1:20", "~"]
)
def test_texts_that_look_like_something_else_are_quoted(text):
    assert to_yaml({"k": text}).rstrip("\n") in (f'k: "{text}"', f"k: '{text}'", f"k: {text}")
    assert parse_typed(to_yaml({"k": text}).encode()) == {"k": text}


@example("")
@example(" \n")
@example("# only a comment\n")
@given(st.just("null"))
def test_a_configuration_may_be_empty(text):
    assert parse_config(text) == {}


@pytest.mark.parametrize("text", ["- a", "text", "1", "a: [", "a: 1\na: 2", "\t- x", "a: *b", "a: &a\n  b: *a\n"])
def test_what_is_no_mapping_or_no_yaml_is_an_error(text):
    with pytest.raises(GalleryError):
        parse_config(text)


@pytest.mark.long
def test_aliases_that_multiply_values_are_refused():
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    with pytest.raises(GalleryError, match="aliases"):
        parse_config("\n".join(lines))


def test_merge_keys_are_merged():
    assert parse_config("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n") == {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}}


def test_values_are_those_of_yaml_1_2():
    assert parse_config("a: yes\nb: 0o17\nc: 017\nd: 1:20\ne: 2001-01-01\nf: 'true'\ng: ~\n1: x\ntrue: y") == {
        "a": "yes",
        "b": 15,
        "c": 15,
        "d": "1:20",
        "e": "2001-01-01",
        "f": "true",
        "g": None,
        "1": "x",
        "true": "y",
    }

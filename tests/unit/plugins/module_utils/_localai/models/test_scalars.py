# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scalars of YAML documents, as gopkg.in/yaml.v3 v3.0.1 decodes them into interfaces: its values, tried with Go."""

from __future__ import annotations

import math

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.models.scalars import (
    Budget,
    Plain,
    is_too_deep,
    scalar,
    typed,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0o17", 15),
        ("0O17", 15),
        ("-0o17", -15),
        ("+0o17", 15),
        ("017", 15),
        ("-017", -15),
        ("0b11", 3),
        ("0x1F", 31),
        ("+0x1f", 31),
        ("0x_1", 1),
        ("1_000", 1000),
        ("1__0", 10),
        ("1_", 1),
        ("-0", 0),
        ("00", 0),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_whole_numbers_are_whole_numbers(text, value):
    assert scalar(text) == value
    assert isinstance(scalar(text), int)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (".5", 0.5),
        ("5.", 5.0),
        ("+.5", 0.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("1_0.5", 10.5),
        (".5_0", 0.5),
        ("+._5", 0.5),
        ("089", 89.0),
        ("1e-400", 0.0),
        ("18446744073709551616", 2.0**64),
        ("-9223372036854775809", -(2.0**63)),
        ("0." + "1" * 500, 0.1111111111111111),
    ],
)
def test_other_numbers_are_floats(text, value):
    assert scalar(text) == value
    assert isinstance(scalar(text), float)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "no", "on", "off", "y", "n", "tRue", "nUll", "nan", "inf", "Infinity", "1:20", "190:20:30.15"),
        *("0xg", "0o8", "0b2", "0o", "0x", "1e", "1e+", "1e400", "-1e400", "+", "-", ".", "..", "0.1.2", "1,000"),
        *("0x1p3", "._5", ".5_", "_1", "<<", "=", "2001-01-01", "٣", "1" * 5000),
    ],
)
def test_everything_else_is_text(text):
    assert scalar(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("NULL", None),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_constants_have_three_spellings(text, value):
    assert scalar(text) is value or scalar(text) == value


def test_not_a_number_is_a_float():
    assert math.isnan(scalar(".NaN"))


def test_only_plain_scalars_mean_something_else_than_text():
    document = {Plain("1"): [Plain("2"), "2", {Plain("true"): Plain("off")}], "k": None}
    assert typed(document) == {"1": [2, "2", {"true": "off"}], "k": None}


def test_aliases_that_stand_for_very_many_values_are_refused():
    bomb = ["x"]
    for _level in range(40):
        bomb = [bomb, bomb]
    with pytest.raises(GalleryError, match="aliases stand for more than 1000000 values"):
        typed({"overrides": bomb})


def test_a_document_that_contains_itself_is_refused():
    document: dict = {}
    document["self"] = document
    with pytest.raises(GalleryError, match="nested more than 100 levels"):
        typed(document)


def test_documents_with_one_budget_may_not_be_too_large_together():
    budget = Budget(10)
    assert typed(["x"] * 8, budget) == ["x"] * 8
    with pytest.raises(GalleryError):
        typed(["x"], budget)


@pytest.mark.parametrize("nest", [lambda value: [value], lambda value: {"k": value}])
def test_only_a_hundred_levels_are_allowed(nest):
    value = "x"
    for _level in range(100):
        value = nest(value)
    assert not is_too_deep(value)
    assert is_too_deep(nest(value))
    assert is_too_deep({"a": 1, "b": [nest(value)]})

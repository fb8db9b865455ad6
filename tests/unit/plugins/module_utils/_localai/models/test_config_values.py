# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How LocalAI reads the values of a configuration. The expected answers are those of gopkg.in/yaml.v3."""

from __future__ import annotations

import datetime as dt
import math
import typing as t

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.config_types import Scalar
from ansible_collections.localai.core.plugins.module_utils._localai.models.config_values import (
    Section,
    accepts,
    cut,
    resolved,
    written,
)

DATE = dt.date(2026, 8, 22)
TOO_LARGE = 10**400

ACCEPTED: dict[Scalar, list[object]] = {
    Scalar.TEXT: ["", "a", "1", 1, 0.7, True, math.nan, TOO_LARGE, DATE],
    Scalar.INTEGER: [0, -1, 2**63 - 1, -(2**63), 2.0, 0.7, -0.5, 1e18, float(2**63), -1e300, -math.inf, -(2**63) - 1],
    Scalar.INTEGER_32: [0, 2**31 - 1, -(2**31), 0.7, 2**31 - 0.5, -(2**31) - 0.5],
    Scalar.NUMBER: [0, 1, -0.5, 2**64, 1e300, math.nan, math.inf, -math.inf],
    Scalar.BOOLEAN: [True, False, "yes", "Yes", "YES", "y", "no", "n", "on", "On", "off", "OFF"],
    Scalar.BOOLEAN_OR_INTEGER: [True, False, 0, 5, -1, 2**63 - 1, "yes", "off"],
    Scalar.ANYTHING: ["", "a", 1, 0.7, True, [], {}, [{"a": [1]}], math.nan, TOO_LARGE, DATE],
}

REFUSED: dict[Scalar, list[object]] = {
    Scalar.TEXT: [[], {}, ["a"], {"a": "b"}],
    Scalar.INTEGER: ["", "1", "a", True, False, 2**63, 1e19, math.nan, math.inf, TOO_LARGE, [], {}, [1], DATE],
    Scalar.INTEGER_32: ["1", True, 2**31, -(2**31) - 1, float(2**31), -1e300, -math.inf, math.nan, [], {}],
    Scalar.NUMBER: ["", "0.7", "1", True, False, TOO_LARGE, -TOO_LARGE, [], {}, DATE],
    Scalar.BOOLEAN: ["", "true", "false", "yEs", "1", 0, 1, 1.0, [], {}, DATE],
    Scalar.BOOLEAN_OR_INTEGER: ["", "true", "1", 1.0, 0.5, 2**63, 2**70, math.nan, [], {}, DATE],
}


@pytest.mark.parametrize("expected", ACCEPTED)
def test_values_of_a_type_are_accepted(expected: Scalar) -> None:
    assert [value for value in ACCEPTED[expected] if not accepts(expected, value)] == []


@pytest.mark.parametrize("expected", REFUSED)
def test_values_of_another_type_are_refused(expected: Scalar) -> None:
    assert [value for value in REFUSED[expected] if accepts(expected, value)] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (0.7, "0.7"),
        (2.0, "2.0"),
        (1e20, "1.0e+20"),
        (1.5e-07, "1.5e-07"),
        (math.nan, ".nan"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
    ],
)
def test_a_value_is_written_as_in_a_yaml_file(value: object, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize(
    ("value", "read"),
    [(2**64 - 1, 2**64 - 1), (2**64, float(2**64)), (-(2**63) - 1, -float(2**63)), (TOO_LARGE, str(TOO_LARGE))],
)
def test_an_integer_beyond_64_bits_is_read_as_something_else(value: int, read: object) -> None:
    assert resolved(value) == read
    assert type(resolved(value)) is type(read)


@pytest.mark.parametrize(
    ("number", "integer"),
    [(0.7, 0), (-0.7, 0), (-1.5, -1), (7, 7), (1e300, -(2**63)), (-math.inf, -(2**63)), (math.nan, -(2**63))],
)
def test_a_fraction_is_cut_off(number: float, integer: int) -> None:
    assert cut(number) == integer


def test_a_section_reads_values_as_localai_does() -> None:
    section = Section(
        {"t": 1.5, "n": "on", "f": True, "off": "off", "i": 3.9, "x": 7, "l": ["a", None, 2], "none": None}
    )
    assert (section.text("t"), section.text("none"), section.text("missing")) == ("1.5", "", "")
    assert (section.is_on("n"), section.is_on("f")) == (True, True)
    assert (section.is_on("off"), section.is_on("none")) == (False, False)
    assert (section.integer("i"), section.integer("none"), section.number("x"), section.number("none")) == (
        3,
        0,
        7.0,
        0.0,
    )
    assert section.texts("l") == ["a", "2"]


def test_a_section_names_what_is_inside_it_in_full() -> None:
    inner: list[t.Any] = [None, {"b": 1}]
    listed = Section({"a": {"list": inner}}).section("a").sections("list")
    assert [section.where("b") for section in listed] == ["a.list[1].b"]
    assert Section({}).section("a").sections("list") == []

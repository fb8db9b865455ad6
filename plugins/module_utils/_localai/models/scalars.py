# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scalars of YAML documents, as LocalAI reads them. Pure.

Follows `resolve` in `resolve.go` of gopkg.in/yaml.v3, which is YAML 1.2 with some of 1.1. PyYAML reads YAML 1.1.
"""

from __future__ import annotations

import math
import re
import typing as t

from ..._errors import GalleryError

_CONSTANTS: dict[str, t.Any] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]([0-7]+)|0[bB]([01]+)|0([0-7]+)|(0|[1-9][0-9]*))", re.ASCII)
_BASES = (16, 8, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])", re.ASCII)
# Python limits the digits that it converts.
_MOST_DIGITS = 4000
_LEAST_INTEGER, _MOST_INTEGER = -(2**63), 2**64 - 1
# Aliases can multiply the values of a document and nest it, and the parser counts them once.
_MOST_VALUES, _MOST_LEVELS = 1000000, 100


class Plain(str):
    """A plain scalar of a YAML document: its text, which can mean something else than text."""

    __slots__ = ()


class Budget:
    """How many values documents may have, together, with what their aliases stand for."""

    def __init__(self, values: int = _MOST_VALUES) -> None:
        self._left = values

    def spend(self) -> None:
        """Count a value; raises GalleryError if there are too many."""
        self._left -= 1
        if self._left < 0:
            raise GalleryError(f"its aliases stand for more than {_MOST_VALUES} values, which is not plausible")


def typed(document: t.Any, budget: Budget | None = None) -> t.Any:
    """Return a YAML document with the values that its plain scalars mean; keys are text.

    Dates stay text, which is what LocalAI's configurations have for them. Raises GalleryError for a document that is
    too large or too deep for its `budget`.
    """
    return _typed(document, budget or Budget(), 0)


def _typed(value: t.Any, budget: Budget, level: int) -> t.Any:
    budget.spend()
    if level > _MOST_LEVELS:
        raise GalleryError(f"it is nested more than {_MOST_LEVELS} levels deep")
    if isinstance(value, Plain):
        return scalar(str(value))
    if isinstance(value, dict):
        return {str(key): _typed(item, budget, level + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, budget, level + 1) for item in value]
    return value


def is_too_deep(value: t.Any, levels: int = _MOST_LEVELS) -> bool:
    """Return whether a value is nested in more lists and mappings than a YAML document may be."""
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (levels < 1 or any(is_too_deep(item, levels - 1) for item in value))


def scalar(text: str) -> t.Any:
    """Return what the text of a plain scalar means: None, a boolean, a number, or the text itself."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START or len(text) > _MOST_DIGITS:
        return text
    # Go allows an underscore only between two digits; LocalAI's parser removes all but those of a number like .5.
    plain = _BETWEEN_DIGITS.sub("", text) if text[0] == "." else text.replace("_", "")
    integer = _INTEGER.fullmatch(plain)
    if integer is not None:
        digits, base = next((digits, base) for digits, base in zip(integer.groups()[1:], _BASES) if digits is not None)
        whole = int(f"{integer.group(1)}{digits}", base)
        if _LEAST_INTEGER <= whole <= _MOST_INTEGER:
            return whole
    number = float(plain) if _FLOAT.fullmatch(plain) else math.inf
    return text if math.isinf(number) else number

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How LocalAI reads the values of a model configuration. Pure.

Follows the decoder of `gopkg.in/yaml.v3` (v3.0.1, `decode.go` and `resolve.go`). A value here is parsed already: it is
written into the YAML file as what it is, so text is text even where it looks like a number.
"""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass

from .config_types import Scalar


class Range(t.NamedTuple):
    """The integers that a type of Go has."""

    least: int
    most: int

    def has(self, number: int) -> bool:
        return self.least <= number <= self.most


RANGES = {Scalar.INTEGER: Range(-(2**63), 2**63 - 1), Scalar.INTEGER_32: Range(-(2**31), 2**31 - 1)}
_READ = Range(-(2**63), 2**64 - 1)
_LOWEST = -(2**63)

# Text that is a boolean where LocalAI needs one, although YAML 1.2 has only true and false.
_YES = frozenset(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"))
_NO = frozenset(("n", "N", "no", "No", "NO", "off", "Off", "OFF"))


def is_list(value: object) -> bool:
    """Return whether a value is a YAML sequence."""
    return isinstance(value, (list, tuple))


def written(scalar: object) -> str:
    """Return the text that a YAML file has for a value, without quotes: a text key takes any scalar, as written."""
    if scalar is None:
        return "null"
    if isinstance(scalar, bool):
        return "true" if scalar else "false"
    if not isinstance(scalar, float):
        return str(scalar)
    if math.isnan(scalar):
        return ".nan"
    text = repr(scalar).replace("inf", ".inf")
    return text if "." in text else text.replace("e", ".0e")


def resolved(scalar: object) -> object:
    """Return a value as LocalAI reads it: an integer that has no 64 bits as a float, or as text beyond all floats."""
    if isinstance(scalar, bool) or not isinstance(scalar, int) or _READ.has(scalar):
        return scalar
    try:
        return float(scalar)
    except OverflowError:
        return str(scalar)


def accepts(expected: Scalar, value: object) -> bool:
    """Return whether LocalAI accepts a value, which is not null, for a key of this type."""
    if expected is Scalar.ANYTHING:
        return True
    if is_list(value) or isinstance(value, t.Mapping):
        return False
    read = resolved(value)
    if expected is Scalar.TEXT:
        return True
    if expected is Scalar.NUMBER:
        return isinstance(read, (int, float)) and not isinstance(read, bool)
    if expected in RANGES:
        return _is_integer(read, RANGES[expected])
    if expected is Scalar.BOOLEAN_OR_INTEGER and isinstance(read, int):
        return RANGES[Scalar.INTEGER].has(read)
    return isinstance(read, bool) or (isinstance(read, str) and read in _YES | _NO)


def _is_integer(read: object, integers: Range) -> bool:
    """Return whether LocalAI reads an integer of this range. It cuts the fraction off a float, without a message."""
    if isinstance(read, bool) or not isinstance(read, (int, float)):
        return False
    if isinstance(read, float) and not read <= -_LOWEST:
        return False
    return integers.has(cut(read))


def cut(number: float) -> int:
    """Return a number as the processor makes an integer of it. A float without an integer becomes the lowest one."""
    if isinstance(number, float) and not _LOWEST <= number < -_LOWEST:
        return _LOWEST
    return int(number)


@dataclass(frozen=True)
class Section:
    """A mapping whose types are right, read as LocalAI reads it: a missing key and null are the empty value."""

    content: t.Mapping[t.Any, t.Any]
    path: str = ""

    def where(self, key: str) -> str:
        """Return a key by its full name."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        return self.content.get(key) is not None

    def text(self, key: str) -> str:
        return written(self.content[key]) if self.has(key) else ""

    def texts(self, key: str) -> list[str]:
        """Return the items of a list. LocalAI drops those that are null."""
        return [written(item) for item in self.content.get(key) or () if item is not None]

    def number(self, key: str) -> float:
        return float(self.content.get(key) or 0)

    def integer(self, key: str) -> int:
        return cut(t.cast(float, resolved(self.content.get(key) or 0)))

    def is_on(self, key: str) -> bool:
        value = self.content.get(key)
        return value is True or (isinstance(value, str) and value in _YES)

    def section(self, key: str) -> Section:
        return Section(self.content.get(key) or {}, self.where(key))

    def sections(self, key: str) -> list[Section]:
        """Return the items of a list of mappings. LocalAI drops those that are null."""
        items = enumerate(self.content.get(key) or ())
        return [Section(item, f"{self.where(key)}[{number}]") for number, item in items if item is not None]

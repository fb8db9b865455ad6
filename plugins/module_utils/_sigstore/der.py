# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Distinguished Encoding Rules of ASN.1 (X.690), as far as timestamps and certificates' claims need them."""

from __future__ import annotations

import typing as t

from .._errors import SignatureError

# Identifiers, serial numbers and versions are much shorter. Python may refuse to print numbers of thousands of digits.
_LONGEST_NUMBER = 64
INTEGER, OCTETS, OID, UTF8, SEQUENCE, SET, TIME = 0x02, 0x04, 0x06, 0x0C, 0x30, 0x31, 0x18


class Element(t.NamedTuple):
    """One element: its tag, its content, and `encoded`, which is both with the length."""

    tag: int
    content: bytes
    encoded: bytes

    def children(self) -> tuple[Element, ...]:
        """Return the elements that the content consists of."""
        elements, position = [], 0
        while position < len(self.content):
            element, position = _read(self.content, position)
            elements.append(element)
        return tuple(elements)

    def oid(self) -> str:
        """Return the dotted form of an object identifier."""
        if self.tag != OID or not 0 < len(self.content) <= _LONGEST_NUMBER or self.content[-1] & 0x80:
            raise _damaged("an object identifier is expected")
        numbers, number = [], 0
        for byte in self.content:
            number = number << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(number)
                number = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(str(part) for part in (first, numbers[0] - 40 * first, *numbers[1:]))

    def number(self) -> int:
        """Return the value of an integer."""
        if self.tag != INTEGER or not 0 < len(self.content) <= _LONGEST_NUMBER:
            raise _damaged("an integer is expected")
        return int.from_bytes(self.content, "big", signed=True)


class Reader:
    """The children of an element, one after another. All methods raise SignatureError for something else."""

    def __init__(self, element: Element, tag: int = SEQUENCE) -> None:
        if element.tag != tag:
            raise _damaged(f"tag {tag:#x} is expected and {element.tag:#x} is there")
        self._elements = list(element.children())

    def next(self, tag: int) -> Element:
        """Return the next child, which has to have the tag."""
        element = self.optional(tag)
        if element is None:
            raise _damaged(f"tag {tag:#x} is missing")
        return element

    def optional(self, tag: int) -> Element | None:
        """Return the next child if it has the tag."""
        return self._elements.pop(0) if self._elements and self._elements[0].tag == tag else None

    def any(self) -> Element:
        """Return the next child, whatever it is."""
        if not self._elements:
            raise _damaged("an element is missing")
        return self._elements.pop(0)


def parse(data: bytes) -> Element:
    """Return the one element that the data consists of; raises SignatureError."""
    element, end = _read(data, 0)
    if end != len(data):
        raise _damaged("there is something after the end")
    return element


def _read(data: bytes, position: int) -> tuple[Element, int]:
    """Return the element at a position, and its end. Only the shortest form of a length is valid in DER."""
    start = position + 2
    if len(data) < start:
        raise _damaged("an element is cut off")
    tag, length = data[position], data[position + 1]
    if tag & 0x1F == 0x1F:
        raise _damaged("a tag has more than one byte")
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[start : start + size], "big")
        if not 1 <= size <= 4 or length < 0x80 or not data[start]:
            raise _damaged("a length is not valid")
        start += size
    end = start + length
    if len(data) < end:
        raise _damaged("an element is cut off")
    return Element(tag, data[start:end], data[position:end]), end


def _damaged(problem: str) -> SignatureError:
    return SignatureError(f"an ASN.1 structure is damaged: {problem}")


def texts(data: bytes) -> t.Iterator[str]:
    """Yield the text of a DER UTF8String, if the data is one."""
    try:
        element = parse(data)
        if element.tag == UTF8:
            yield element.content.decode("utf-8")
    except (SignatureError, UnicodeDecodeError):
        return

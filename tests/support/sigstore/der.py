# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A writer of DER, for what `cryptography` does not write: claims of Fulcio, answers of timestamp authorities."""

from __future__ import annotations

import datetime as dt

NULL = b"\x05\x00"


def tlv(tag: int, content: bytes) -> bytes:
    """Any value: its tag, the length in the shortest form, and the content."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of values."""
    return tlv(0x30, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """A SET OF values, in the order that DER demands."""
    return tlv(0x31, b"".join(sorted(parts)))


def context(number: int, content: bytes) -> bytes:
    """A constructed value with the tag `[number]`."""
    return tlv(0xA0 | number, content)


def retagged(number: int, value: bytes) -> bytes:
    """A constructed value, such as a SET, with the implicit tag `[number]` in place of its own."""
    return bytes([0xA0 | number]) + value[1:]


def integer(value: int) -> bytes:
    """An INTEGER that is not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(0x04, content)


def utf8(value: str) -> bytes:
    """A UTF8String."""
    return tlv(0x0C, value.encode())


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *others = map(int, dotted.split("."))
    return tlv(0x06, b"".join(map(_base_128, (40 * first + second, *others))))


def utc_time(moment: dt.datetime) -> bytes:
    """A UTCTime."""
    return tlv(0x17, moment.astimezone(dt.timezone.utc).strftime("%y%m%d%H%M%SZ").encode())


def generalized_time(moment: dt.datetime) -> bytes:
    """A GeneralizedTime without fractions."""
    return tlv(0x18, moment.astimezone(dt.timezone.utc).strftime("%Y%m%d%H%M%SZ").encode())


def _base_128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number > 0x7F:
        number >>= 7
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))

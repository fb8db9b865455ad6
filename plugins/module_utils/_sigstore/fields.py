# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of JSON documents that strangers wrote, with limits. As in Protocol Buffers, a missing number is 0."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import re
import typing as t

from .._errors import SignatureError

# The largest of Sigstore's own documents, a bundle with a large attestation, is some hundreds of kilobytes.
_LARGEST_DOCUMENT = 8 * 1024**2
_MOST_ENTRIES = 64
_LARGEST_NUMBER = 2**63 - 1
_DEEPEST = 32
_MOST_DIGITS = 400
_LONGEST_QUOTE = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Fields:
    """A JSON object and what to call it in messages. All methods raise SignatureError for a value of another type."""

    def __init__(self, value: t.Any, name: str) -> None:
        if not isinstance(value, dict):
            raise SignatureError(f"{name} is not a mapping")
        self.name = name
        self._value: dict[str, t.Any] = value

    def __contains__(self, key: str) -> bool:
        return self._value.get(key) is not None

    def inner(self, key: str) -> Fields:
        """Return the mapping of a key, which has to be there."""
        return Fields(self._required(key), f"{self.name}.{key}")

    def inners(self, key: str, most: int = _MOST_ENTRIES) -> tuple[Fields, ...]:
        """Return the mappings of a list; none if there is no such key."""
        return tuple(Fields(value, f"{self.name}.{key}[{i}]") for i, value in enumerate(self._list(key, most)))

    def text(self, key: str) -> str:
        """Return the text of a key, which has to be there."""
        value = self._required(key)
        # JSON can have half a surrogate pair, which no encoding can write.
        if not isinstance(value, str) or _SURROGATE.search(value):
            raise SignatureError(f"{self.name}.{key} is not a text")
        return value

    def optional_text(self, key: str) -> str:
        """Return the text of a key, or an empty one."""
        return self.text(key) if key in self else ""

    def data(self, key: str) -> bytes:
        """Return the bytes that a key has as Base64; they have to be there."""
        return from_base64(self.text(key), f"{self.name}.{key}")

    def datas(self, key: str) -> tuple[bytes, ...]:
        """Return the bytes of a list of Base64 texts; none if there is no such key."""
        return tuple(
            from_base64(value, f"{self.name}.{key}[{number}]")
            for number, value in enumerate(self._list(key, _MOST_ENTRIES))
        )

    def number(self, key: str) -> int:
        """Return a number that is not negative, given as a number or as a text; 0 if there is no such key."""
        value = self._value.get(key)
        if value is None:
            return 0
        if isinstance(value, str) and re.fullmatch(r"\d{1,19}", value, re.ASCII):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_NUMBER:
            raise SignatureError(f"{self.name}.{key} is not a number from 0 to {_LARGEST_NUMBER}")
        return value

    def _list(self, key: str, most: int) -> list[t.Any]:
        value = self._value.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            raise SignatureError(f"{self.name}.{key} is not a list of at most {most} entries")
        return value

    def _required(self, key: str) -> t.Any:
        if key not in self:
            raise SignatureError(f"{self.name} has no {key}")
        return self._value[key]


def read_json(content: bytes, name: str) -> Fields:
    """Return the mapping that a document contains; raises SignatureError."""
    if len(content) > _LARGEST_DOCUMENT:
        raise SignatureError(f"{name} is larger than {_LARGEST_DOCUMENT // 1024**2} MiB")
    try:
        value = json.loads(
            content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse, parse_int=_integer
        )
        _check_depth(value)
    except (ValueError, RecursionError) as e:
        raise SignatureError(f"{name} is not valid JSON: {e}") from e
    return Fields(value, name)


def from_base64(value: t.Any, name: str) -> bytes:
    """Return the bytes of a Base64 text (RFC 4648, section 4); raises SignatureError."""
    try:
        if isinstance(value, str):
            return base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        pass
    raise SignatureError(f"{name} is not Base64")


def quoted(text: str) -> str:
    """Return the start of a text that strangers wrote, in quotes, without characters that control a terminal."""
    start = "".join(character if character.isprintable() else "?" for character in text[:_LONGEST_QUOTE])
    return f'"{start}…"' if len(text) > _LONGEST_QUOTE else f'"{start}"'


def time_of(text: str, name: str) -> float:
    """Return a time of RFC 3339 in seconds since 1970; raises SignatureError."""
    match = _TIME.fullmatch(text)
    try:
        if match:
            return seconds_since_1970(match.groups()[:6], match.group(7)) - _offset(match.group(8))
    except ValueError:
        pass
    raise SignatureError(f"{name} is not a time such as 2026-09-01T00:00:00Z")


def seconds_since_1970(parts: t.Iterable[str], fraction: str | None) -> float:
    """Return the seconds since 1970 of a year, month, day, hour, minute and second in UTC; raises ValueError."""
    year, month, day, hour, minute, second = (int(part) for part in parts)
    moment = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.timezone.utc)
    return moment.timestamp() + float(fraction or 0)


def _offset(zone: str) -> int:
    if zone in "Zz":
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)


def _unique(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    """Readers disagree about which of two equal keys counts."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key is there twice")
    return values


def _refuse(constant: str) -> t.NoReturn:
    raise ValueError(f"{constant} is no number")


def _integer(digits: str) -> int:
    """Old versions of Python take minutes for a number of a million digits."""
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number has more than {_MOST_DIGITS} digits")
    return int(digits)


def _check_depth(value: t.Any, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise ValueError(f"it has more than {_DEEPEST} levels")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(inner, depth + 1)

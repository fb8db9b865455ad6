# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two files that describe a backend: LocalAI's C(metadata.json), and beside it what only this collection records.

Pure: bytes -> values -> bytes.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from .._address import NO_ADDRESS, Address

METADATA = "metadata.json"
# The keys of LocalAI's file, in the order in which it writes them.
KNOWN_KEYS = ("alias", "meta_backend_for", "name", "gallery_url", "installed_at", "version", "uri", "digest")
_SPACE = " \t\r\n"


@dataclass(frozen=True)
class Metadata:
    """C(metadata.json) as LocalAI writes it; what is absent is empty.

    C(extra) has the keys that this version does not know, and their values, both as they are written in the file.
    """

    alias: str = ""
    meta_backend_for: str = ""
    name: str = ""
    gallery_url: Address = NO_ADDRESS
    installed_at: str = ""
    version: str = ""
    uri: Address = NO_ADDRESS
    digest: str = ""
    extra: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> Metadata:
        """Return the metadata in C(data), read as Go reads it: keys in any case, the last of several counts.

        Raises ValueError with the reason.
        """
        fields: dict[str, t.Any] = {}
        extra: dict[str, str] = {}
        for (written_key, key), (written, value) in _members(data):
            name = key.casefold()
            if name not in KNOWN_KEYS:
                extra[written_key] = written
            elif isinstance(value, str):
                # Go puts the replacement character where half a surrogate pair stands.
                fields[name] = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            elif value is not None:
                raise ValueError(f"its {name} is not text")
        for name in ("gallery_url", "uri"):
            fields[name] = Address(fields.get(name, ""))
        return cls(**fields, extra=tuple(extra.items()))

    def fields(self) -> dict[str, str | Address]:
        """Return the keys that LocalAI knows and that are set, in the order in which it writes them."""
        return {key: getattr(self, key) for key in KNOWN_KEYS if getattr(self, key)}

    def to_json(self) -> bytes:
        """Return the file's content: what LocalAI knows as Go's C(json.MarshalIndent) writes it, and then the rest."""
        known = {key: value.text if isinstance(value, Address) else value for key, value in self.fields().items()}
        members = [f"{_go_text(key)}: {_go_text(value)}" for key, value in known.items()]
        members += [f"{key}: {written}" for key, written in self.extra]
        if not members:
            return b"{}"
        return "{{\n  {}\n}}".format(",\n  ".join(members)).encode("utf-8")


def _go_text(text: str) -> str:
    """Return a JSON string as Go writes it, with the characters escaped that HTML or JavaScript might misread."""
    written = json.dumps(text, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written


_Written = t.Tuple[str, t.Any]


def _members(data: bytes) -> list[tuple[_Written, _Written]]:
    """Return the members of a JSON object in their order: keys and values, each as it is written and what that means.

    Raises ValueError for what Go does not accept either. Numbers, and what is inside a value, have no meaning here.
    """
    text = data.decode("utf-8", "replace").strip(_SPACE)
    if not text:
        raise ValueError("it is empty")

    def refuse(constant: str) -> t.Any:
        raise ValueError(f"it holds {constant}, which is not JSON")

    # A number may have more digits than Python converts.
    decoder = json.JSONDecoder(parse_constant=refuse, parse_int=len, parse_float=len)
    try:
        if text.startswith("{"):
            return list(_read_members(text, decoder))
        if decoder.decode(text) is not None:
            raise ValueError("it is not a JSON object")
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as e:
        raise ValueError(f"it is not valid JSON: {e}") from None
    return []


def _read_members(text: str, decoder: json.JSONDecoder) -> t.Iterator[tuple[_Written, _Written]]:
    """Yield the members of the object that C(text) is; C(json) itself does not tell how a value is written."""

    def expect(characters: str, at: int) -> int:
        """Return where one of C(characters) stands behind white space."""
        while text[at : at + 1] and text[at] in _SPACE:
            at += 1
        if not text[at : at + 1] or text[at] not in characters:
            raise json.JSONDecodeError(f"Expecting {' or '.join(characters)}", text, at)
        return at

    def written(start: int) -> tuple[_Written, int]:
        value, end = decoder.raw_decode(text, start)
        return (text[start:end], value), end

    at = expect('"}', 1)
    while text[at] != "}":
        key, at = written(expect('"', at))
        at = expect(":", at) + 1
        while text[at : at + 1] and text[at] in _SPACE:
            at += 1
        value, at = written(at)
        yield key, value
        at = expect(",}", at)
        if text[at] == ",":
            at = expect('"', at + 1)
    if at + 1 != len(text):
        raise json.JSONDecodeError("Extra data", text, at + 1)

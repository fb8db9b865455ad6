# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file `metadata.json`, in which LocalAI describes an installed backend. Pure.

Follows `BackendMetadata` in LocalAI's `core/gallery/backend_types.go`, and Go's `encoding/json`, with which LocalAI
reads it. For writing, see `metadata_writer`.
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
    """The content of `metadata.json`; absent keys are empty.

    `extra` has the keys that this version does not know, and their values, both as they are written in the file.
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
        """Return the metadata in a file.

        As in Go, keys are case-insensitive, and the last of several equal keys is used. Raises ValueError.
        """
        fields: dict[str, t.Any] = {}
        extra: dict[str, str] = {}
        for (written_key, key), (written, value) in _members(data):
            name = key.casefold()
            if name not in KNOWN_KEYS:
                extra[written_key] = written
            elif isinstance(value, str):
                # Go replaces halves of surrogate pairs by the replacement character.
                fields[name] = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            elif value is not None:
                raise ValueError(f"its {name} is not a string")
        for name in ("gallery_url", "uri"):
            fields[name] = Address(fields.get(name, ""))
        return cls(**fields, extra=tuple(extra.items()))

    def fields(self) -> dict[str, str | Address]:
        """Return the keys that LocalAI knows and that are set, in the order in which it writes them."""
        return {key: getattr(self, key) for key in KNOWN_KEYS if getattr(self, key)}


_Written = t.Tuple[str, t.Any]


def _members(data: bytes) -> list[tuple[_Written, _Written]]:
    """Return the members of a JSON object in order: keys and values, each as written and as parsed.

    Numbers are not parsed. Raises ValueError if Go cannot parse it either.
    """
    text = data.decode("utf-8", "replace").strip(_SPACE)
    if not text:
        raise ValueError("it is empty")

    def refuse(constant: str) -> t.Any:
        raise ValueError(f"it contains {constant}, which is not JSON")

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
    """Yield the members of a JSON object. `json` itself does not return values as they are written."""

    def expect(characters: str, at: int) -> int:
        """Return the position of one of `characters` after white space."""
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

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two files that describe a backend: LocalAI's C(metadata.json), and beside it what only this collection records.

Pure: bytes -> values -> bytes.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict, dataclass, replace

Contents = t.Dict[str, t.List[str]]

METADATA = "metadata.json"
RECORD = ".localai-core.json"
# How many paths a record may list: a few bytes of JSON take many of memory.
_MOST_LISTED = 4000000
# What the first trees were installed without.
_LATER_KEYS = ("pinned", "listed")


@dataclass(frozen=True)
class Metadata:
    """C(metadata.json) as LocalAI writes it; what is absent is empty."""

    alias: str = ""
    meta_backend_for: str = ""
    name: str = ""
    gallery_url: str = ""
    installed_at: str = ""
    version: str = ""
    uri: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, data: bytes) -> Metadata:
        """Return the metadata in C(data), read as Go reads it: keys in any case, the last of several counts.

        Raises ValueError with the reason.
        """
        document = _json(data)
        if document is None:
            return cls()
        if not isinstance(document, _Object):
            raise ValueError("it is not a JSON object")
        fields: dict[str, str] = {}
        for key, value in document.pairs:
            name = key.casefold()
            if name not in cls.__dataclass_fields__ or value is None:
                continue
            if not isinstance(value, str):
                raise ValueError(f"its {name} is not text")
            # Go puts the replacement character where half a surrogate pair stands.
            fields[name] = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return cls(**fields)

    def to_json(self) -> bytes:
        """Return the file's content, byte for byte as Go's C(json.MarshalIndent) writes it."""
        text = json.dumps({key: value for key, value in asdict(self).items() if value}, indent=2, ensure_ascii=False)
        for character in "<>&\u2028\u2029":
            text = text.replace(character, f"\\u{ord(character):04x}")
        return text.encode("utf-8")


@dataclass(frozen=True)
class Record:
    """C(.localai-core.json): what only this collection needs to know of a tree; sizes are in bytes.

    C(requested) is a tree that was asked for by its own name, C(pinned) one that came from the option C(pins). With
    C(listed), what was installed is in the file too, as C(_verify) lists it. That is long for a tree of 300,000 files,
    so it stands on the second line, which is read only when a tree is to be verified.
    """

    requested: bool = False
    platform_digest: str = ""
    sha256: str = ""
    size: int = 0
    entries: int = 0
    pinned: bool = False
    listed: bool = False

    @classmethod
    def parse(cls, data: bytes) -> Record | None:
        """Return the record that C(data) begins with, or None when there is none: a tree without one is normal."""
        try:
            line = data.partition(b"\n")[0].decode("utf-8")
            document = json.loads(f"{line[:-1]}}}" if line.endswith(",") else line)
            known = [key for key in cls.__dataclass_fields__ if key in document or key not in _LATER_KEYS]
            values = {key: document[key] for key in known}
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        expected = cls()
        if any(type(value) is not type(getattr(expected, key)) for key, value in values.items()):
            return None
        return cls(**values)

    def to_json(self, contents: Contents | None = None) -> bytes:
        """Return the file's content, with the list of what was installed, if there is one, on a line of its own."""
        known = _compact({"format": 1, **asdict(replace(self, listed=contents is not None))})
        listed = "" if contents is None else f',\n"contents":{_compact(contents)}'
        return f"{known[:-1]}{listed}}}\n".encode("ascii")


def parse_contents(data: bytes) -> Contents | None:
    """Return the list in C(.localai-core.json) of what was installed, or None when it is damaged or too long."""
    if data.count(b",") > _MOST_LISTED:
        return None
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    contents = document.get("contents") if isinstance(document, dict) else None
    listed = isinstance(contents, dict) and all(
        isinstance(entries, list) and all(isinstance(entry, str) for entry in entries) for entries in contents.values()
    )
    return t.cast(Contents, contents) if listed else None


def _compact(document: t.Any) -> str:
    return json.dumps(document, separators=(",", ":"))


@dataclass(frozen=True)
class _Object:
    """A JSON object with its keys in their order, duplicates included."""

    pairs: list[tuple[str, t.Any]]


def _json(data: bytes) -> t.Any:
    """Return what a JSON document holds; raises ValueError for what Go does not accept either."""
    if not data.strip(b" \t\r\n"):
        raise ValueError("it is empty")

    def refuse(constant: str) -> t.Any:
        raise ValueError(f"it holds {constant}, which is not JSON")

    try:
        return json.loads(
            data.decode("utf-8", "replace"), object_pairs_hook=_Object, parse_constant=refuse, parse_int=lambda _: 0
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as e:
        raise ValueError(f"it is not valid JSON: {e}") from None

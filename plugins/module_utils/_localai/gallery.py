# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of a gallery index. Pure.

Follows `GalleryBackend` in LocalAI's `core/gallery/backend_types.go`. For lookups in several galleries, see `catalog`.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace

from .._address import NO_ADDRESS, Address
from .._errors import GalleryError, NameRefused, OptionError
from .names import checked_name

MOST_ENTRIES = 200000
# The limit for the members of lists and mappings, which YAML aliases can multiply.
MOST_PARTS = 2000000
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Entry:
    """One backend of a gallery; `gallery_url` is the URL of the gallery that `metadata.json` records."""

    name: str
    gallery: str = ""
    gallery_url: Address = NO_ADDRESS
    uri: Address = NO_ADDRESS
    mirrors: tuple[Address, ...] = ()
    alias: str = ""
    capabilities: t.Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    sha256: str = ""
    tags: tuple[str, ...] = ()
    license: str = ""
    description: str = ""

    @property
    def is_meta(self) -> bool:
        """Whether this is a meta backend, which points to another backend for each capability."""
        return bool(self.capabilities) and not self.uri


class Named(t.Protocol):
    """An entry of any gallery."""

    @property
    def name(self) -> str: ...
    @property
    def alias(self) -> str: ...


NamedEntry = t.TypeVar("NamedEntry", bound=Named)


@dataclass(frozen=True)
class Index(t.Generic[NamedEntry]):
    """The entries of one gallery in order, and the reasons why others were skipped, both by lower-case name."""

    gallery: str
    entries: t.Mapping[str, NamedEntry]
    skipped: t.Mapping[str, str]

    def find(self, name: str) -> NamedEntry | None:
        """Return the entry with this name, or None. Case is ignored."""
        return self.entries.get(name.lower())

    def with_older(self, older: Index[NamedEntry]) -> Index[NamedEntry]:
        """Return this index with those entries of an older one whose names it does not have."""
        return replace(self, entries={**older.entries, **self.entries}, skipped={**older.skipped, **self.skipped})


def _entry(row: t.Mapping[str, t.Any], gallery: str, gallery_url: Address) -> Entry:
    name = text_in(row, "name")
    checked_name(name, "name")
    alias = text_in(row, "alias")
    if alias:
        checked_name(alias, f"the alias of {name}")
    sha256 = text_in(row, "sha256")
    capabilities = row.get("capabilities") or {}
    if not isinstance(capabilities, dict) or not all(isinstance(key, str) for key in capabilities):
        raise GalleryError(f"{name}: its capabilities are not a mapping")
    return Entry(
        name=name,
        gallery=gallery,
        gallery_url=gallery_url,
        uri=Address(text_in(row, "uri").strip()),
        mirrors=tuple(map(Address, texts_in(row, "mirrors"))),
        alias=alias,
        capabilities={key: text_in(capabilities, key) for key in capabilities},
        version=text_in(row, "version"),
        sha256=sha256_digits(sha256, f"the sha256 of {name}") if sha256 else "",
        tags=_display_texts(row.get("tags")),
        license=_display_text(row.get("license")),
        description=_display_text(row.get("description")),
    )


def text_in(row: t.Mapping[str, t.Any], key: str) -> str:
    """Return the text of a key, empty if it is missing; raises GalleryError for anything else."""
    value = row.get(key)
    if value is None:
        return ""
    if not _is_text(value):
        raise GalleryError(f"its {key} is not a string")
    # Documents of models have text of another type.
    return str(value)


def texts_in(row: t.Mapping[str, t.Any], key: str) -> tuple[str, ...]:
    """Return the list of texts of a key, empty if it is missing; raises GalleryError for anything else."""
    value = row.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(map(_is_text, value)):
        raise GalleryError(f"its {key} are not a list of strings")
    return tuple(map(str, value))


def _display_text(value: t.Any) -> str:
    """Return a text that is only for display. Other values become empty, so that they do not invalidate the entry."""
    return value if _is_text(value) else ""


def _display_texts(value: t.Any) -> tuple[str, ...]:
    return tuple(filter(_is_text, value)) if isinstance(value, list) else ()


def _is_text(value: t.Any) -> bool:
    """Return whether a value is valid text; PyYAML's Python parser also returns halves of surrogate pairs."""
    return isinstance(value, str) and not _SURROGATE.search(value)


def sha256_digits(value: str, where: str) -> str:
    """Return the 64 digits of a SHA-256, which may begin with `sha256:`; raises OptionError that names `where`."""
    lowered = value.lower()
    digits = lowered[len("sha256:") :] if lowered.startswith("sha256:") else lowered
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise OptionError(f"{where} is not 64 hexadecimal digits.")
    return digits


def index_of(rows: t.Any, gallery: str, gallery_url: Address) -> Index[Entry]:
    """Return the index in a parsed document; raises GalleryError if it is not a list of entries."""
    return indexed(rows, gallery, lambda row: _entry(row, gallery, gallery_url), "backends")


def indexed(
    rows: t.Any, gallery: str, entry_of: t.Callable[[t.Mapping[str, t.Any]], NamedEntry], kind: str
) -> Index[NamedEntry]:
    """Return the index of all rows that `entry_of` accepts; raises GalleryError if there are none, or no list."""
    if rows is None:
        raise GalleryError("it is empty")
    if not isinstance(rows, list):
        form = "a mapping" if isinstance(rows, dict) else "text"
        raise GalleryError(f"it is {form}, not a YAML list of {kind}")
    if len(rows) > MOST_ENTRIES or sum(map(_parts, rows)) > MOST_PARTS:
        raise GalleryError("it is too large for a gallery")
    entries: dict[str, NamedEntry] = {}
    skipped: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        try:
            if not isinstance(row, dict):
                raise GalleryError("it is not a mapping")
            entry = entry_of(row)
            # LocalAI uses the first of several entries with the same name.
            entries.setdefault(entry.name.lower(), entry)
        except (GalleryError, NameRefused, OptionError) as e:
            name = row.get("name") if isinstance(row, dict) else None
            key = name.lower() if isinstance(name, str) and len(name) <= 255 else str(number)
            skipped[key] = f"its entry {number} is skipped: {e}"
    if rows and not entries:
        raise GalleryError(f"none of its {len(rows)} entries is valid: {next(iter(skipped.values()))}")
    return Index(gallery, entries, skipped)


def _parts(row: t.Any) -> int:
    """Return the number of members of the lists and mappings in an entry."""
    return sum(len(value) for value in row.values() if isinstance(value, (dict, list))) if isinstance(row, dict) else 0

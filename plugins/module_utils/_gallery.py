# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A gallery: from its URL to its entries, and from a name that a task asks for to the concrete backend to install."""

from __future__ import annotations

import contextlib
import difflib
import gc
import hashlib
import os
import re
import traceback
import typing as t
from dataclasses import dataclass, field
from urllib.parse import unquote

from ansible_collections.localai.core.plugins.module_utils._address import NO_ADDRESS, Address
from ansible_collections.localai.core.plugins.module_utils._capability import FILTER_OFF, Match, compatible, match
from ansible_collections.localai.core.plugins.module_utils._errors import (
    GalleryError,
    LocalAIError,
    MissingLibrary,
    NameRefused,
    OptionError,
)
from ansible_collections.localai.core.plugins.module_utils._file import read_file
from ansible_collections.localai.core.plugins.module_utils._options import (
    GallerySource,
    checked_name,
    sha256_digits,
)

if t.TYPE_CHECKING:
    from ansible_collections.localai.core.plugins.module_utils._http import Http

MOST_BYTES = 32 * 1024**2
_SURROGATE = re.compile("[\ud800-\udfff]")
MOST_ENTRIES = 200000
# Nodes of the document, keys that merges copy, and members of lists and mappings that aliases let many entries share.
MOST_PARTS = 2000000
MOST_LEVELS = 100


@dataclass(frozen=True)
class Entry:
    """One backend of a gallery; C(gallery) is the gallery's name, C(gallery_url) what metadata.json records of it."""

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
        """Whether this names, per capability, other backends, and is none itself."""
        return bool(self.capabilities) and not self.uri


@dataclass(frozen=True)
class Index:
    """The entries of one gallery in their order, and why others were skipped, both by lower-case name."""

    gallery: str
    entries: t.Mapping[str, Entry]
    skipped: t.Mapping[str, str]

    def find(self, name: str) -> Entry | None:
        """Return the entry of that name in any case, or None."""
        return self.entries.get(name.lower())


@dataclass(frozen=True)
class Resolution:
    """What a name means on this host: its C(entry), the C(concrete) to install, and the C(match) if it is a meta."""

    entry: Entry
    concrete: Entry
    match: Match | None = None


class Galleries:
    """The galleries of a task; each is read at most once, and only when a name needs it."""

    def __init__(self, sources: t.Sequence[GallerySource], http: Http) -> None:
        self._sources = sources
        self._http = http
        self._indexes: dict[str, Index] = {}

    @property
    def warnings(self) -> list[str]:
        """Return what was wrong in the galleries read so far without being in the way."""
        return [
            f"gallery {index.gallery}: {reason}"
            for index in self._indexes.values()
            for reason in index.skipped.values()
        ]

    def entries(self) -> list[Entry]:
        """Return all entries of all galleries, in order; raises GalleryError."""
        return [entry for source in self._sources for entry in self._read(source).entries.values()]

    def has(self, asked: str) -> bool:
        """Return whether a gallery has the entry that a task asks for, be it of use or not; raises GalleryError."""
        gallery, _at, name = asked.rpartition("@")
        sources = [source for source in self._sources if not gallery or source.name.lower() == gallery.lower()]
        return any(self._read(source).find(name) is not None for source in sources)

    def find(self, asked: str) -> Entry:
        """Return the entry that a task asks for as C(name) or C(gallery@name); raises GalleryError."""
        gallery, _at, name = asked.rpartition("@")
        sources = [source for source in self._sources if not gallery or source.name.lower() == gallery.lower()]
        if gallery and not sources:
            known = ", ".join(source.name for source in self._sources) or "none"
            raise GalleryError(f"{asked}: there is no gallery {gallery!r}. The galleries of this task: {known}.")
        for source in sources:
            index = self._read(source)
            entry = index.find(name)
            if entry is not None:
                return entry
            if name.lower() in index.skipped:
                raise GalleryError(f"{name}: the gallery {source.name} has it, but {index.skipped[name.lower()]}")
        raise GalleryError(self._unknown(name, sources))

    def resolve(self, asked: str, capability: str) -> Resolution:
        """Return what C(asked) means on a host of this capability; raises GalleryError when it cannot run there."""
        entry = self.find(asked)
        if not entry.is_meta:
            if not entry.uri:
                raise GalleryError(f"{entry.name}: its gallery entry has neither a uri nor capabilities.")
            if not compatible(entry.name, capability):
                raise GalleryError(
                    f"{entry.name} is not for a host of capability {capability!r}. Name the meta backend that it "
                    f"belongs to, set capability to what this host has, or to {FILTER_OFF!r} to install it anyway."
                )
            return Resolution(entry, entry)
        offered = ", ".join(f"{key}: {target}" for key, target in entry.capabilities.items())
        chosen = match(entry.capabilities, capability)
        if chosen is None or not chosen.target:
            raise GalleryError(f"{entry.name} has no build for capability {capability!r}; it offers {offered}.")
        concrete = self.target(entry, chosen)
        if concrete.is_meta or not concrete.uri:
            raise GalleryError(
                f"{entry.name}: its target {chosen.target!r} for {chosen.key!r} is not a concrete backend with a uri."
            )
        if not compatible(concrete.name, capability):
            raise GalleryError(
                f"{entry.name} has no build that runs on capability {capability!r}: it would take {concrete.name!r} by "
                f"its key {chosen.key!r}, which is for other hardware; it offers {offered}."
            )
        return Resolution(entry, concrete, chosen)

    def target(self, entry: Entry, chosen: Match) -> Entry:
        """Return the entry that a meta backend points to; raises GalleryError."""
        try:
            checked_name(chosen.target, f"the target of {entry.name} for {chosen.key!r}")
        except NameRefused as e:
            raise GalleryError(str(e)) from None
        # The meta's own gallery first: two galleries may have builds of one name.
        for source in sorted(self._sources, key=lambda source: source.name != entry.gallery):
            found = self._read(source).find(chosen.target)
            if found is not None:
                return found
        raise GalleryError(f"{entry.name}: its target {chosen.target!r} for {chosen.key!r} is in no gallery.")

    def _unknown(self, name: str, sources: t.Sequence[GallerySource]) -> str:
        read = [self._read(source) for source in sources]
        similar = difflib.get_close_matches(name.lower(), [known for index in read for known in index.entries], n=3)
        looked = ", ".join(f"{index.gallery} ({len(index.entries)} entries)" for index in read)
        hint = f" Similar names: {', '.join(similar)}." if similar else ""
        return f"{name} is in no gallery; looked in {looked or 'none, since galleries is empty'}.{hint}"

    def _read(self, source: GallerySource) -> Index:
        if source.name not in self._indexes:
            self._indexes[source.name] = _read_gallery(source, self._http)
        return self._indexes[source.name]


def parse_index(data: bytes, gallery: str, gallery_url: Address) -> Index:
    """Return the entries that an index holds; raises GalleryError when it is not a YAML list of entries."""
    rows = _yaml(data)
    if rows is None:
        raise GalleryError("it is empty")
    if not isinstance(rows, list):
        kind = "a mapping" if isinstance(rows, dict) else "text"
        raise GalleryError(f"it is {kind}, not a YAML list of backends")
    if len(rows) > MOST_ENTRIES or sum(map(_parts, rows)) > MOST_PARTS:
        raise GalleryError("it has more in it than is believable")
    entries: dict[str, Entry] = {}
    skipped: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        try:
            entry = _entry(row, gallery, gallery_url)
            # The first of several with one name counts.
            entries.setdefault(entry.name.lower(), entry)
        except (GalleryError, NameRefused, OptionError) as e:
            name = row.get("name") if isinstance(row, dict) else None
            known = name.lower() if isinstance(name, str) and len(name) <= 255 else str(number)
            skipped[known] = f"its entry {number} is skipped: {e}"
    if rows and not entries:
        raise GalleryError(f"none of its {len(rows)} entries describes a backend ({next(iter(skipped.values()))})")
    return Index(gallery, entries, skipped)


def readable_url(url: str) -> str:
    """Return where C(url) is read from: C(github:org/repo/path@branch) as the https URL of the raw file."""
    for prefix in ("github://", "github:"):
        if url.startswith(prefix):
            path, _at, branch = url[len(prefix) :].partition("@")
            parts = path.split("/")
            if len(parts) < 3 or not all(parts):
                raise GalleryError("it is not of the form github:organisation/repository/path@branch")
            return "https://raw.githubusercontent.com/" + "/".join((*parts[:2], branch or "main", *parts[2:]))
    return url


def _read_gallery(source: GallerySource, http: Http) -> Index:
    tried = []
    primary: Address | None = None
    for url in (source.url, *source.mirrors):
        try:
            location, recorded = readable_url(url.text), url
            if location.endswith(".ref"):
                location = _follow_ref(location, http)
                recorded = Address(location)
            if url == source.url:
                primary = recorded
            data = _read(location, http)
            if source.sha256 and hashlib.sha256(data).hexdigest() != source.sha256:
                raise GalleryError("it does not have the sha256 that the task gives for it")
            return parse_index(data, source.name, primary or source.url)
        except MissingLibrary:
            raise
        except LocalAIError as e:
            tried.append(f"{url}: {e}")
    raise GalleryError(f"gallery {source.name} could not be read. Tried " + "; ".join(tried))


def _follow_ref(location: str, http: Http) -> str:
    """Return the index that a reference file names; it stands beside the file."""
    try:
        name = _read(location, http, limit=4096).decode("utf-8").strip()
    except UnicodeDecodeError:
        name = ""
    if not name or "\n" in name or ":" in name or name.startswith("/") or ".." in name.split("/"):
        raise GalleryError(f"the reference file does not name an index beside it, but says {name[:80]!r}")
    return location.rpartition("/")[0] + "/" + name


def _read(location: str, http: Http, limit: int = MOST_BYTES) -> bytes:
    scheme = location.partition(":")[0].lower() if ":" in location else ""
    if scheme in ("http", "https"):
        return http.fetch(location, headers=http.authorization(location), limit=limit, decode=True).body
    if scheme not in ("", "file"):
        raise GalleryError(f"{scheme}: is no kind of gallery; use https://, http://, file://, a path or github:")
    path = unquote(location[len("file://") :]) if scheme else os.path.expanduser(location)
    try:
        return read_file(path, limit)
    except (OSError, ValueError) as e:
        raise GalleryError(getattr(e, "strerror", None) or str(e)) from None


def _entry(row: t.Any, gallery: str, gallery_url: Address) -> Entry:
    if not isinstance(row, dict):
        raise GalleryError("it is not a mapping")
    name = _text(row, "name")
    checked_name(name, "name")
    alias = _text(row, "alias")
    if alias:
        checked_name(alias, f"the alias of {name}")
    sha256 = _text(row, "sha256")
    capabilities = row.get("capabilities") or {}
    if not isinstance(capabilities, dict) or not all(isinstance(key, str) for key in capabilities):
        raise GalleryError(f"{name}: its capabilities are not a mapping")
    return Entry(
        name=name,
        gallery=gallery,
        gallery_url=gallery_url,
        uri=Address(_text(row, "uri").strip()),
        mirrors=tuple(map(Address, _texts(row, "mirrors"))),
        alias=alias,
        capabilities={key: _text(capabilities, key) for key in capabilities},
        version=_text(row, "version"),
        sha256=sha256_digits(sha256, f"the sha256 of {name}") if sha256 else "",
        tags=_shown_texts(row.get("tags")),
        license=_shown_text(row.get("license")),
        description=_shown_text(row.get("description")),
    )


def _parts(row: t.Any) -> int:
    """Return how many members the lists and mappings of an entry have."""
    return sum(len(value) for value in row.values() if isinstance(value, (dict, list))) if isinstance(row, dict) else 0


def _text(row: t.Mapping[str, t.Any], key: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not _is_text(value):
        raise GalleryError(f"its {key} is not text")
    return t.cast(str, value)


def _texts(row: t.Mapping[str, t.Any], key: str) -> tuple[str, ...]:
    value = row.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(map(_is_text, value)):
        raise GalleryError(f"its {key} are not a list of texts")
    return tuple(value)


def _shown_text(value: t.Any) -> str:
    """Return what is only shown to people; anything but text is left out, and costs the entry nothing."""
    return value if _is_text(value) else ""


def _shown_texts(value: t.Any) -> tuple[str, ...]:
    return tuple(filter(_is_text, value)) if isinstance(value, list) else ()


def _is_text(value: t.Any) -> bool:
    """Return whether a value is text; Python's own parser of YAML gives halves of surrogate pairs as if they were."""
    return isinstance(value, str) and not _SURROGATE.search(value)


@contextlib.contextmanager
def _without_collector() -> t.Iterator[None]:
    """Inside, nobody looks for garbage: a document is many objects and no garbage, and that would take the longest."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _yaml(data: bytes) -> t.Any:
    """Return what a YAML document holds, with every scalar as the text that stands there, as LocalAI reads it."""
    try:
        import yaml
    except ImportError:
        raise MissingLibrary("PyYAML", traceback.format_exc()) from None
    base: t.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Text stays text: a version 1.10 is not the number 1.1, and a name may be 'on'."""

        yaml_implicit_resolvers: t.ClassVar = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":merge", ":null"))]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }
        nodes = 0
        merged_keys = 0
        level = 0

        def descend_resolver(self, *place: t.Any) -> None:
            # Neither PyYAML nor its C parser bounds how deep they recurse, and how much they hold.
            self.level += 1
            self.nodes += 1
            if self.level > MOST_LEVELS:
                raise yaml.YAMLError(f"it is nested more than {MOST_LEVELS} levels deep")
            if self.nodes > MOST_PARTS:
                raise yaml.YAMLError(f"it has more than {MOST_PARTS} nodes, which is not believable")
            super().descend_resolver(*place)

        def ascend_resolver(self) -> None:
            self.level -= 1
            super().ascend_resolver()

        def flatten_mapping(self, node: t.Any) -> None:
            super().flatten_mapping(node)
            self.merged_keys += len(node.value)
            if self.merged_keys > MOST_PARTS:
                raise yaml.YAMLError("merge keys multiply it without bound")

    if data.lstrip()[:1] == b"<":
        raise GalleryError("it is an HTML or XML page, not a gallery; look at what a browser shows there")
    try:
        with _without_collector():
            loader = Loader(data.decode("utf-8"))
            # Of several documents the first counts, as for LocalAI.
            return loader.get_data() if loader.check_data() else None
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as e:
        raise GalleryError(f"it is not valid YAML: {' '.join(str(e).split())[:300]}") from None

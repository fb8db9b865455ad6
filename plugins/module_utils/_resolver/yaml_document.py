# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses a YAML document from an untrusted author with bounded memory. The only user of `yaml`."""

from __future__ import annotations

import contextlib
import gc
import re
import traceback
import typing as t
from collections import Counter

from .._errors import GalleryError, MissingLibrary
from .text import text_of

MOST_BYTES = 32 * 1024**2
# The limit for the nodes of a document, and for the keys that its merge keys copy.
MOST_PARTS = 2000000
MOST_LEVELS = 100
_MARKUP = re.compile(r"\s*<[!?A-Za-z]")
_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?=\s|$)", re.MULTILINE)


@contextlib.contextmanager
def _without_collector() -> t.Iterator[None]:
    """Disable the garbage collector, which would take most of the time: a document has many objects and no garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _loader(yaml: t.Any, base: t.Any) -> t.Any:
    """Return a class that loads a document with the library `yaml`, made of its loader `base`."""

    class Loader(base):  # type: ignore[misc]
        """A loader that returns text: a version 1.10 is not the number 1.1, and a name may be 'on'."""

        yaml_implicit_resolvers: t.ClassVar = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":merge", ":null"))]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }
        nodes = 0
        merged_keys = 0
        level = 0

        def descend_resolver(self, *position: t.Any) -> None:
            # Neither PyYAML nor its C parser limits the depth or the size of a document.
            self.level += 1
            self.nodes += 1
            if self.level > MOST_LEVELS:
                raise yaml.YAMLError(f"it is nested more than {MOST_LEVELS} levels deep")
            if self.nodes > MOST_PARTS:
                raise yaml.YAMLError(f"it has more than {MOST_PARTS} nodes, which is not plausible")
            super().descend_resolver(*position)

        def ascend_resolver(self) -> None:
            self.level -= 1
            super().ascend_resolver()

        def flatten_mapping(self, node: t.Any) -> None:
            super().flatten_mapping(node)
            self.merged_keys += len(node.value)
            if self.merged_keys > MOST_PARTS:
                raise yaml.YAMLError(f"its merge keys copy more than {MOST_PARTS} keys, which is not plausible")

        def construct_plain(self, node: t.Any) -> t.Any:
            """Construct a node with a tag that YAML does not define as if it had none, like in LocalAI."""
            tags = {yaml.SequenceNode: "seq", yaml.MappingNode: "map"}
            return self.yaml_constructors[f"tag:yaml.org,2002:{tags.get(type(node), 'str')}"](self, node)

    Loader.add_constructor(None, Loader.construct_plain)
    return Loader


def _strict_loader(yaml: t.Any, base: t.Any, plain: type[str]) -> t.Any:
    """Return a class that loads a document, with plain scalars of the type `plain`, and refuses repeated keys."""

    class Loader(_loader(yaml, base)):  # type: ignore[misc]
        """A loader that tells plain scalars from others."""

        # LocalAI's parser knows one more, and so does the slow parser that gets it.
        ESCAPE_REPLACEMENTS: t.ClassVar = {**yaml.SafeLoader.ESCAPE_REPLACEMENTS, "'": "'"}

        def construct_text(self, node: t.Any) -> t.Any:
            # The parser in C has an empty style where the other one has none.
            return self.construct_scalar(node) if node.style else plain(self.construct_scalar(node))

        def construct_mapping(self, node: t.Any, deep: bool = False) -> t.Any:
            written = [key.value for key, _value in node.value if isinstance(key, yaml.ScalarNode)]
            repeated = next((key for key, count in Counter(written).items() if count > 1), None)
            if repeated is not None:
                raise yaml.YAMLError(f"line {node.start_mark.line + 1}: the key {repeated[:100]!r} is repeated")
            return super().construct_mapping(node, deep)

    Loader.add_constructor("tag:yaml.org,2002:str", Loader.construct_text)
    return Loader


def parse_yaml(data: bytes, plain: type[str] | None = None) -> t.Any:
    """Return the content of a YAML document. Scalars are returned as text, exactly as written, like in LocalAI.

    With `plain`, scalars that are not quoted have this type, and keys must not be repeated, as LocalAI has it for
    models. Raises GalleryError and MissingLibrary.
    """
    try:
        import yaml
    except ImportError:
        raise MissingLibrary("PyYAML", traceback.format_exc()) from None
    text = text_of(data)
    if _CONFLICT.match(text):
        raise _conflict(text)
    if _MARKUP.match(text):
        raise GalleryError("it is an HTML or XML page, not a gallery; open the URL in a browser to see it")
    try:
        fast: t.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        with _without_collector():
            if plain is None:
                return _first_document(_loader(yaml, fast)(text))
            try:
                return _first_document(_strict_loader(yaml, fast, plain)(text))
            except yaml.YAMLError as e:
                if "unknown escape" not in str(e):
                    raise
                return _first_document(_strict_loader(yaml, yaml.SafeLoader, plain)(text))
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as e:
        if _CONFLICT.search(text):
            raise _conflict(text) from None
        raise GalleryError(f"it is not valid YAML: {' '.join(str(e).split())[:300]}") from None


def _first_document(loader: t.Any) -> t.Any:
    """Return the first document, as LocalAI does."""
    return loader.get_data() if loader.check_data() else None


def _conflict(text: str) -> GalleryError:
    """Return the error for a document with the marker of a merge conflict."""
    marker = t.cast("re.Match[str]", _CONFLICT.search(text))
    line = text.count("\n", 0, marker.start()) + 1
    return GalleryError(f"line {line} is the marker of a merge conflict ({marker.group()})")


def excerpt(data: bytes, names: t.Container[str]) -> bytes:
    """Return the entries of a gallery that have one of some names in lower case, with what they mean unchanged.

    Raises GalleryError and MissingLibrary.
    """
    import yaml

    kept = [
        isinstance(row, dict) and isinstance(row.get("name"), str) and row["name"].lower() in names
        for row in parse_yaml(data) or ()
    ]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text_of(data))
    with _without_collector():
        rows: t.Any = loader.get_node() if loader.check_node() else None
        if rows is None:
            raise GalleryError("it is empty")
        rows.value = [node for node, is_kept in zip(rows.value, kept) if is_kept]
        rows.flow_style = False
        text: str = yaml.serialize(rows, Dumper=yaml.SafeDumper, allow_unicode=True, width=2**31)
    return text.encode("utf-8")

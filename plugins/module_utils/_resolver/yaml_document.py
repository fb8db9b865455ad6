# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A YAML document by any author -> its values, with bounded memory. The only user of yaml."""

from __future__ import annotations

import contextlib
import gc
import traceback
import typing as t

from .._errors import GalleryError, MissingLibrary

MOST_BYTES = 32 * 1024**2
# Nodes of the document, keys that merges copy, and members of lists and mappings that aliases let many entries share.
MOST_PARTS = 2000000
MOST_LEVELS = 100


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


def parse_yaml(data: bytes) -> t.Any:
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

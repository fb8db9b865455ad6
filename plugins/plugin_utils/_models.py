# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of models in the role's variables."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils import _rows
from ansible_collections.localai.core.plugins.plugin_utils._rows import Row
from ansible_collections.localai.core.plugins.plugin_utils._values import is_text

KEYS = ("name", "state", "model", "variant", "config", "files", "uri", "revision")
_TEXTS = ("name", "state", "model", "variant", "uri", "revision")
_FILE_KEYS = ("filename", "uri", "sha256")


def problems(lists: t.Mapping[str, t.Any], state: str, pinned: bool) -> t.Iterator[str]:
    """Yield a sentence part for each mistake, with its place.

    `state` is the state of items without one, and `pinned` whether the role has pins of models.
    """
    return _rows.problems_of_lists(lists, "qwen3-4b", KEYS, functools.partial(_problems_of, state, pinned))


def _problems_of(default_state: str, pinned: bool, row: Row) -> t.Iterator[str]:
    state = str(row.get("state", default_state))
    yield from (
        [*_rows.no_texts(row, _TEXTS)]
        or [*_rows.wrong_state(state)]
        or [*_wrong_types(row)]
        or [*_contradictions(row, state, pinned)]
    )


def _wrong_types(row: Row) -> t.Iterator[str]:
    if not isinstance(row.get("config", {}), t.Mapping):
        yield "config must be a mapping with LocalAI's keys"
    files = row.get("files", [])
    if not _rows.is_list(files) or not all(isinstance(file, t.Mapping) for file in files):
        yield "files must be a list of mappings with filename and uri"
        return
    for file in files:
        unknown = [str(key) for key in file if key not in _FILE_KEYS]
        if unknown:
            yield f"files has the unknown key {', '.join(unknown)}; the keys are {', '.join(_FILE_KEYS)}"
        elif not all(is_text(file.get(key)) for key in ("filename", "uri")):
            yield "files has an entry without filename or uri, which must be text in quotes"
        elif file.get("sha256") is not None and not is_text(file["sha256"]):
            yield "sha256 in files must be text in quotes"


def _contradictions(row: Row, state: str, pinned: bool) -> t.Iterator[str]:
    others = [key for key in ("model", "variant") if key in row]
    source = [key for key in ("variant", "files", "uri", "revision") if key in row]
    if state == "absent" and source:
        yield f"{' and '.join(source)} cannot be used with the state absent"
    elif "uri" in row and others:
        yield f"uri and {' and '.join(others)} cannot be used together"
    elif "revision" in row and "uri" not in row:
        yield "revision needs uri"
    elif "files" in row and not {"model", "uri", "config"}.intersection(row):
        yield "files without model or uri are those of a model of your own, which needs config"
    elif "@" in str(row["name"]) and {"model", "uri", "files"}.intersection(row):
        yield "the gallery before the @ belongs in model"
    elif state == "latest" and pinned:
        yield "localai_pins pins it, so the state cannot be latest"

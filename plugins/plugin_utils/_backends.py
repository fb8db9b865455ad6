# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of backends in the role's variables."""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils import _rows
from ansible_collections.localai.core.plugins.plugin_utils._rows import Row

KEYS = ("name", "state", "uri", "alias", "release", "digest")

# A model names its backend with these characters only. A gallery can have names such as organisation/name.
_USABLE = re.compile(r"[a-z0-9_-]+")
_USABLE_IN_GALLERY = re.compile(r"[a-z0-9_/-]+")


def problems(lists: t.Mapping[str, t.Any], state: str, pinned: bool) -> t.Iterator[str]:
    """Yield a sentence part for each mistake, with its place.

    `state` is the state of items without one, and `pinned` whether the role has a set of pins.
    """
    return _rows.problems_of_lists(lists, "llama-cpp", KEYS, functools.partial(_problems_of, state, pinned))


def _problems_of(default_state: str, pinned: bool, row: Row) -> t.Iterator[str]:
    state = str(row.get("state", default_state))
    wrong = [*_rows.no_texts(row, KEYS)] or [*_rows.wrong_state(state)] or [*_contradictions(row, state, pinned)]
    yield from wrong
    if state != "absent" and not wrong:
        yield from _unusable(row)


def _contradictions(row: Row, state: str, pinned: bool) -> t.Iterator[str]:
    build = [key for key in ("uri", "release", "digest") if key in row]
    if state == "absent" and build:
        yield f"{' and '.join(build)} cannot be used with the state absent"
    elif "uri" in row and "digest" in row:
        yield "uri and digest cannot be used together; write the digest into the uri, as in repository:tag@sha256:…"
    elif len(build) > 1:
        yield f"{' and '.join(build)} cannot be used together"
    elif "alias" in row and "uri" not in row:
        yield "alias needs uri"
    elif "uri" in row and "@" in str(row["name"]):
        yield "a backend with uri is in no gallery, so its name must not contain an @"
    elif state == "latest" and "digest" in row:
        yield "digest pins a build, so the state cannot be latest"
    elif state == "latest" and pinned and not build:
        yield "localai_pins pins its build, so the state cannot be latest"


def _unusable(row: Row) -> t.Iterator[str]:
    name = str(row["name"]).strip()
    if "uri" in row:
        if not _USABLE.fullmatch(name):
            yield _advice("name", name, _USABLE)
        if "alias" in row and not _USABLE.fullmatch(str(row["alias"])):
            yield _advice("alias", str(row["alias"]), _USABLE)
    elif not _USABLE_IN_GALLERY.fullmatch(name.rpartition("@")[2]):
        yield _advice("name", name.rpartition("@")[2], _USABLE_IN_GALLERY)


def _advice(what: str, name: str, usable: re.Pattern[str]) -> str:
    """Return what is wrong with a name that no model could use, and what to write."""
    reason = f"no model could use the {what} {name}, because LocalAI allows only a-z, 0-9, - and _ there"
    if usable.fullmatch(name.lower()):
        return f"{reason}; write {name.lower()}"
    if re.search(r"[:@]|[.].*/", name):
        return f"{reason}; to install an image, use a mapping with name and uri"
    return reason

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of backends in the role's variables: names and mappings, from several variables."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._values import is_text

KEYS = ("name", "state", "uri", "alias", "release", "digest")
STATES = ("present", "latest", "absent")
Row = t.Dict[str, t.Any]

# A model names its backend with these characters only. A gallery can have names such as organisation/name.
_USABLE = re.compile(r"[a-z0-9_-]+")
_USABLE_IN_GALLERY = re.compile(r"[a-z0-9_/-]+")


def is_list(value: t.Any) -> bool:
    """Return whether a value is a list; text is not."""
    return isinstance(value, t.Sequence) and not is_text(value) and not isinstance(value, bytes)


def row_of(item: t.Any) -> Row | None:
    """Return an item as a mapping without empty values; None if it has no name."""
    row = {"name": item} if is_text(item) else item
    if not isinstance(row, t.Mapping) or not is_text(row.get("name")) or not str(row["name"]).strip():
        return None
    return {str(key): value for key, value in row.items() if value is not None}


def installed_name(name: t.Any) -> str:
    """Return the name of a backend on the host, in lower case: without its gallery, and as LocalAI writes it."""
    return str(name).strip().rpartition("@")[2].replace("/", "__").lower()


def merged(lists: t.Mapping[str, t.Any]) -> list[Row]:
    """Return the backends of several variables; a later entry replaces an earlier one with the same name.

    Values and items of a wrong type are left out.
    """
    rows: dict[str, Row] = {}
    for value in lists.values():
        for item in value if is_list(value) else ():
            row = row_of(item)
            if row is not None:
                rows[installed_name(row["name"])] = row
    return list(rows.values())


def problems(lists: t.Mapping[str, t.Any], state: str, pinned: bool) -> t.Iterator[str]:
    """Yield a sentence part for each mistake, with its place.

    `state` is the state of items without one, and `pinned` whether the role has a set of pins.
    """
    for variable, value in lists.items():
        if value is None:
            continue
        if is_text(value):
            example = f'{{"{variable}": ["llama-cpp"]}}'
            yield f"{variable} is text, not a list; on the command line, use JSON: -e '{example}'"
        elif not is_list(value):
            yield f"{variable} is not a list"
        else:
            for number, item in enumerate(value, 1):
                for problem in _problems_of(item, state, pinned):
                    yield f"{variable}, item {number}{_called(item)}: {problem}"


def _called(item: t.Any) -> str:
    row = row_of(item)
    return f" ({row['name']})" if row is not None else ""


def _problems_of(item: t.Any, default_state: str, pinned: bool) -> t.Iterator[str]:
    if not is_text(item) and not isinstance(item, t.Mapping):
        yield "it is neither a name in quotes nor a mapping"
        return
    row = row_of(item)
    if row is None:
        yield "it has no name"
        return
    unknown = [key for key in row if key not in KEYS]
    if unknown:
        yield f"unknown key {', '.join(unknown)}; the keys are {', '.join(KEYS)}"
        return
    wrong = [key for key, value in row.items() if not is_text(value)]
    if wrong:
        yield f"{', '.join(wrong)} must be text in quotes"
        return
    state = str(row.get("state", default_state))
    if state not in STATES:
        yield f"its state is {state}, not one of {', '.join(STATES)}"
        return
    contradictions = list(_contradictions(row, state, pinned))
    yield from contradictions
    if state != "absent" and not contradictions:
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

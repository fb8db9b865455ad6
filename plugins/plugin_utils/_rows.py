# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of names and mappings in the role's variables, from several variables."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._values import is_text

STATES = ("present", "latest", "absent")
Row = t.Dict[str, t.Any]


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
    """Return the name on the host, in lower case: without its gallery, and as LocalAI writes it."""
    return str(name).strip().rpartition("@")[2].replace("/", "__").lower()


def merged(lists: t.Mapping[str, t.Any]) -> list[Row]:
    """Return the items of several variables; a later item replaces an earlier one with the same name on the host.

    Values and items of a wrong type are left out.
    """
    rows: dict[str, Row] = {}
    for value in lists.values():
        for item in value if is_list(value) else ():
            row = row_of(item)
            if row is not None:
                rows[installed_name(row["name"])] = row
    return list(rows.values())


def problems_of_lists(
    lists: t.Mapping[str, t.Any], example: str, keys: t.Sequence[str], problems_of: t.Callable[[Row], t.Iterator[str]]
) -> t.Iterator[str]:
    """Yield a sentence part for each mistake, with its place; `problems_of` yields those of one mapping."""
    for variable, value in lists.items():
        if value is None:
            continue
        if is_text(value):
            example_list = f'{{"{variable}": ["{example}"]}}'
            yield f"{variable} is text, not a list; on the command line, use JSON: -e '{example_list}'"
        elif not is_list(value):
            yield f"{variable} is not a list"
        else:
            for number, item in enumerate(value, 1):
                row = row_of(item)
                called = f" ({row['name']})" if row is not None else ""
                for problem in _problems_of(item, row, keys, problems_of):
                    yield f"{variable}, item {number}{called}: {problem}"


def _problems_of(
    item: t.Any, row: Row | None, keys: t.Sequence[str], problems_of: t.Callable[[Row], t.Iterator[str]]
) -> t.Iterator[str]:
    if not is_text(item) and not isinstance(item, t.Mapping):
        yield "it is neither a name in quotes nor a mapping"
    elif row is None:
        yield "it has no name"
    elif not set(row) <= set(keys):
        unknown = [key for key in row if key not in keys]
        yield f"unknown key {', '.join(unknown)}; the keys are {', '.join(keys)}"
    else:
        yield from problems_of(row)


def no_texts(row: Row, keys: t.Iterable[str]) -> t.Iterator[str]:
    """Yield a sentence part if one of some keys is not text."""
    wrong = [key for key in keys if key in row and not is_text(row[key])]
    if wrong:
        yield f"{', '.join(wrong)} must be text in quotes"


def wrong_state(state: str) -> t.Iterator[str]:
    """Yield a sentence part if there is no such state."""
    if state not in STATES:
        yield f"its state is {state}, not one of {', '.join(STATES)}"

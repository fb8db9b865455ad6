# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables of the inventory are misspelled variables of the role."""

from __future__ import annotations

import fnmatch
import typing as t

DOCUMENTATION = r"""
name: wrong_variables
short_description: Find misspelled variables of the role
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - A name is wrong if it is a typical mistake, or if it resembles a known name. Other names are accepted, because they
    can be variables of somebody else.
positional: _input
options:
  _input:
    description: The names of variables.
    type: list
    elements: str
    required: true
  known:
    description:
      - The names that exist.
      - V(*) stands for any text. A name that ends with V(__*) is the prefix of variables that are merged.
    type: list
    elements: str
    required: true
  mistakes:
    description: Wrong names, with the correction of each.
    type: dict
    default: {}
"""

EXAMPLES = r"""
# => ['localai_addres (did you mean localai_address?)']
- name: Find a misspelled variable
  ansible.builtin.debug:
    msg: "{{ ['localai_addres', 'localai_result'] | localai.core.wrong_variables(known=['localai_address']) }}"
"""

RETURN = r"""
_value:
  description: The wrong names, each with the right name or another correction.
  type: list
  elements: str
"""

_PREFIX = "localai_"
_PART = "__"
# How many typing errors make a name of so many letters another one. Short names are often names of somebody else.
_SHORT = 5
_MEDIUM = 7


def wrong_variables(
    names: t.Iterable[str], known: t.Iterable[str], mistakes: t.Mapping[str, str] | None = None
) -> list[str]:
    """Return the wrong ones among some names, each with advice."""
    known_names = [str(name) for name in known]
    patterns = [name for name in known_names if "*" in name]
    exact = set(known_names).difference(patterns)
    merged = sorted(name[: -len(_PART) - 1] for name in patterns if name.endswith(f"{_PART}*"))
    found = []
    for name in sorted(set(map(str, names)) - exact):
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            continue
        advice = (mistakes or {}).get(name) or _advice(name, sorted(exact), merged)
        if advice:
            found.append(f"{name} ({advice})")
    return found


def _advice(name: str, known: list[str], merged: list[str]) -> str:
    base, separator, part = name.partition(_PART)
    if separator and base in known:
        return f"only {', '.join(f'{other}{_PART}*' for other in merged)} are merged"
    similar = _most_similar(base, merged if separator else known)
    return f"did you mean {similar}{separator}{part}?" if similar else ""


def _most_similar(name: str, known: list[str]) -> str:
    """Return the known name that this one is probably meant to be, or an empty text."""
    stem = name[len(_PREFIX) :].lower()
    best, fewest = "", 3
    for other in known:
        right = other[len(_PREFIX) :]
        allowed = 1 if len(right) <= _MEDIUM else 2
        if sorted(stem.split("_")) == sorted(right.split("_")):
            errors = 0
        elif abs(len(stem) - len(right)) > allowed or _is_own_word(stem, right):
            continue
        else:
            errors = distance(stem, right)
        if errors <= allowed and errors < fewest:
            best, fewest = other, errors
    return best


def _is_own_word(stem: str, right: str) -> bool:
    """Return whether the name is probably meant as it is: a plural, or the result of `stat` beside `state`."""
    return stem in (f"{right}s", f"{right}es") or (len(right) <= _SHORT and stem[:4] == right[:4])


def distance(one: str, other: str) -> int:
    """Return how many letters are missing, added, replaced or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, right in enumerate(other, 1):
            errors = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != right))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == right:
                errors = min(errors, above[j - 2] + 1)
            row.append(errors)
    return row[-1]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"wrong_variables": wrong_variables}

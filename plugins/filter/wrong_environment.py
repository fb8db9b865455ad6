# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment variables that LocalAI would refuse or misinterpret."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._values import environment_text

DOCUMENTATION = r"""
name: wrong_environment
short_description: Find environment variables that LocalAI would not accept
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - Variables that are null are ignored.
positional: _input
options:
  _input:
    description: The environment variables.
    type: dict
    required: true
  types:
    description:
      - The names of variables by type. The types are V(bool), V(int), V(count), V(float), V(duration), and
        V(optional_duration), which may be empty.
      - Other variables can have any text of one line.
    type: dict
    required: true
  choices:
    description: The variables that have a choice of values, with these values.
    type: dict
    default: {}
"""

EXAMPLES = r"""
# => ['LOCALAI_THREADS is empty, but must be a whole number']
- name: Find a wrong variable
  ansible.builtin.debug:
    msg: "{{ {'LOCALAI_THREADS': ''} | localai.core.wrong_environment(types={'int': ['LOCALAI_THREADS']}) }}"
"""

RETURN = r"""
_value:
  description: The mistakes, one text for each variable. Values are not shown, because they can be secrets.
  type: list
  elements: str
"""

_DURATION = r"[+-]?([0-9]*[.])?[0-9]+[.]?(ns|us|µs|ms|s|m|h)"
# As kong and Go's strconv and time packages parse them.
_RULES = {
    "bool": (r"(?i:true|1|yes|false|0|no)", "true or false"),
    "int": (r"[+-]?(0[xX][0-9a-fA-F]+|[0-9]+)", "a whole number"),
    "count": (r"[0-9]+", "a whole number from 0"),
    "float": (r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?", "a number"),
    "duration": (rf"0|{_DURATION}({_DURATION})*", "a duration such as 15m or 1h30m"),
    "optional_duration": (rf"|0|{_DURATION}({_DURATION})*", "a duration such as 15m or 1h30m"),
}


def wrong_environment(
    variables: t.Mapping[str, t.Any],
    types: t.Mapping[str, t.Iterable[str]],
    choices: t.Mapping[str, t.Iterable[str]] | None = None,
) -> list[str]:
    """Return the mistakes, in the order of the names."""
    rules = {str(name): _RULES[kind] for kind, names in types.items() for name in names}
    for name, values in (choices or {}).items():
        texts = [str(value) for value in values]
        rules[str(name)] = ("|".join(map(re.escape, texts)), f"one of {', '.join(texts)}")
    found = [_wrong(name, variables[name], rules.get(str(name))) for name in sorted(variables, key=str)]
    return [text for text in found if text]


def _wrong(name: t.Any, value: t.Any, rule: tuple[str, str] | None) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)):
        return f"{str(name)!a} is not the name of an environment variable"
    if value is None:
        return ""
    text = environment_text(value)
    if re.search(r"[\r\n\0]", text):
        return f"{name} has more than one line"
    if rule and not re.fullmatch(rule[0], text):
        return f"{name} is {'empty' if not text else 'wrong'}, but must be {rule[1]}"
    return ""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"wrong_environment": wrong_environment}

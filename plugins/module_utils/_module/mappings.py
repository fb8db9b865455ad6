# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that take mappings or lists of mappings: JSON text is read, and other text is an error that shows the form.

Ansible itself splits a text at its commas, and its error does not say what to write.
"""

from __future__ import annotations

import json
import typing as t

_UNREADABLE = "(not shown)"
_EXAMPLES = {
    "endpoints": "endpoints: [{host: registry.example, username: me, password: …}]",
    "galleries": "galleries: [{name: mine, url: https://files.example/index.yaml}]",
    "pins": "pins: \"{{ lookup('ansible.builtin.file', 'pins.yml') | from_yaml }}\"",
}


def read_mappings(params: dict[str, t.Any], spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """Replace JSON text in the options that take mappings; return a sentence about one that cannot be used, or nothing.

    `spec` is the argument specification of the options `params`, which Ansible has not validated yet. An option that
    cannot be used is replaced too.
    """
    for option, example in _EXAMPLES.items():
        rule = spec.get(option, {})
        if "options" not in rule or params.get(option) is None:
            continue
        value, problem = _from_json(params[option]), ""
        if rule["type"] == "list":
            problem = _problem_of_list(value, rule["options"])
        elif not isinstance(value, dict) and not _is_key_and_value(value, rule["options"]):
            problem = f"it is {_kind(value)}, not a mapping"
        if problem:
            # It can have a password in it, which Ansible does not find there.
            params[option] = _UNREADABLE
            return f"{option}: {problem}. Write, for example: {example}"
        params[option] = value
    return ""


def _problem_of_list(value: t.Any, options: t.Container[str]) -> str:
    """Return why a value is no list of mappings; nothing if Ansible can convert it."""
    if _is_key_and_value(value, options):
        return ""
    if not isinstance(value, list):
        return f"it is {_kind(value)}, not a list of mappings"
    for number, item in enumerate(value, 1):
        if not isinstance(_from_json(item), dict) and not _is_key_and_value(item, options):
            return f"its item {number} is {_kind(item)}, not a mapping"
    return ""


def _from_json(value: t.Any) -> t.Any:
    """Return what a JSON text of a list or a mapping means; any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            pass
    return value


def _is_key_and_value(value: t.Any, options: t.Container[str]) -> bool:
    """Return whether a text has the form `key=value` that Ansible reads as a mapping."""
    return isinstance(value, str) and "=" in value and value.partition("=")[0].strip() in options


def _kind(value: t.Any) -> str:
    kinds = {str: "text", dict: "one mapping", list: "a list", bool: "a boolean", int: "a number", float: "a number"}
    return next((kind for type_, kind in kinds.items() if isinstance(value, type_)), "something else")

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
# Options at the top come first; the others are inside them.
_EXAMPLES = {
    "endpoints": "endpoints: [{host: registry.example, username: me, password: …}]",
    "galleries": "galleries: [{name: mine, url: https://files.example/index.yaml}]",
    "mirrors": "mirrors: [{url: https://mirror.example}]",
    "verification": "verification: {issuer: https://issuer.example, identity_regex: ^https://}",
    "artifact_verification": "artifact_verification: {issuer: https://issuer.example, identity: https://…}",
    "backends": "backends: [{name: llama-cpp}, {name: mine, uri: quay.io/me/mine:v1}]",
    "pins": "pins: \"{{ lookup('ansible.builtin.file', 'pins.yml') | from_yaml }}\"",
}
_INSIDE = ("mirrors", "verification", "artifact_verification")


def read_mappings(params: dict[str, t.Any], spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """Replace JSON text in the options that take mappings; return a sentence about one that cannot be used, or nothing.

    `spec` is the argument specification of the options `params`, which Ansible has not validated yet. An option that
    cannot be used is replaced too.
    """
    for option in [option for option in _EXAMPLES if "options" in spec.get(option, ())]:
        value = _from_json(params.get(option))
        key, problem = _problem(option, value, spec[option])
        if problem:
            # It can have a password in it, which Ansible does not find there.
            params[option] = _UNREADABLE
            return f"{problem}. Write, for example: {_EXAMPLES[key]}"
        if value is not None:
            params[option] = value
    return ""


def _problem(option: str, value: t.Any, rule: t.Mapping[str, t.Any], where: str = "") -> tuple[str, str]:
    """Return an option, or one inside it, that Ansible cannot convert, and what it is; nothing if there is none."""
    where = where or option
    if value is None or _is_key_and_value(value, rule["options"]):
        return "", ""
    if rule["type"] == "dict" and isinstance(value, dict):
        return _problem_inside(value, rule["options"], where)
    if rule["type"] == "dict":
        return option, f"{where}: it is {_kind(value)}, not a mapping"
    if not isinstance(value, list):
        return option, f"{where}: it is {_kind(value)}, not a list of mappings"
    for number, item in enumerate(map(_from_json, value), 1):
        if _is_key_and_value(item, rule["options"]):
            continue
        if not isinstance(item, dict):
            return option, f"{where}: its item {number} is {_kind(item)}, not a mapping"
        key, problem = _problem_inside(item, rule["options"], f"{where}, item {number}")
        if problem:
            return key, problem
    return "", ""


def _problem_inside(item: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any], where: str) -> tuple[str, str]:
    for key in [key for key in options if key in _INSIDE and "options" in options[key]]:
        found = _problem(key, _from_json(item.get(key)), options[key], f"{where}, {key}")
        if found[1]:
            return found
    return "", ""


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


def all_errors(first: str, result: t.Any) -> str:
    """Return the text of all errors of a validation, of which Ansible reports only the `first`.

    It would hide a misspelled name. `result` is Ansible's `ValidationResult`, or None before the validation.
    """
    errors = result.errors[1:] if result is not None else []
    texts = [f"Unsupported: {error}" if type(error).__name__ == "UnsupportedError" else str(error) for error in errors]
    return " ".join(f"{text.rstrip('.')}." for text in (first, *texts)) if texts else first

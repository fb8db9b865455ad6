# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message of `localai_backend`: one sentence about the changes of a run. Pure."""

from __future__ import annotations

import typing as t

# The past tense and the infinitive of each action.
_VERBS = {
    "install": ("installed", "install"),
    "repair": ("repaired", "repair"),
    "upgrade": ("upgraded", "upgrade"),
    "replace": ("replaced", "replace"),
    "restore": ("restored", "restore"),
    "chown": ("changed the owner, group or mode of", "change the owner, group or mode of"),
    "prune": ("removed previous versions of", "remove previous versions of"),
    "remove": ("removed", "remove"),
}
_OTHER = ("changed", "change")


def message_of(result: t.Mapping[str, t.Any], check_mode: bool) -> str:
    """Return the message for the result of a run."""
    names: dict[str, list[str]] = {action: [] for action in _VERBS}
    for row in result["backends"]:
        names.get(row["action"], []).append(row["name"])
    names["remove"] += [row["backend"] for row in result["removed"]]
    actions = [(_VERBS[action], objects) for action, objects in names.items() if objects]
    if result["diff"] and not actions:
        actions = [(_OTHER, [change["after_header"] for change in result["diff"]])]
    phrases = [f"{infinitive if check_mode else past} {_listed(objects)}" for (past, infinitive), objects in actions]
    if not phrases:
        return "Nothing to change."
    sentence = "; ".join(phrases)
    return f"Would {sentence}." if check_mode else f"{sentence[0].upper()}{sentence[1:]}."


def _listed(names: t.Iterable[str]) -> str:
    """Return a list of names as text, without duplicates."""
    *others, last = dict.fromkeys(names)
    return f"{', '.join(others)} and {last}" if others else last

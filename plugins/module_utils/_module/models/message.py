# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message of `localai_model`: one line about the changes of a run. Pure."""

from __future__ import annotations

import typing as t

_VERBS = {
    "install": ("installed", "install"),
    "repair": ("repaired", "repair"),
    "upgrade": ("upgraded", "upgrade"),
    "replace": ("replaced", "replace"),
    "download": ("downloaded", "download"),
    "chown": ("changed the owner, group or mode of", "change the owner, group or mode of"),
    "remove": ("removed", "remove"),
}
# More names are only counted.
_MOST_NAMES = 5
_MEBIBYTE, _GIBIBYTE = 1024**2, 1024**3


def message_of(result: t.Mapping[str, t.Any], check_mode: bool, sizes: t.Mapping[str, int]) -> str:
    """Return the message for the result of a run; `sizes` has the bytes to transfer of each model, 0 if unknown."""
    names: dict[str, list[str]] = {action: [] for action in _VERBS}
    for row in result["models"]:
        if row["action"] in names:
            names[row["action"]].append(_with_size(row, sizes))
    shown = {row["name"] for row in result["models"]}
    surplus = dict.fromkeys(row["model"] for row in result["removed"] if row["model"] and row["model"] not in shown)
    names["remove"] += list(surplus)
    pruned = [row["path"] for row in result["removed"] if row["model"] is None]
    phrases = [(_VERBS[action], _listed(listed, "models")) for action, listed in names.items() if listed]
    phrases += [(_VERBS["remove"], _listed(pruned, "unused files"))] if pruned else []
    if not phrases:
        return "Nothing to change."
    sentence = "; ".join(f"{infinitive if check_mode else past} {listed}" for (past, infinitive), listed in phrases)
    return f"Would {sentence}." if check_mode else f"{sentence[0].upper()}{sentence[1:]}."


def _with_size(row: t.Mapping[str, t.Any], sizes: t.Mapping[str, int]) -> str:
    size = sizes.get(row["name"], 0)
    return f"{row['name']} ({_amount(size)})" if size else str(row["name"])


def _amount(size: int) -> str:
    return f"{size / _GIBIBYTE:.1f} GiB" if size >= _GIBIBYTE else f"{max(size / _MEBIBYTE, 0.1):.1f} MiB"


def _listed(names: t.Sequence[str], kind: str) -> str:
    if len(names) > _MOST_NAMES:
        return f"{len(names)} {kind}"
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last

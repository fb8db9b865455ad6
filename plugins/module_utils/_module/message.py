# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message of `localai_backend`: one line about the changes of a run. Pure."""

from __future__ import annotations

import typing as t

from .._planner.plan import Plan
from .._planner.steps import Download, Fetch

# The past tense and the infinitive of each action.
_VERBS = {
    "install": ("installed", "install"),
    "repair": ("repaired", "repair"),
    "upgrade": ("upgraded", "upgrade"),
    "replace": ("replaced", "replace"),
    "restore": ("restored", "restore"),
    "download": ("downloaded", "download"),
    "chown": ("changed the owner, group or mode of", "change the owner, group or mode of"),
    "prune": ("removed previous versions of", "remove previous versions of"),
    "remove": ("removed", "remove"),
}
_OTHER = ("changed", "change")
# More names are only counted.
_MOST_NAMES = 5


def message_of(result: t.Mapping[str, t.Any], check_mode: bool, sizes: t.Mapping[str, int] | None = None) -> str:
    """Return the message for the result of a run; `sizes` has the bytes to transfer for each build, if known."""
    left = dict(sizes or {})
    details: dict[str, dict[str, t.Sequence[str]]] = {action: {} for action in _VERBS}
    totals = dict.fromkeys(_VERBS, 0)
    for row in result["backends"]:
        # Of several names with the same build, the first has its size.
        size = left.pop(row.get("backend") or "", 0)
        if row["action"] in details and row["name"] not in details[row["action"]]:
            details[row["action"]][row["name"]] = _details(row, size)
            totals[row["action"]] += size
    for row in result["removed"]:
        details["remove"].setdefault(row["backend"], ())
    phrases = [(_VERBS[action], _listed(names, totals[action])) for action, names in details.items() if names]
    if result["diff"] and not phrases:
        phrases = [(_OTHER, _listed({change["after_header"]: () for change in result["diff"]}, 0))]
    sentence = "; ".join(f"{infinitive if check_mode else past} {names}" for (past, infinitive), names in phrases)
    if not sentence:
        return "Nothing to change."
    return f"Would {sentence}." if check_mode else f"{sentence[0].upper()}{sentence[1:]}."


def sizes_of(plan: Plan) -> dict[str, int]:
    """Return the number of bytes to transfer for each build of a plan, 0 if it is unknown."""
    fetched = (step for step in plan.steps if isinstance(step, (Download, Fetch)))
    return {step.backend: step.artifact.size for step in fetched if isinstance(step, Download) or not step.downloaded}


def _listed(details: t.Mapping[str, t.Sequence[str]], total: int) -> str:
    """Return names as text, each with its details. Many names are counted, with the `total` of their sizes."""
    if len(details) > _MOST_NAMES:
        return f"{len(details)} backends{f' ({mebibytes(total)})' if total else ''}"
    *others, last = (f"{name} ({', '.join(texts)})" if texts else name for name, texts in details.items())
    return f"{', '.join(others)} and {last}" if others else last


def _details(row: t.Mapping[str, t.Any], size: int) -> list[str]:
    """Return the build of a row and its size, if it is transferred, and the reason for a repair."""
    texts = [row["backend"]] if size and row["backend"] != row["name"] else []
    texts += [mebibytes(size)] if size else []
    return [*texts, row["reason"]] if row["action"] == "repair" else texts


def mebibytes(size: int) -> str:
    """Return a number of bytes as text."""
    return f"{max(size / 1024**2, 0.1):.1f} MiB"

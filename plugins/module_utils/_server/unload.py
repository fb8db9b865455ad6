# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unloads models, so that their next request starts the build that is installed now."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass
from urllib.parse import quote

from .answers import ModelView, described, error_of, is_ok, model_view_of
from .client import Client, Outcome

_PAUSE = 1.0
_BUSY = "still busy"
# LocalAI does not decode these in a path.
_UNQUOTED = "!$&'()*+,:;=@~"


@dataclass(frozen=True)
class Unloaded:
    """The models that were unloaded and those that stay loaded, with a sentence for each of the latter."""

    unloaded: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def models_to_unload(
    loaded: t.Iterable[str],
    view_of: t.Callable[[str], ModelView | None],
    replaced: t.Collection[str],
    unload: t.Collection[str],
) -> list[str]:
    """Return which loaded models to unload: those in `unload`, and those whose backend was replaced.

    A model that names no backend, or that the server does not know, may run any of them: LocalAI has tried all.
    """
    names = {name.lower() for name in replaced}
    return sorted(name for name in loaded if name in unload or (names and _is_stale(view_of(name), names)))


def _is_stale(view: ModelView | None, replaced: t.Collection[str]) -> bool:
    return view is None or not view.backend or view.backend in replaced


def view_model(client: Client, name: str, seconds: float) -> ModelView | None:
    """Return what the server has in memory of a model, None if it has nothing or does not say it."""
    return model_view_of(client.get(f"/api/models/config-json/{quote(name, safe=_UNQUOTED)}", seconds))


def unload_models(client: Client, names: t.Iterable[str], seconds: float) -> Unloaded:
    """Unload models, each within `seconds`. A model that is in use stays loaded."""
    unloaded, busy, warnings = [], [], []
    for name in names:
        problem = _unload(client, name, seconds)
        if problem is None:
            unloaded.append(name)
        elif problem:
            busy.append(name)
            warnings.append(problem)
    return Unloaded(tuple(unloaded), tuple(busy), tuple(warnings))


def _unload(client: Client, name: str, seconds: float) -> str | None:
    """Return None for a model that was unloaded, a sentence for one that stays, nothing for one that was not loaded."""
    deadline = time.monotonic() + seconds
    while True:
        answer = client.post("/backend/shutdown", {"model": name}, max(deadline - time.monotonic(), 0.05))
        if is_ok(answer):
            return None
        if answer.outcome is Outcome.CLOSED or (answer.outcome is Outcome.ANSWERED and answer.status == 404):
            return ""
        is_busy = answer.status == 500 and _BUSY in error_of(answer)
        if is_busy and time.monotonic() + _PAUSE < deadline:
            time.sleep(_PAUSE)
            continue
        if is_busy or answer.outcome is Outcome.SILENT:
            return (
                f"The model {name} is still busy after {seconds:g} seconds, so it stays loaded and runs the build from "
                "before. Unload it later with the option unload, or restart LocalAI."
            )
        return f"The model {name} could not be unloaded, so it may run the build from before: {described(answer)}."

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Loads a model, and lets it answer: that a server is ready says nothing about its backends and models."""

from __future__ import annotations

import time
import typing as t

from .._errors import ServerError
from .._fs.utf8 import os
from .answers import described, error_of, is_ok, is_refused, models_of, reply_of
from .client import Answer, Client, Outcome
from .unload import view_model

_SECONDS = 10
_MAX_NAMES = 10
# Small models may go on for ever.
_MAX_TOKENS = 512
_COOLDOWN = "cooldown"
_PAUSE = 1.0


def smoke_test(
    client: Client, model: str, prompt: str | None, seconds: float, models_path: str | None = None
) -> str | None:
    """Load a model, and return its answer to `prompt`, if there is one; raises ServerError after `seconds`.

    A model that is not listed yet may have a file in `models_path`: LocalAI reads `<models>/<name>.yaml` at the first
    request that names it.
    """
    deadline = time.monotonic() + seconds
    target = model if _has_new_file(client, model, models_path) else _checked(client, model)
    answer = _load(client, target, deadline)
    if not is_ok(answer):
        raise ServerError(f"The smoke test failed: LocalAI cannot load the model {target}: {_problem(answer, seconds)}")
    if not prompt:
        return None
    request: dict[str, t.Any] = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": _MAX_TOKENS,
    }
    answer = client.post("/v1/chat/completions", request, max(deadline - time.monotonic(), 0.05))
    if not is_ok(answer):
        raise ServerError(
            f"The smoke test failed: the model {model} is loaded and does not answer: {_problem(answer, seconds)}"
        )
    reply = reply_of(answer)
    if not reply:
        raise ServerError(
            f"The smoke test failed: the answer of the model {model} has no text. See whether its template and its "
            "backend are right."
        )
    return reply


def _load(client: Client, model: str, deadline: float) -> Answer:
    """Load a model. After an earlier failure, LocalAI refuses to for a while, whatever was repaired meanwhile."""
    while True:
        answer = client.post("/backend/load", {"model": model}, max(deadline - time.monotonic(), 0.05))
        if is_ok(answer) or _COOLDOWN not in error_of(answer) or time.monotonic() + _PAUSE >= deadline:
            return answer
        time.sleep(_PAUSE)


def _has_new_file(client: Client, model: str, models_path: str | None) -> bool:
    listed = models_of(client.get("/v1/models", _SECONDS))
    if models_path is None or listed is None or model in listed or ".." in model.split("/"):
        return False
    return os.path.isfile(os.path.join(models_path, f"{model}.yaml"))


def _checked(client: Client, model: str) -> str:
    """Return the model to load, which is another one for an alias.

    LocalAI neither resolves aliases nor refuses unknown and disabled models here: it starts every backend with an
    unknown name, which takes minutes, and loads a disabled model.
    """
    listed = models_of(client.get("/v1/models", _SECONDS))
    if listed is not None and model not in listed:
        some = ", ".join(listed[:_MAX_NAMES]) + (", …" if len(listed) > _MAX_NAMES else "")
        raise ServerError(
            f"The smoke test failed: LocalAI has no model {model}. Its models: {some or 'none'}. LocalAI looks "
            f"for a new one in the file {model}.yaml of its models path."
        )
    view = view_model(client, model, _SECONDS)
    if view is None:
        return model
    if view.alias and listed is not None and view.alias not in listed:
        raise ServerError(
            f"The smoke test failed: the model {model} is an alias of {view.alias}, and LocalAI has no such model."
        )
    if view.disabled:
        raise ServerError(
            f"The smoke test failed: the model {model} is disabled in LocalAI. Enable it, or test another one."
        )
    return view.alias or model


def _problem(answer: Answer, seconds: float) -> str:
    """Return why a request failed, with what to do about it."""
    if answer.outcome is Outcome.SILENT:
        return f"the {seconds:g} seconds of timeout are over."
    if is_refused(answer):
        return f"LocalAI does not accept the key ({described(answer)}). Set api_key."
    if _COOLDOWN in error_of(answer):
        return (
            f"{described(answer)}. An earlier load failed, and LocalAI refuses the next one for up to 5 minutes. Find "
            "the reason in its journal; a restart of LocalAI ends the cooldown."
        )
    return f"{described(answer)}."

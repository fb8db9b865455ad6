# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values from LocalAI's answers. Pure. An answer may have any content: values of another form count as unknown.

Follows `core/http/routes/localai.go`, `core/schema/localai.go` and `core/config/model_config.go` in LocalAI.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from .._localai.models.backends import ALIASES
from .client import Answer, Outcome

_LONGEST_START, _LONGEST_END = 150, 450


@dataclass(frozen=True)
class System:
    """The names of the registered backends, and the loaded models; None is unknown."""

    backends: tuple[str, ...] | None
    loaded_models: tuple[str, ...] | None


@dataclass(frozen=True)
class ModelView:
    """The configuration of a model in the memory of a server. The backend is empty if the model names none."""

    backend: str = ""
    alias: str = ""
    disabled: bool = False


def is_ok(answer: Answer) -> bool:
    """Return whether a request succeeded."""
    return answer.outcome is Outcome.ANSWERED and answer.status == 200


def is_refused(answer: Answer) -> bool:
    """Return whether the server wants another key."""
    return answer.outcome is Outcome.ANSWERED and answer.status in (401, 403)


def document_of(answer: Answer) -> t.Any:
    """Return the JSON of an answer, None if it is no JSON."""
    try:
        return json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def described(answer: Answer) -> str:
    """Return what came back, for a sentence: the status and LocalAI's message, or why there is no answer."""
    if answer.outcome is not Outcome.ANSWERED:
        return answer.problem
    text = error_of(answer)
    return f"status {answer.status}{': ' if text else ''}{text}"


def error_of(answer: Answer) -> str:
    """Return the message in an error, or the start and the end of a body that is not LocalAI's."""
    document = _dict(document_of(answer))
    error = document.get("error")
    message = _dict(error).get("message") if isinstance(error, dict) else error or document.get("message")
    text = message if isinstance(message, str) else answer.body.decode("utf-8", "replace")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(".")
    # The last line of a backend that failed to start is at the end.
    if len(line) > _LONGEST_START + _LONGEST_END:
        return f"{line[:_LONGEST_START]} … {line[-_LONGEST_END:]}"
    return line


def version_of(answer: Answer) -> str | None:
    """Return the version in the answer to `GET /version`."""
    version = _dict(document_of(answer)).get("version") if is_ok(answer) else None
    return version if isinstance(version, str) and version else None


def system_of(answer: Answer) -> System:
    """Return the answer to `GET /system`."""
    document = _dict(document_of(answer)) if is_ok(answer) else {}
    return System(_names(document, "backends", None), _names(document, "loaded_models", "id"))


def models_of(answer: Answer) -> tuple[str, ...] | None:
    """Return the names in the answer to `GET /v1/models`; None is unknown."""
    return _names(_dict(document_of(answer)), "data", "id") if is_ok(answer) else None


def model_view_of(answer: Answer) -> ModelView | None:
    """Return the answer to `GET /api/models/config-json/NAME`; None is unknown."""
    document = document_of(answer) if is_ok(answer) else None
    if not isinstance(document, dict):
        return None
    alias = document.get("alias")
    return ModelView(
        canonical_backend(document.get("backend")),
        alias if isinstance(alias, str) else "",
        document.get("disabled") is True,
    )


def canonical_backend(name: t.Any) -> str:
    """Return the name under which LocalAI looks up the backend that a model names; empty for what is no name."""
    lower = name.strip().lower() if isinstance(name, str) else ""
    return ALIASES.get(lower, lower)


def reply_of(answer: Answer) -> str:
    """Return the text of the assistant in the answer to `POST /v1/chat/completions`, empty if there is none."""
    choices = _dict(document_of(answer)).get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    content = _dict(_dict(first).get("message")).get("content")
    return content.strip() if isinstance(content, str) else ""


def _dict(value: t.Any) -> dict[str, t.Any]:
    return value if isinstance(value, dict) else {}


def _names(document: dict[str, t.Any], key: str, inner: str | None) -> tuple[str, ...] | None:
    """Return the sorted texts of a list, or of one key of its mappings; null is an empty list in Go."""
    rows = document.get(key, False)
    if rows is None:
        return ()
    if not isinstance(rows, list):
        return None
    values = [_dict(row).get(inner) if inner else row for row in rows]
    return tuple(sorted({value for value in values if isinstance(value, str)}))

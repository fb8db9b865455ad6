# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What LocalAI's answers say, and that nothing that comes back is a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._server import answers
from ansible_collections.localai.core.plugins.module_utils._server.answers import ModelView, System
from ansible_collections.localai.core.plugins.module_utils._server.client import Answer, Outcome


def answered(document: Any, status: int = 200) -> Answer:
    return Answer(Outcome.ANSWERED, status, json.dumps(document).encode())


CLOSED = Answer(Outcome.CLOSED, problem="the port is closed")
_LEAF = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
_KEYS = ["error", "message", "version", "backends", "loaded_models", "id", "data", "choices", "backend", "alias"]


def _rows(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3) | st.lists(inner, max_size=2)


ANY_JSON = _LEAF | _rows(_LEAF | _rows(_LEAF | _rows(_LEAF)))


@given(ANY_JSON, st.sampled_from([200, 401, 500]))
def test_any_json_is_understood_or_unknown(document: Any, status: int) -> None:
    answer = answered(document, status)
    system = answers.system_of(answer)
    for names in (system.backends, system.loaded_models, answers.models_of(answer)):
        assert names is None or all(isinstance(name, str) for name in names)
    assert isinstance(answers.version_of(answer), (str, type(None)))
    view = answers.model_view_of(answer)
    assert view is None or all(isinstance(value, (str, bool)) for value in vars(view).values())
    assert isinstance(answers.reply_of(answer), str)
    assert isinstance(answers.described(answer), str)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"<html>", b"[" * 100_000, b"NaN", b"{"])
def test_what_is_no_json_is_unknown(body: bytes) -> None:
    answer = Answer(Outcome.ANSWERED, 200, body)
    assert answers.system_of(answer) == System(None, None)
    assert (answers.models_of(answer), answers.version_of(answer), answers.model_view_of(answer)) == (None, None, None)
    assert answers.reply_of(answer) == ""
    assert len(answers.described(answer)) < 700


def test_the_system() -> None:
    document = {"backends": ["b", "a", "b"], "loaded_models": [{"id": "m", "backend": "b"}, {"id": "l"}]}
    assert answers.system_of(answered(document)) == System(("a", "b"), ("l", "m"))
    assert answers.system_of(answered({"backends": None, "loaded_models": []})) == System((), ())
    assert answers.system_of(answered(document, 401)) == System(None, None)
    assert answers.system_of(CLOSED) == System(None, None)


def test_the_version_and_the_models() -> None:
    assert answers.version_of(answered({"version": "v4.9.0"})) == "v4.9.0"
    assert answers.version_of(answered({"version": ""})) is None
    assert answers.models_of(answered({"data": [{"id": "a"}]})) == ("a",)
    assert answers.models_of(answered({"data": None})) == ()


@pytest.mark.parametrize(
    ("document", "view"),
    [
        ({"backend": "LLama-CPP"}, ModelView("llama-cpp")),
        ({"backend": "llama"}, ModelView("llama-cpp")),
        ({"backend": "Mamba"}, ModelView("transformers")),
        ({"name": "m"}, ModelView()),
        ({"backend": 7, "alias": ["x"], "disabled": "yes"}, ModelView()),
        ({"alias": "target", "disabled": True}, ModelView("", "target", True)),
        ([], None),
    ],
)
def test_a_model(document: Any, view: ModelView | None) -> None:
    assert answers.model_view_of(answered(document)) == view


def test_a_reply() -> None:
    assert answers.reply_of(answered({"choices": [{"message": {"content": " Hi "}}]})) == "Hi"
    assert answers.reply_of(answered({"choices": []})) == ""


def test_what_came_back_in_words() -> None:
    assert answers.described(CLOSED) == "the port is closed"
    assert answers.described(answered({"error": {"message": "no\nway"}}, 500)) == "status 500: no way"
    assert answers.described(answered({"error": "no"}, 500)) == "status 500: no"
    assert answers.described(answered({"loaded": None, "message": "no."}, 500)) == "status 500: no"
    assert answers.described(Answer(Outcome.ANSWERED, 502, b"")) == "status 502"
    long = "start " + "x" * 2000 + " exit status 1: last line"
    assert answers.error_of(answered({"error": {"message": long}})).endswith("exit status 1: last line")


def test_which_answers_are_what() -> None:
    assert answers.is_refused(answered({}, 401))
    assert answers.is_refused(answered({}, 403))
    assert not answers.is_refused(answered({}))
    assert answers.is_ok(answered({}))
    assert not answers.is_ok(answered({}, 204))
    assert not answers.is_ok(Answer(Outcome.BROKEN, 200))

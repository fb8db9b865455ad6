# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which models are unloaded, and what becomes of those that are busy."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._server import unload
from ansible_collections.localai.core.plugins.module_utils._server.address import parse_url
from ansible_collections.localai.core.plugins.module_utils._server.answers import ModelView
from ansible_collections.localai.core.plugins.module_utils._server.client import Client
from ansible_collections.localai.core.plugins.module_utils._server.unload import (
    Unloaded,
    models_to_unload,
    unload_models,
    view_model,
)
from ansible_collections.localai.core.tests.support.running_server import KEY, LocalAI
from ansible_collections.localai.core.tests.support.server import Answer

VIEWS = {"a": ModelView("llama-cpp"), "b": ModelView("whisper"), "c": ModelView(""), "d": None}


@pytest.mark.parametrize(
    ("replaced", "names", "expected"),
    [
        (["llama-cpp"], [], ["a", "c", "d"]),
        (["LLAMA-CPP"], [], ["a", "c", "d"]),
        (["other"], [], ["c", "d"]),
        ([], [], []),
        ([], ["b", "z"], ["b"]),
        (["whisper"], ["a"], ["a", "b", "c", "d"]),
    ],
)
def test_which_models(replaced: list[str], names: list[str], expected: list[str]) -> None:
    assert models_to_unload(VIEWS, VIEWS.__getitem__, replaced, names) == expected


def test_a_model_is_not_looked_up_without_need() -> None:
    def fail(_name: str) -> Any:
        raise AssertionError

    assert models_to_unload(["a"], fail, [], []) == []


@pytest.fixture(name="client")
def _client(server: LocalAI, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(unload, "_PAUSE", 0.05)
    return Client(parse_url(server.url), KEY)


def test_models_are_unloaded(server: LocalAI, client: Client) -> None:
    server.loaded = {"a", "b"}
    assert unload_models(client, ["a", "gone"], 5) == Unloaded(("a",))
    assert server.loaded == {"b"}


def test_a_busy_model_is_tried_again(server: LocalAI, client: Client) -> None:
    server.loaded, server.busy = {"a"}, {"a": 2}
    assert unload_models(client, ["a"], 5) == Unloaded(("a",))
    assert len(server.posts()) == 3


@pytest.mark.parametrize("answer", [None, Answer(delay=30.0)], ids=["busy", "silent"])
def test_a_model_that_stays_busy_is_a_warning(server: LocalAI, client: Client, answer: Answer | None) -> None:
    server.loaded, server.busy = {"a", "b"}, {"a": 1000, "b": 0}
    if answer:
        server.answers["/backend/shutdown"] = answer
    start = time.monotonic()
    done = unload_models(client, ["a"], 0.5)
    assert time.monotonic() - start < 15
    assert (done.unloaded, done.busy) == ((), ("a",))
    assert "The model a is still busy after 0.5 seconds" in done.warnings[0]


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (Answer(401), "status 401"),
        (Answer(500, body=b"oops"), "status 500: oops"),
        (Answer(raw=b"garbage"), "not HTTP"),
        (Answer(200, body=b"x" * 10, cut=1), "cut off"),
    ],
)
def test_any_other_answer_is_a_warning(server: LocalAI, client: Client, answer: Answer, part: str) -> None:
    server.answers["/backend/shutdown"] = answer
    done = unload_models(client, ["a"], 5)
    assert (done.unloaded, done.busy, len(done.warnings)) == ((), ("a",), 1)
    assert part in done.warnings[0]
    assert "could not be unloaded" in done.warnings[0]


def test_a_server_that_stopped_has_no_loaded_models(closed_port: int) -> None:
    assert unload_models(Client(parse_url(f"http://127.0.0.1:{closed_port}")), ["a"], 5) == Unloaded()


def test_names_in_a_path(server: LocalAI, client: Client) -> None:
    server.configurations = {name: {"backend": "b"} for name in ("sub/s", "a:b+c", "ä x")}
    for name in server.configurations:
        assert view_model(client, name, 5) == ModelView("b")
    assert view_model(client, "unknown", 5) is None
    paths = [request.path.rpartition("config-json/")[2] for request in server.requests]
    assert paths[:3] == ["sub%2Fs", "a:b+c", "%C3%A4%20x"]

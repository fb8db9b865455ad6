# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The smoke test: a model loads and answers, or the reason is in the error."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import ServerError
from ansible_collections.localai.core.plugins.module_utils._server import smoke_test as smoke_test_module
from ansible_collections.localai.core.plugins.module_utils._server.address import parse_url
from ansible_collections.localai.core.plugins.module_utils._server.client import Client
from ansible_collections.localai.core.plugins.module_utils._server.smoke_test import smoke_test
from ansible_collections.localai.core.tests.support.running_server import KEY, LocalAI
from ansible_collections.localai.core.tests.support.server import Answer


def run(server: LocalAI, model: str = "qwen", prompt: str | None = "Hi", seconds: float = 5, key: str = KEY) -> Any:
    return smoke_test(Client(parse_url(server.url), key), model, prompt, seconds)


def test_a_model_that_answers(server: LocalAI) -> None:
    assert run(server) == "Hello!"
    load, chat = server.posts()
    assert load == ("/backend/load", {"model": "qwen"})
    assert (chat[0], chat[1]["model"]) == ("/v1/chat/completions", "qwen")
    assert chat[1]["messages"] == [{"role": "user", "content": "Hi"}]


def test_a_model_whose_file_is_new_is_tried(server: LocalAI, tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text("name: new\n", encoding="utf-8")
    (tmp_path / "other").mkdir()
    client = Client(parse_url(server.url), KEY)
    for model in "nosuch", "other/../new":
        with pytest.raises(ServerError, match="LocalAI has no model"):
            smoke_test(client, model, None, 5, str(tmp_path))
    assert server.posts() == []
    with contextlib.suppress(ServerError):  # this server reads no files
        smoke_test(client, "new", None, 5, str(tmp_path))
    assert server.posts() == [("/backend/load", {"model": "new"})]


def test_without_a_prompt_the_model_is_only_loaded(server: LocalAI) -> None:
    assert run(server, prompt=None) is None
    assert [path for path, _body in server.posts()] == ["/backend/load"]


def test_an_alias_is_loaded_by_the_name_of_its_model(server: LocalAI) -> None:
    server.configurations["gpt-4"] = {"name": "gpt-4", "alias": "qwen"}
    assert run(server, "gpt-4") == "Hello!"
    assert [body["model"] for _path, body in server.posts()] == ["qwen", "gpt-4"]


@pytest.mark.parametrize(
    ("model", "configuration", "part"),
    [
        ("nosuch", None, "LocalAI has no model nosuch. Its models: qwen"),
        ("off", {"disabled": True, "backend": "x"}, "the model off is disabled"),
        ("lost", {"alias": "gone"}, "is an alias of gone, and LocalAI has no such model"),
    ],
)
def test_what_cannot_be_loaded_is_not_tried(
    server: LocalAI, model: str, configuration: dict[str, Any] | None, part: str
) -> None:
    if configuration:
        server.configurations[model] = configuration
    with pytest.raises(ServerError, match=part):
        run(server, model)
    assert server.posts() == []


def test_the_reason_of_a_failed_load_is_shown(server: LocalAI) -> None:
    server.load_error = "could not load model: exit status 127: run.sh: libcuda.so not found"
    with pytest.raises(ServerError, match=r"cannot load the model qwen: status 500.*libcuda.so not found"):
        run(server)


def test_a_cooldown_ends_by_a_restart(server: LocalAI) -> None:
    server.load_error = "load is in cooldown"
    with pytest.raises(ServerError, match="a restart of LocalAI ends the cooldown"):
        run(server, seconds=1)


def test_a_cooldown_that_is_over_in_time_is_waited_for(server: LocalAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke_test_module, "_PAUSE", 0.05)
    errors = iter(["load is in cooldown", "load is in cooldown", None])
    respond = server._post

    def post(request: Any) -> Answer:
        if request.path == "/backend/load":
            server.load_error = next(errors)
        return respond(request)

    monkeypatch.setattr(server, "_post", post)
    assert run(server) == "Hello!"


def test_a_key_that_is_not_accepted(server: LocalAI) -> None:
    with pytest.raises(ServerError, match=r"does not accept the key .*Set api_key"):
        run(server, key="other")


@pytest.mark.parametrize("path", ["/backend/load", "/v1/chat/completions"])
def test_the_time_limit_is_for_the_whole_test(server: LocalAI, path: str) -> None:
    server.answers[path] = Answer(delay=30.0)
    start = time.monotonic()
    with pytest.raises(ServerError, match=r"the 0.5 seconds of timeout are over"):
        run(server, seconds=0.5)
    assert time.monotonic() - start < 15


@pytest.mark.parametrize("text", ["", "  \n", None, 7, ["x"]])
def test_an_answer_without_text(server: LocalAI, text: Any) -> None:
    server.text = text
    with pytest.raises(ServerError, match="has no text"):
        run(server)


@pytest.mark.parametrize("path", ["/backend/load", "/v1/chat/completions"])
@pytest.mark.parametrize("answer", [Answer(503), Answer(500, body=b"oops"), Answer(raw=b"garbage")])
def test_other_answers(server: LocalAI, path: str, answer: Answer) -> None:
    server.answers[path] = answer
    with pytest.raises(ServerError, match=r"The smoke test failed: .*(status 50|not HTTP)"):
        run(server)


@pytest.mark.parametrize("answer", [Answer(404), Answer(200, body=b"[]"), Answer(200, body=b'{"data": 7}')])
def test_a_list_of_models_that_is_not_understood_prevents_nothing(server: LocalAI, answer: Answer) -> None:
    server.answers["/v1/models"] = answer
    assert run(server) == "Hello!"


def test_a_server_without_models(server: LocalAI) -> None:
    server.configurations = {}
    with pytest.raises(ServerError, match="Its models: none"):
        run(server)
    server.configurations = {f"m{number:02}": {} for number in range(20)}
    with pytest.raises(ServerError, match="m09, …"):
        run(server)

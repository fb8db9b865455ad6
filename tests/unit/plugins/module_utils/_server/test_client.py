# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client: one time limit for the whole of an exchange, and no exception whatever comes back."""

from __future__ import annotations

import json
import time

import pytest

from ansible_collections.localai.core.plugins.module_utils._server.address import ServerUrl
from ansible_collections.localai.core.plugins.module_utils._server.client import Client, Outcome
from ansible_collections.localai.core.tests.support.running_server import KEY, LocalAI
from ansible_collections.localai.core.tests.support.server import Answer


def client_of(server: LocalAI, key: str = KEY) -> Client:
    return Client(ServerUrl("127.0.0.1", int(server.host.rpartition(":")[2])), key)


def test_an_answer(server: LocalAI) -> None:
    answer = client_of(server).get("/version", 5)
    assert (answer.outcome, answer.status, json.loads(answer.body)) == (Outcome.ANSWERED, 200, {"version": "v4.9.0"})
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_post_is_json(server: LocalAI) -> None:
    answer = client_of(server).post("/backend/load", {"model": "kühl"}, 5)
    assert (answer.outcome, answer.status) == (Outcome.ANSWERED, 200)
    assert server.posts() == [("/backend/load", {"model": "kühl"})]
    assert server.requests[0].headers["content-type"] == "application/json"


def test_the_path_of_the_url_comes_first(server: LocalAI) -> None:
    url = ServerUrl("127.0.0.1", int(server.host.rpartition(":")[2]), path="/ai")
    assert Client(url).get("/readyz", 5).status == 401
    assert server.requests[0].path == "/ai/readyz"
    assert "authorization" not in server.requests[0].headers


def test_proxies_are_not_used(server: LocalAI, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert client_of(server).get("/readyz", 5).status == 200


def test_a_redirect_is_an_answer_and_is_not_followed(server: LocalAI) -> None:
    server.answers["/version"] = Answer(302, {"Location": f"{server.url}/readyz"})
    assert client_of(server).get("/version", 5).status == 302
    assert len(server.requests) == 1


def test_a_closed_port(closed_port: int) -> None:
    answer = Client(ServerUrl("127.0.0.1", closed_port)).get("/readyz", 5)
    assert (answer.outcome, answer.status, answer.problem) == (Outcome.CLOSED, 0, "the port is closed")


def test_a_silent_port(silent_port: int) -> None:
    start = time.monotonic()
    answer = Client(ServerUrl("127.0.0.1", silent_port)).get("/readyz", 0.3)
    assert answer.outcome is Outcome.SILENT
    assert 0.2 < time.monotonic() - start < 10


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, body=b"x" * 1000, rate=20),
        Answer(200, body=b"x" * 1000, stall=(10, 30.0)),
        Answer(delay=30.0),
        Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx", delay=30.0),
    ],
    ids=["slow", "stalled", "late", "late and raw"],
)
def test_no_answer_takes_longer_than_the_limit(server: LocalAI, answer: Answer) -> None:
    server.answers["/version"] = answer
    start = time.monotonic()
    assert client_of(server).get("/version", 0.4).outcome is Outcome.SILENT
    assert time.monotonic() - start < 15


@pytest.mark.parametrize(
    "answer",
    [
        Answer(raw=b"\x00\xff garbage\r\n\r\n"),
        Answer(raw=b""),
        Answer(raw=b"HTTP/1.1 abc OK\r\n\r\n"),
        Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
        Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx"),
        Answer(raw=b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"),
        Answer(200, body=b"x" * 100, cut=3),
        Answer(200, body=b"x" * 100, cut=3, reset=True),
    ],
)
def test_an_answer_that_is_not_http_or_is_cut_off(server: LocalAI, answer: Answer) -> None:
    server.answers["/version"] = answer
    found = client_of(server).get("/version", 5)
    assert found.outcome is Outcome.BROKEN
    assert found.problem


def test_an_answer_without_end_is_not_read(server: LocalAI) -> None:
    server.answers["/version"] = Answer(200, body=b"x" * (17 * 1024**2))
    found = client_of(server).get("/version", 20)
    assert (found.outcome, found.body) == (Outcome.BROKEN, b"")
    assert "more than" in found.problem


@pytest.mark.parametrize("key", ["line\nbreak", "carriage\r"])
def test_a_key_that_no_header_can_have_is_not_in_the_problem(server: LocalAI, key: str) -> None:
    found = client_of(server, key).get("/version", 5)
    assert (found.outcome, server.requests) == (Outcome.BROKEN, [])
    assert key not in found.problem


def test_tls_is_verified(server: LocalAI) -> None:
    url = ServerUrl("127.0.0.1", int(server.host.rpartition(":")[2]), "https")
    assert Client(url).get("/readyz", 5).outcome is Outcome.BROKEN

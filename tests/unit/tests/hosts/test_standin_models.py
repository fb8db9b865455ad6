# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in for LocalAI's server finds backends, loads models and ends as the real one does."""

from __future__ import annotations

import json
import signal
import threading
import time

import pytest

from ansible_collections.localai.core.tests.support.standin_process import CHAT, Standin


def test_external_backends_beat_registered_ones_without_a_restart(standin: Standin) -> None:
    standin.run_file("echo", "echo registered")
    external = standin.run_file("../elsewhere", "echo external")
    standin.write("models/chat.yaml", CHAT)
    standin.ready()
    assert standin.ask("/system")[1]["backends"] == ["echo"]
    standin.write("configuration/external_backends.json", json.dumps({"echo": str(external)}))
    assert standin.eventually("/system", {"backends": ["echo", "echo"], "loaded_models": []})
    assert standin.answer("chat") == (200, "external")
    standin.write("configuration/external_backends.json", "{")
    assert {len(content["backends"]) for _status, content in standin.for_a_while("/system")} == {2}, (
        "the last state stays"
    )
    (standin.directory / "configuration/external_backends.json").unlink()
    loaded = [{"id": "chat", "backend": "Echo"}]
    assert standin.eventually("/system", {"backends": ["echo"], "loaded_models": loaded})
    assert standin.answer("chat") == (200, "external"), "what is loaded stays"
    assert standin.ask("/backend/shutdown", {"model": "chat"})[0] == 200
    assert standin.answer("chat") == (200, "registered")


def test_external_backends_are_read_at_the_start_and_names_with_capitals_are_of_no_use(standin: Standin) -> None:
    run_file = str(standin.run_file("../elsewhere", "echo external"))
    standin.write("configuration/external_backends.json", json.dumps({"Upper": run_file, "echo": run_file}))
    standin.write("models/chat.yaml", CHAT)
    standin.write("models/upper.yaml", "name: upper\nbackend: Upper\n")
    standin.ready()
    assert standin.answer("chat") == (200, "external")
    status, content = standin.ask("/backend/load", {"model": "upper"})
    assert (status, "backend not found: upper" in content["message"]) == (500, True)


def test_a_new_backend_on_the_disk_is_listed_and_not_usable(standin: Standin) -> None:
    standin.ready()
    standin.run_file("echo", "echo new")
    standin.write("models/chat.yaml", CHAT)
    assert [row["Name"] for row in standin.ask("/backends")[1]] == ["echo"]
    assert standin.ask("/system")[1]["backends"] == []
    assert standin.ask("/backend/load", {"model": "chat"})[0] == 500


def test_models(standin: Standin) -> None:
    standin.run_file("echo", "echo 1")
    standin.write("models/chat.yaml", CHAT)
    standin.write("models/loose", "")
    standin.ready()
    assert [row["id"] for row in standin.ask("/v1/models")[1]["data"]] == ["chat", "loose"]
    assert standin.ask("/api/models/config-json/chat")[1]["parameters"]["model"] == "chat.bin"
    assert standin.ask("/api/models/config-json/other") == (404, {"error": "model configuration not found"})
    standin.write("models/other.yaml", CHAT.replace("chat", "other"))
    assert standin.ask("/models/reload", {})[0] == 200
    assert standin.ask("/api/models/config-json/other")[0] == 200
    assert standin.ask("/backend/load", {"model": "chat"}) == (200, {"loaded": ["chat"], "message": "model loaded"})
    assert standin.ask("/backend/load", {"model": "chat"})[0] == 200
    assert standin.ask("/system")[1]["loaded_models"] == [{"id": "chat", "backend": "Echo"}]
    assert standin.ask("/backend/monitor?model=chat")[0] == 200
    standin.run_file("echo", "echo 2")
    assert standin.answer("chat") == (200, "1"), "the process of the replaced tree answers"
    for body, status in ({"model": "chat"}, 200), ({"model": "chat"}, 404), ({}, 400):
        assert standin.ask("/backend/shutdown", body)[0] == status, body
    assert standin.answer("chat") == (200, "2")
    assert standin.answer("unknown")[0] == 404
    assert standin.ask("/backend/load", {"model": "unknown"})[0] == 500
    assert standin.ask("/backend/load", {})[0] == 400


def test_an_alias_answers_and_is_not_loaded(standin: Standin) -> None:
    standin.run_file("echo", "echo 1")
    standin.write("models/chat.yaml", CHAT + "disabled: true\n")
    standin.write("models/other.yaml", "name: other\nalias: chat\n")
    standin.ready()
    assert standin.ask("/api/models/config-json/chat")[1]["disabled"] is True
    assert standin.ask("/api/models/config-json/other")[1]["alias"] == "chat"
    assert standin.ask("/backend/load", {"model": "other"})[0] == 500
    assert standin.answer("other") == (200, "1")
    assert [model["id"] for model in standin.ask("/system")[1]["loaded_models"]] == ["chat"]


def test_a_backend_that_fails_is_not_tried_again_at_once(standin: Standin) -> None:
    standin.run_file("echo", "echo oops >&2; exit 3")
    standin.write("models/chat.yaml", CHAT)
    standin.ready(LOCALAI_MODEL_LOAD_FAILURE_COOLDOWN="4s")
    status, content = standin.ask("/backend/load", {"model": "chat"})
    assert (status, content["message"].endswith("backend process exited with code 3: oops")) == (500, True)
    standin.run_file("echo", "echo repaired")
    status, content = standin.ask("/backend/load", {"model": "chat"})
    assert (status, "load is in cooldown" in content["message"]) == (500, True)
    assert standin.answer("chat")[0] == 503
    time.sleep(4.1)
    assert standin.answer("chat") == (200, "repaired")


@pytest.mark.long
def test_a_busy_model_is_drained_and_then_given_up(standin: Standin) -> None:
    standin.run_file("echo", "echo 1")
    standin.write("models/chat.yaml", CHAT)
    standin.ready(STANDIN_BUSY="3")
    assert standin.answer("chat")[0] == 200
    for seconds, status in (0.5, 200), (8, 500):
        running = threading.Thread(target=standin.answer, args=("chat", seconds))
        running.start()
        wait_for_request(standin)
        assert standin.ask("/backend/shutdown", {"model": "chat"})[0] == status
        running.join()


def test_it_answers_what_runs_before_it_ends(standin: Standin) -> None:
    standin.run_file("echo", "echo 1")
    standin.write("models/chat.yaml", CHAT)
    standin.ready(STANDIN_BUSY="5")
    got: list[tuple[int, str]] = []
    running = threading.Thread(target=lambda: got.append(standin.answer("chat", 1)))
    running.start()
    wait_for_request(standin)
    assert standin.process is not None
    standin.process.send_signal(signal.SIGTERM)
    assert standin.ended()[0] == 0
    running.join()
    assert got == [(200, "1")]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, -1)])
def test_signals(standin: Standin, number: signal.Signals, code: int) -> None:
    standin.ready()
    assert standin.process is not None
    standin.process.send_signal(number)
    assert standin.ended()[0] == code


def wait_for_request(standin: Standin) -> None:
    """Wait until the model answers a request."""
    while standin.ask("/stand-in")[1]["requests"].get("chat") != 1:
        time.sleep(0.02)

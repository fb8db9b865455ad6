# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in for LocalAI's server follows the rules of the real one that the role relies on."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.releases import pack
from ansible_collections.localai.core.tests.hosts.standin import program, reachable

CHAT = "name: chat\nbackend: Echo\nparameters:\n  model: chat.bin\n"


@dataclass
class Standin:
    """A program with directories of its own."""

    directory: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def run_file(self, backend: str, script: str) -> Path:
        """Write a backend."""
        path = self.directory / "backends" / backend / "run.sh"
        self.write(str(path.relative_to(self.directory)), f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def write(self, name: str, text: str) -> None:
        """Rename a file into its place."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name("new-file.json")
        new.write_text(text, encoding="utf-8")
        new.rename(path)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start it, without waiting for anything."""
        settings = {
            "LOCALAI_ADDRESS": f"127.0.0.1:{self.port}",
            "STANDIN_START": "0",
            "STANDIN_LOAD_FAILURE": "0",
            "STANDIN_BUSY": "0.3",
            "TMPDIR": str(self.directory),
            "PATH": os.environ["PATH"],
        }
        self.process = subprocess.Popen(
            [sys.executable, str(self.directory / "local-ai"), "run"],
            cwd=self.directory,
            env={**settings, **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self.process

    def ready(self, **environment: str) -> Standin:
        """Start it, and wait until it is ready."""
        process = self.start(**environment)
        end = time.monotonic() + 20
        while self.ask("/readyz")[0] != 200:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end, "it does not get ready"
            time.sleep(0.02)
        return self

    def ask(self, path: str, body: Any = None, method: str = "", **headers: str) -> tuple[int, Any]:
        """The status and the content of an answer; 0 if nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = None if body is None else json.dumps(body)
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method or ("GET" if body is None else "POST"), path, data, names)
            answer = connection.getresponse()
            text = answer.read()
        except ConnectionRefusedError:
            return 0, None
        finally:
            connection.close()
        return answer.status, json.loads(text) if text else None

    def soon(self, path: str, **headers: str) -> Iterator[tuple[int, Any]]:
        """Its answers until a second has passed."""
        end = time.monotonic() + 1
        while time.monotonic() < end:
            yield self.ask(path, **headers)
            time.sleep(0.02)

    def ended(self) -> tuple[int, str]:
        """The exit code and the errors of one that ends."""
        assert self.process is not None
        _output, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@pytest.fixture(scope="module", name="packed")
def _packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("standin") / "local-ai"
    pack(path, "v4.11.0")
    return path


@pytest.fixture(name="standin")
def _standin(tmp_path: Path, packed: Path) -> Iterator[Standin]:
    (tmp_path / "local-ai").symlink_to(packed)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    it = Standin(tmp_path, port)
    for name in ("backends", "models", "configuration"):
        (tmp_path / name).mkdir()
    yield it
    if it.process is not None:
        it.process.kill()
        it.process.communicate()


def test_the_version_and_nothing_but_run(packed: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, str(packed), *arguments], stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout

    assert run("--version") == (0, "v4.11.0\n")
    assert run("serve") == (80, "")


@pytest.mark.parametrize(
    ("name", "value", "code", "said"),
    [
        ("LOCALAI_F16", "", 1, "--f16: bool value must be true, 1, yes, false, 0 or no but got"),
        ("LOCALAI_AUTO_UPGRADE_BACKENDS", "on", 1, "bool value"),
        ("LOCALAI_THREADS", "", 1, "--threads: expected a valid 64 bit int"),
        ("CONTEXT_SIZE", "many", 1, "expected a valid 64 bit int"),
        ("LOCALAI_CONFIG_DIR_POLL_INTERVAL", "", 1, "expected duration"),
        ("LOCALAI_LOG_LEVEL", "loud", 80, "must be one of"),
        ("LOCALAI_MODELS_PATH", "", 1, "models path"),
        ("LOCALAI_UPLOAD_PATH", "/dev/null/upload", 1, "unable to create"),
        ("LOCALAI_ADDRESS", "8.8.8.8:8080", 1, "refusing to start: API bound to public address"),
        ("LOCALAI_LOAD_TO_MEMORY", "nothing", 1, "could not load model"),
    ],
)
def test_what_ends_the_start(standin: Standin, name: str, value: str, code: int, said: str) -> None:
    standin.start(**{name: value})
    ended, errors = standin.ended()
    assert (ended, said in errors) == (code, True), errors


def test_keys_of_the_file_do_not_make_a_public_address_safe(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '["a"]')
    standin.start(LOCALAI_ADDRESS="8.8.8.8:8080")
    assert standin.ended()[0] == 1


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("127.0.0.1:1", True),
        ("localhost:1", True),
        ("[::1]:1", True),
        ("10.1.2.3:1", True),
        ("100.64.0.1:1", True),
        ("[fd00::1]:1", True),
        ("203.0.113.1:1", False),
        ("[2001:db8::1]:1", False),
        ("8080", False),
        ("no-such-host.invalid:1", False),
    ],
)
def test_addresses_that_need_a_key(address: str, trusted: bool) -> None:
    assert reachable.is_trusted(address) == trusted


def test_a_wildcard_counts_as_all_interfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "127.0.0.1" in reachable.interface_addresses()
    for found, trusted in (["127.0.0.1", "10.0.0.2"], True), (["10.0.0.2", "2001:db8::1"], False), ([], False):
        monkeypatch.setattr(reachable, "interface_addresses", lambda found=found: found)
        assert reachable.is_trusted(":8080") == trusted


def test_the_port_is_closed_until_it_is_ready(standin: Standin) -> None:
    process = standin.start(STANDIN_START="0.7")
    assert process.stdout is not None
    assert process.stdout.readline() == "LocalAI v4.11.0 starts\n"
    assert standin.ask("/readyz")[0] == 0
    assert 200 in [status for status, _content in standin.soon("/readyz")]


@pytest.mark.parametrize(("kind", "code"), [(program.FAILS, 1), (program.NEVER_READY, None)])
def test_versions_that_do_not_get_ready(standin: Standin, kind: str, code: int | None) -> None:
    (standin.directory / "local-ai").unlink()
    pack(standin.directory / "local-ai", "v4.11.9", kind)
    process = standin.start()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.7)
    assert process.poll() == code
    assert standin.ask("/readyz")[0] == 0


def test_keys(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '["c"]')
    standin.ready(LOCALAI_API_KEY="a,b")
    assert [standin.ask(path)[0] for path in ("/readyz", "/healthz", "/", "/version", "/no")] == [
        200,
        200,
        200,
        401,
        401,
    ]
    assert standin.ask("/version")[1]["error"]["message"] == "An authentication key is required"
    assert standin.ask("/readyz", method="HEAD")[0] == 401
    assert standin.ask("/readyz", method="HEAD", x_api_key="a")[0] == 405
    for headers in {"Authorization": "Bearer a"}, {"Authorization": "b"}, {"x_api_key": "c"}, {"xi_api_key": "a"}:
        assert standin.ask("/version", **headers)[0] == 200, headers
    for path in "/version?api_key=a", "/system", "/v1/models":
        assert standin.ask(path)[0] == 401, path
    standin.write("configuration/api_keys.json", '["d"]')
    assert 200 in [status for status, _content in standin.soon("/version", x_api_key="d")]
    assert standin.ask("/version", x_api_key="c")[0] == 401
    (standin.directory / "configuration/api_keys.json").chmod(0o600)
    (standin.directory / "configuration/api_keys.json").rename(standin.directory / "away.json")
    assert {status for status, _content in standin.soon("/version", x_api_key="d")} == {200}, "it is not noticed"


def test_without_a_key_in_the_environment_a_lost_file_opens_the_server(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '["a"]')
    standin.ready()
    assert standin.ask("/version")[0] == 401
    standin.write("configuration/api_keys.json", "[")
    assert {status for status, _content in standin.soon("/version")} == {401}, "the last keys stay"
    (standin.directory / "configuration/api_keys.json").unlink()
    assert 200 in [status for status, _content in standin.soon("/version")]


def test_a_file_with_wrong_content_at_the_start_opens_the_server(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '{"a": 1}')
    standin.ready()
    assert standin.ask("/stand-in")[1]["warnings"] == [
        "failed to update options from api_keys.json: it is no list of texts"
    ]


def test_settings_of_the_web_page_bring_old_keys_back_and_upgrades(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '["old"]')
    standin.ready(LOCALAI_AUTO_UPGRADE_BACKENDS="false")
    standin.write("configuration/api_keys.json", '["new"]')
    assert 200 in [status for status, _content in standin.soon("/version", x_api_key="new")]
    standin.write("configuration/runtime_settings.json", '{"api_keys": ["web"], "auto_upgrade_backends": true}')
    assert 200 in [status for status, _content in standin.soon("/version", x_api_key="web")]
    assert [standin.ask("/version", x_api_key=key)[0] for key in ("old", "new")] == [200, 401]
    assert standin.ask("/stand-in", x_api_key="web")[1]["auto_upgrade"] is True


def test_without_galleries_nothing_is_upgraded(standin: Standin) -> None:
    standin.write("configuration/runtime_settings.json", '{"auto_upgrade_backends": true}')
    standin.ready(LOCALAI_BACKEND_GALLERIES="[]")
    assert standin.ask("/stand-in")[1]["auto_upgrade"] is False


def test_external_backends_beat_registered_ones_without_a_restart(standin: Standin) -> None:
    standin.run_file("echo", "echo registered")
    external = standin.run_file("../elsewhere", "echo external")
    standin.write("models/chat.yaml", CHAT)
    standin.ready()
    assert standin.ask("/system")[1]["backends"] == ["echo"]
    standin.write("configuration/external_backends.json", json.dumps({"echo": str(external)}))
    assert ["echo", "echo"] in [content["backends"] for _status, content in standin.soon("/system")]
    assert answer(standin, "chat") == (200, "external")
    standin.write("configuration/external_backends.json", "{")
    assert {len(content["backends"]) for _status, content in standin.soon("/system")} == {2}, "the last state stays"
    (standin.directory / "configuration/external_backends.json").unlink()
    assert ["echo"] in [content["backends"] for _status, content in standin.soon("/system")]
    assert answer(standin, "chat") == (200, "external"), "what is loaded stays"
    assert standin.ask("/backend/shutdown", {"model": "chat"})[0] == 200
    assert answer(standin, "chat") == (200, "registered")


def test_external_backends_are_read_at_the_start_and_names_with_capitals_are_of_no_use(standin: Standin) -> None:
    run_file = str(standin.run_file("../elsewhere", "echo external"))
    standin.write("configuration/external_backends.json", json.dumps({"Upper": run_file, "echo": run_file}))
    standin.write("models/chat.yaml", CHAT)
    standin.write("models/upper.yaml", "name: upper\nbackend: Upper\n")
    standin.ready()
    assert answer(standin, "chat") == (200, "external")
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
    assert answer(standin, "chat") == (200, "1"), "the process of the replaced tree answers"
    for body, status in ({"model": "chat"}, 200), ({"model": "chat"}, 404), ({}, 400):
        assert standin.ask("/backend/shutdown", body)[0] == status, body
    assert answer(standin, "chat") == (200, "2")
    assert answer(standin, "unknown")[0] == 404
    assert standin.ask("/backend/load", {"model": "unknown"})[0] == 500
    assert standin.ask("/backend/load", {})[0] == 400


def test_a_backend_that_fails_is_not_tried_again_at_once(standin: Standin) -> None:
    standin.run_file("echo", "echo oops >&2; exit 3")
    standin.write("models/chat.yaml", CHAT)
    standin.ready(LOCALAI_MODEL_LOAD_FAILURE_COOLDOWN="500ms")
    status, content = standin.ask("/backend/load", {"model": "chat"})
    assert (status, content["message"].endswith("backend process exited with code 3: oops")) == (500, True)
    standin.run_file("echo", "echo repaired")
    status, content = standin.ask("/backend/load", {"model": "chat"})
    assert (status, "load is in cooldown" in content["message"]) == (500, True)
    assert answer(standin, "chat")[0] == 503
    time.sleep(0.6)
    assert answer(standin, "chat") == (200, "repaired")


def test_a_busy_model_is_drained_and_then_given_up(standin: Standin) -> None:
    standin.run_file("echo", "echo 1")
    standin.write("models/chat.yaml", CHAT)
    standin.ready(STANDIN_BUSY="0.6")
    assert answer(standin, "chat")[0] == 200
    for seconds, status in (0.3, 200), (1.5, 500):
        running = threading.Thread(target=answer, args=(standin, "chat", seconds))
        running.start()
        time.sleep(0.15)
        assert standin.ask("/backend/shutdown", {"model": "chat"})[0] == status
        running.join()


def test_it_answers_what_runs_before_it_ends(standin: Standin) -> None:
    standin.run_file("echo", "echo 1")
    standin.write("models/chat.yaml", CHAT)
    standin.ready(STANDIN_BUSY="5")
    got: list[tuple[int, str]] = []
    running = threading.Thread(target=lambda: got.append(answer(standin, "chat", 0.7)))
    running.start()
    time.sleep(0.3)
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


def answer(standin: Standin, model: str, seconds: float = 0) -> tuple[int, str]:
    """The status and the text of a chat completion."""
    body = {"model": model, "messages": [], "stand_in_seconds": seconds}
    status, content = standin.ask("/v1/chat/completions", body)
    return status, content["choices"][0]["message"]["content"] if status == 200 else ""

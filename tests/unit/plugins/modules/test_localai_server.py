# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module localai_server: registration, unloading and the smoke test of a running server."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._server import update
from ansible_collections.localai.core.plugins.modules.localai_server import main
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.module import run_module, run_raw
from ansible_collections.localai.core.tests.support.running_server import KEY, LocalAI, Systemd, path_with
from ansible_collections.localai.core.tests.support.server import Answer

NAME = "external_backends.json"


class Site:
    """A running server, its configuration directory, and the module."""

    def __init__(self, server: LocalAI, top: Path) -> None:
        self.server = server
        self.config = top / "configuration"
        self.config.mkdir(mode=0o700)
        self.file = self.config / NAME
        server.external = self.file
        self.top = top

    def backend(self, name: str) -> str:
        run_file = self.top / name / "run.sh"
        run_file.parent.mkdir(exist_ok=True)
        run_file.touch()
        return str(run_file)

    def run(self, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        if {"register_backends", "registered_backends"} & set(options):
            options.setdefault("config_path", str(self.config))
        return run_module(main, {"url": self.server.url, "api_key": KEY, **options}, check_mode)

    def entries(self) -> Any:
        return json.loads(self.file.read_bytes()) if self.file.exists() else None


@pytest.fixture(name="site")
def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    systemd = Systemd(tmp_path / "bin")
    monkeypatch.setenv("PATH", path_with(systemd))
    monkeypatch.setattr(update, "_SETTLED_AFTER", 0.05)
    with LocalAI() as server:
        yield Site(server, tmp_path)


def test_without_options_nothing_happens(site: Site) -> None:
    result = site.run()
    expected = {"changed": False, "registered_backends": [], "unloaded": [], "busy": [], "answer": None}
    assert {name: result[name] for name in expected} == expected
    assert result["msg"] == "Nothing to change."
    assert site.server.requests == []


def test_a_new_backend_is_registered(site: Site) -> None:
    run_file = site.backend("mine")
    predicted = site.run(check_mode=True, register_backends={"mine": run_file})
    assert site.entries() is None
    result = site.run(register_backends={"mine": run_file})
    assert site.entries() == {"mine": run_file}
    assert (result["changed"], result["registered_backends"], result["unloaded"]) == (True, ["mine"], [])
    assert {**predicted, "msg": ""} == {**result, "msg": ""}
    assert result["msg"] == "Registered: mine."
    assert result["diff"]["before"] == ""
    assert json.loads(result["diff"]["after"]) == {"mine": run_file}
    assert site.server.posts() == []
    again = site.run(register_backends={"mine": run_file}, registered_backends=["mine"])
    assert (again["changed"], again["registered_backends"], again["msg"]) == (False, ["mine"], "Nothing to change.")


def test_entries_of_others_stay_and_ours_go(site: Site) -> None:
    site.file.write_text(json.dumps({"theirs": "/opt/theirs/run.sh", "old": "/opt/old/run.sh"}))
    result = site.run(register_backends={"new": site.backend("new")}, registered_backends=["old"])
    assert site.entries() == {"theirs": "/opt/theirs/run.sh", "new": site.backend("new")}
    assert result["registered_backends"] == ["new"]
    assert result["msg"] == "Registered: new; no longer registered: old."
    result = site.run(registered_backends=["new"])
    assert (site.entries(), result["registered_backends"]) == ({"theirs": "/opt/theirs/run.sh"}, [])
    assert not site.run(register_backends={})["changed"]


def test_the_file_is_removed_with_its_last_entry(site: Site) -> None:
    site.run(register_backends={"mine": site.backend("mine")})
    predicted = site.run(check_mode=True, registered_backends=["mine"])
    assert site.entries() is not None
    result = site.run(registered_backends=["mine"])
    assert (result["changed"], predicted["changed"], site.entries()) == (True, True, None)
    assert (result["diff"]["after"], os.listdir(site.config)) == ("", [])


def test_entries_are_removed_without_asking_the_server(site: Site) -> None:
    site.file.write_text('{"mine": "/opt/mine/run.sh"}')
    result = site.run(register_backends={}, registered_backends=["mine"], api_key="another-key")
    assert (result["failed"], result["changed"], site.entries()) == (False, True, None)
    assert site.server.requests == []


def test_the_file_is_written_if_the_server_does_not_run(site: Site) -> None:
    run_file = site.backend("mine")
    result = run_module(
        main,
        {
            "url": "http://127.0.0.1:1",
            "config_path": str(site.config),
            "register_backends": {"mine": run_file},
            "unload_backends": ["llama-cpp"],
            "unload": ["qwen"],
        },
    )
    assert (result["failed"], result["changed"], result["unloaded"], result["warnings"]) == (False, True, [], [])
    assert site.entries() == {"mine": run_file}


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', ""])
def test_a_damaged_file_is_an_error_and_stays(site: Site, content: str) -> None:
    site.file.write_text(content)
    for check_mode in (True, False):
        result = site.run(check_mode, register_backends={"mine": site.backend("mine")})
        assert str(site.file) in result["msg"]
        assert site.file.read_text() == content


def test_an_entry_of_others_of_the_same_name_is_an_error(site: Site) -> None:
    site.file.write_text('{"mine": "/opt/theirs/run.sh"}')
    result = site.run(register_backends={"mine": site.backend("mine")})
    assert "that this task has not written: /opt/theirs/run.sh" in result["msg"]
    assert site.entries() == {"mine": "/opt/theirs/run.sh"}


def test_a_symlink_is_not_followed(site: Site) -> None:
    (site.top / "other").write_text("{}")
    site.file.symlink_to(site.top / "other")
    assert "symlink" in site.run(register_backends={"mine": site.backend("mine")})["msg"]
    assert (site.top / "other").read_text() == "{}"


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"register_backends": {"Mine": "/run.sh"}}, "no model can use a backend named 'Mine'"),
        ({"register_backends": {"mine.v2": "/run.sh"}}, "no model can use"),
        ({"register_backends": {"mine": "run.sh"}}, "is not an absolute path"),
        ({"register_backends": {"mine": "/nowhere/run.sh"}}, "is not a file on this host"),
        ({"register_backends": {"mine": "/"}}, "is not a file on this host"),
        ({"register_backends": {}, "config_path": "relative"}, "is not an absolute path"),
        ({"registered_backends": ["x"], "config_path": None}, "config_path"),
        ({"timeout": 0}, "timeout"),
        ({"smoke_test": {"model": "m", "timeout": 0}}, "timeout"),
        ({"smoke_test": {}}, "model"),
    ],
)
def test_options_that_cannot_be_right(site: Site, options: dict[str, Any], part: str) -> None:
    options = {name: value for name, value in options.items() if value is not None or name == "config_path"}
    result = site.run(**options)
    assert result["failed"]
    assert not result.get("registered_backends")
    assert part in result["msg"]
    assert (site.entries(), site.server.posts()) == (None, [])


def test_a_server_that_does_not_read_the_file_is_an_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "_LISTED_WITHIN", 0.5)
    site.server.external = None
    for _run in range(2):
        result = site.run(register_backends={"mine": site.backend("mine")})
        assert "does not list mine 0.5 seconds after" in result["msg"]
        assert "LOCALAI_CONFIG_DIR" in result["msg"]
        assert result["registered_backends"] == ["mine"]
    assert site.entries() == {"mine": site.backend("mine")}


def test_a_server_that_reads_the_file_a_little_later(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.server.external = None
    real, answered = site.server._answer, []

    def late(request: Any) -> Answer:
        answered.append(request)
        site.server.external = site.file if len(answered) > 2 else None
        return real(request)

    monkeypatch.setattr(site.server, "_answer", late)
    assert not site.run(register_backends={"mine": site.backend("mine")})["failed"]
    assert len(answered) == 3


def test_models_of_a_replaced_backend_are_unloaded(site: Site) -> None:
    site.server.configurations.update({"w": {"backend": "Whisper"}, "any": {"name": "any"}})
    site.server.loaded = {"qwen", "w", "any", "loose.gguf.x"}
    predicted = site.run(check_mode=True, unload_backends=["llama-cpp"])
    assert (predicted["unloaded"], site.server.posts()) == (["any", "loose.gguf.x", "qwen"], [])
    assert predicted["msg"] == "Would be unloaded: any, loose.gguf.x, qwen."
    result = site.run(unload_backends=["llama-cpp"])
    assert (result["unloaded"], result["changed"], site.server.loaded) == (predicted["unloaded"], True, {"w"})
    again = site.run(unload_backends=["llama-cpp"])
    assert (again["changed"], again["unloaded"]) == (False, [])


def test_models_are_unloaded_by_name(site: Site) -> None:
    site.server.loaded = {"qwen", "w"}
    assert site.run(unload=["qwen", "gone"])["unloaded"] == ["qwen"]


def test_a_name_that_gets_another_run_file_counts_as_replaced(site: Site) -> None:
    site.server.configurations["w"] = {"backend": "whisper"}
    site.server.loaded = {"qwen", "w"}
    result = site.run(register_backends={"llama-cpp": site.backend("llama-cpp-2"), "whisper": site.backend("whisper")})
    assert result["unloaded"] == ["qwen"], "whisper was not registered before"
    assert (
        site.run(register_backends={"llama-cpp": site.backend("llama-cpp-2")}, registered_backends=["llama-cpp"])[
            "unloaded"
        ]
        == []
    )


def test_a_busy_model_is_a_warning(site: Site) -> None:
    site.server.loaded, site.server.busy = {"qwen"}, {"qwen": 100}
    result = site.run(unload=["qwen"], timeout=1)
    assert (result["failed"], result["changed"], result["unloaded"], result["busy"]) == (False, False, [], ["qwen"])
    assert "The model qwen is still busy after 1 seconds" in result["warnings"][0]
    assert result["msg"] == "Still loaded: qwen."


def test_the_order_is_register_then_reload_then_unload_then_test(site: Site) -> None:
    site.server.loaded = {"qwen"}
    entries = []
    real = site.server._post

    def post(request: Any) -> Answer:
        entries.append((request.path, site.entries()))
        return real(request)

    site.server._post = post  # type: ignore[method-assign]
    run_file = site.backend("mine")
    test = {"model": "qwen", "prompt": "Hi"}
    result = site.run(register_backends={"mine": run_file}, reload=True, unload_backends=["llama-cpp"], smoke_test=test)
    paths = ["/models/reload", "/backend/shutdown", "/backend/load", "/v1/chat/completions"]
    assert entries == [(path, {"mine": run_file}) for path in paths]
    assert (result["answer"], result["changed"]) == ("Hello!", True)
    assert result["msg"] == "Registered: mine; the models were read again; unloaded: qwen; the smoke test passed."


def test_a_reload_is_predicted(site: Site) -> None:
    predicted = site.run(check_mode=True, reload=True, unload=["qwen"])
    assert (predicted["changed"], predicted["reloaded"], site.server.posts()) == (True, True, [])
    assert predicted["msg"] == "The models would be read again."
    result = site.run(reload=True)
    assert (result["changed"], result["reloaded"], site.server.posts()) == (True, True, [("/models/reload", {})])


def test_a_server_that_does_not_run_needs_no_reload(site: Site) -> None:
    for check_mode in (True, False):
        result = run_module(main, {"url": "http://127.0.0.1:1", "reload": True}, check_mode=check_mode)
        assert (result["failed"], result["changed"], result["reloaded"]) == (False, False, False)


def test_a_smoke_test_alone_changes_nothing(site: Site) -> None:
    result = site.run(smoke_test={"model": "qwen"})
    assert (result["changed"], result["answer"], site.server.loaded) == (False, None, {"qwen"})
    assert result["msg"] == "Nothing to change; the smoke test passed."


def test_check_mode_runs_no_smoke_test(site: Site) -> None:
    before = snapshot(site.config)
    result = site.run(
        check_mode=True,
        register_backends={"mine": "/not/there/yet/run.sh"},
        unload_backends=["llama-cpp"],
        smoke_test={"model": "nosuch"},
    )
    assert (result["failed"], result["changed"], result["answer"]) == (False, True, None)
    assert (site.server.posts(), snapshot(site.config)) == ([], before)


def test_check_mode_before_the_directory_exists(site: Site) -> None:
    options = {"register_backends": {"mine": site.backend("mine")}, "config_path": str(site.top / "later")}
    assert site.run(check_mode=True, **options)["changed"]
    assert "does not exist" in site.run(**options)["msg"]


def test_a_failed_smoke_test_keeps_what_was_done(site: Site) -> None:
    site.server.load_error = "exit status 1: no GPU"
    result = site.run(register_backends={"mine": site.backend("mine")}, smoke_test={"model": "qwen"})
    assert (result["failed"], result["changed"], result["registered_backends"]) == (True, True, ["mine"])
    assert "exit status 1: no GPU" in result["msg"]


def test_a_smoke_test_of_a_server_that_does_not_run(site: Site) -> None:
    result = run_module(main, {"url": "http://127.0.0.1:1", "smoke_test": {"model": "qwen"}})
    assert "LocalAI does not answer at http://127.0.0.1:1" in result["msg"]


def test_a_key_that_is_not_accepted_is_found_before_the_file_is_written(site: Site) -> None:
    result = site.run(register_backends={"mine": site.backend("mine")}, api_key="another-key")
    assert "does not accept the key" in result["msg"]
    assert (site.entries(), result["changed"]) == (None, False)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(503),
        Answer(404),
        Answer(200, body=b"garbage"),
        Answer(200, body=b'{"backends": {"a": 1}, "loaded_models": 7}'),
        Answer(raw=b"garbage"),
    ],
)
def test_a_server_that_does_not_answer_as_localai_does_is_a_warning(site: Site, answer: Answer) -> None:
    site.server.answers["/system"] = answer
    result = site.run(register_backends={"mine": site.backend("mine")}, unload_backends=["llama-cpp"])
    assert (result["failed"], result["changed"], result["unloaded"]) == (False, True, [])
    assert "did not list its backends" in result["warnings"][0]
    assert site.server.posts() == []


def test_a_server_that_hangs_does_not_hang_the_task(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "_SECONDS", 0.3)
    site.server.answers["/system"] = Answer(delay=30.0)
    start = time.monotonic()
    result = site.run(unload_backends=["llama-cpp"])
    assert time.monotonic() - start < 10
    assert "no answer within 0.3 seconds" in result["warnings"][0]


def test_the_key_is_never_printed(site: Site) -> None:
    site.server.loaded = {"qwen"}
    site.server.text = f"the key is {KEY}"
    for answers in ({}, {"/backend/shutdown": Answer(500, body=f"bad {KEY}".encode())}):
        site.server.answers = dict(answers)
        options = {"url": site.server.url, "api_key": KEY, "unload": ["qwen"]}
        output = run_raw(main, {**options, "smoke_test": {"model": "qwen", "prompt": "Hi"}})
        assert KEY not in output
    site.server.load_error = f"bad {KEY}"
    assert KEY not in run_raw(main, {**options, "smoke_test": {"model": "qwen"}})


def test_a_file_with_the_wrong_owner_is_written_again(site: Site) -> None:
    run_file = site.backend("mine")
    site.run(register_backends={"mine": run_file})
    site.file.chmod(0o020)
    if os.geteuid():
        pytest.skip("only root can read the file")
    result = site.run(register_backends={"mine": run_file}, registered_backends=["mine"])
    assert (result["changed"], result["msg"]) == (True, "Owner or mode of the file changed.")
    assert site.file.stat().st_mode & 0o777 == 0o600
    assert not site.run(register_backends={"mine": run_file}, registered_backends=["mine"])["changed"]

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Models in the role, on one host: from a bare host to an answer, and what comes after it.

The server is the stand-in, or LocalAI's own with `make hosts LOCALAI_BINARY=… MOCK_BACKEND=…`.

Check mode comes before each change. Each test continues where the one before it ended.
"""

from __future__ import annotations

import re
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.fleet import Host
from ansible_collections.localai.core.tests.hosts.releases import GOOD, MUTE, REAL
from ansible_collections.localai.core.tests.hosts.world import (
    BACKENDS,
    HOME,
    Outcome,
    World,
    ask,
    main_pid,
    question,
    request,
    wait_for,
    world_of,
)

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

MODELS = f"{HOME}/models"
STRANGER = "name: stranger\nbackend: piper\nparameters:\n  model: stranger.onnx\n"
# What the mock backend of LocalAI's own tests answers. The stand-in answers with the build and its version.
SENTENCE = "This is a mocked response."
TEST = {"model": "tiny", "prompt": "Say yes.", "timeout": 30}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot a host and start the servers."""
    with world_of("models", ["bookworm"], lambda hosts: None) as it:
        it.variables.update(localai_backends=[], localai_models=["tiny"], localai_smoke_test=TEST)
        it.variables.update(localai_version=GOOD[0], localai_ready_timeout=60)
        yield it


@pytest.fixture(scope="module")
def host(world: World) -> Host:
    """The only one."""
    return world.hosts["host1"]


def predict_and_run(world: World, playbook: str = "provision", **changes: Any) -> Outcome:
    """Run a playbook with what changes from now on: in check mode, which only predicts it, for real, and once more."""
    world.variables.update(changes)
    host = world.hosts["host1"]
    before = state_of(host)
    predicted = world.play(playbook, "--check", "--diff")
    assert predicted.failed == {"host1": 0}, predicted.output[-3000:]
    assert predicted.changed["host1"] > 0, "check mode predicts a change"
    assert state_of(host) == before, "check mode changes nothing"
    outcome = world.play(playbook, "--diff")
    assert outcome.failed == {"host1": 0}, outcome.output[-5000:]
    again = world.play(playbook)
    assert (again.changed, again.failed) == ({"host1": 0}, {"host1": 0}), again.output[-3000:]
    return outcome


def state_of(host: Host) -> tuple[str, str]:
    """The files of models and backends, and the process of the service."""
    return host.run("sh", "-c", f"find {HOME} /etc/localai /var/lib/localai-core -printf '%p %T@\n' | sort"), main_pid(
        host
    )


def answer(host: Host, model: str = "tiny") -> Any:
    """What a model answers to a chat message."""
    status, content = request(host, "/v1/chat/completions", question("hello", model))
    return content["choices"][0]["message"]["content"] if status == 200 else (status, content)


def expected(version: int) -> str:
    """What a build of the backend answers."""
    return f"cpu-llama-cpp {version}" if REAL is None else SENTENCE


def models(host: Host) -> list[str]:
    """The models that the server lists."""
    return sorted(row["id"] for row in ask(host, "/v1/models")["data"])


def said(outcome: Outcome) -> str:
    """The output without its line breaks."""
    return re.sub(r"\s+", " ", outcome.output)


def test_from_a_bare_host_to_an_answer(world: World, host: Host) -> None:
    # The playbook of the README and of the first guide, which has no module defaults
    endpoints = world.site.variables["localai_module_defaults"]["endpoints"]
    outcome = predict_and_run(world, "server", localai_endpoints=endpoints)
    assert answer(host) == expected(1)
    assert models(host) == ["tiny"]
    assert "Installed tiny" in said(outcome)


def test_a_changed_configuration_counts_without_a_restart(world: World, host: Host) -> None:
    before = main_pid(host)
    predict_and_run(world, localai_models=[{"name": "tiny", "config": {"context_size": 2048}}])
    assert "2048" in str(ask(host, "/api/models/config-json/tiny"))
    assert main_pid(host) == before != "0"


def test_other_weights_are_answered_by_a_new_process(world: World, host: Host) -> None:
    before = main_pid(host)
    assert answer(host) == expected(1)
    predict_and_run(world, localai_models=[{"name": "tiny", "model": "small"}])
    assert answer(host) == expected(1), "the old process would refuse the new weights"
    assert main_pid(host) == before


def test_a_backend_is_upgraded_under_a_loaded_model(world: World, host: Host) -> None:
    before = main_pid(host)
    assert answer(host) == expected(1)
    world.site.publish("2")
    predict_and_run(world, "upgrade")
    assert answer(host) == expected(2)
    assert main_pid(host) == before


def test_a_rollback_goes_back_with_the_backends_that_models_need(world: World, host: Host) -> None:
    for version in (1, 2):
        outcome = world.play("rollback")
        assert outcome.failed == {"host1": 0}, outcome.output[-3000:]
        assert answer(host) == expected(version)
        if REAL is not None:
            assert host.run("cat", f"{BACKENDS}/cpu-llama-cpp/V") == str(version)
    assert world.play("provision").failed == {"host1": 0}


def test_an_upgrade_that_does_not_answer_is_undone(world: World, host: Host) -> None:
    changed = [{"name": "tiny", "model": "small", "config": {"context_size": 77}}]
    outcome = world.play("upgrade", localai_version=MUTE, localai_models=changed)
    assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
    assert "The smoke test failed" in said(outcome)
    assert "and the service is ready again" in said(outcome)
    assert ask(host, "/version")["version"].startswith(GOOD[0])
    assert answer(host) == expected(2)
    assert "77" not in host.run("cat", f"{MODELS}/tiny.yaml")
    outcome = world.play("provision")
    assert outcome.failed == {"host1": 0}, outcome.output[-3000:]


def test_a_wrong_smoke_test_undoes_nothing(world: World, host: Host) -> None:
    before = main_pid(host)
    host.write(f"{MODELS}/lost.yaml".lstrip("/"), "name: lost\nbackend: no-such-backend\n")
    outcome = world.play("provision", localai_smoke_test={"model": "no-such-model"})
    assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
    assert "localai_smoke_test needs the model no-such-model" in said(outcome)
    outcome = world.play("provision", localai_smoke_test={"model": "lost", "timeout": 60})
    assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
    assert "The smoke test failed" in said(outcome)
    assert "Nothing was restored" in said(outcome)
    (host.root / f"{MODELS}/lost.yaml".lstrip("/")).unlink()
    assert main_pid(host) == before != "0"
    assert answer(host) == expected(2)


def test_models_of_others_stay_with_their_backends(world: World, host: Host) -> None:
    world.variables["localai_backends"] = ["piper", "silero-vad"]
    assert world.play("provision").failed == {"host1": 0}
    host.write(f"{MODELS}/stranger.yaml".lstrip("/"), STRANGER)
    before = main_pid(host)
    outcome = predict_and_run(world, localai_backends=[], localai_backends_exclusive=True)
    assert "Removed silero-vad" in said(outcome)
    assert sorted(host.run("ls", BACKENDS).split()) == ["cpu-llama-cpp", "llama-cpp", "piper"]
    assert main_pid(host) != before, "the server forgets the removed one"
    assert host.run("cat", f"{MODELS}/stranger.yaml") == STRANGER.strip()


def test_a_removed_model_is_forgotten(world: World, host: Host) -> None:
    predict_and_run(world, localai_models=["tiny", "small"])
    assert models(host) == ["small", "stranger", "tiny"]
    before = main_pid(host)
    predict_and_run(world, localai_models=["tiny", {"name": "small", "state": "absent"}])
    assert models(host) == ["stranger", "tiny"]
    assert answer(host) == expected(2)
    assert main_pid(host) != before
    outcome = predict_and_run(world, localai_models=["tiny"], localai_models_exclusive=True)
    assert models(host) == ["tiny"]
    assert "Removed piper" in said(outcome), "no model needs it any more"


def test_a_reboot(world: World, host: Host) -> None:
    host.reboot()
    wait_for(host)
    assert answer(host) == expected(2)
    outcome = world.play("provision")
    assert (outcome.changed, outcome.failed) == ({"host1": 0}, {"host1": 0}), outcome.output[-3000:]


def test_models_that_somebody_else_manages_are_only_read(world: World, host: Host) -> None:
    host.write("srv/models/shared.yaml", STRANGER.replace("stranger", "shared"))
    host.run("mount", "--bind", "/srv/models", "/srv/models")
    host.run("mount", "-o", "remount,bind,ro", "/srv/models")
    world.variables.update(localai_models_path="/srv/models", localai_manage_models=False)
    world.variables.update(localai_models_exclusive=False, localai_smoke_test={"model": "shared", "prompt": "Say yes."})
    for models_there, problem in (["gone"], "/srv/models has no model gone"), (["shared"], "the file shared.onnx"):
        before = main_pid(host)
        for arguments in ["--check"], []:
            outcome = world.play("provision", *arguments, localai_models=models_there)
            assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
            assert problem in said(outcome)
            assert main_pid(host) == before != "0"
    (host.root / "srv/models/shared.onnx").write_bytes(b"weights")
    predict_and_run(world, localai_models=["shared"])
    assert answer(host, "shared") == (SENTENCE if REAL else "piper 2")
    assert sorted(host.run("ls", "-A", "/srv/models").split()) == ["shared.onnx", "shared.yaml"]
    assert "piper" in host.run("ls", BACKENDS).split(), "the model needs it"

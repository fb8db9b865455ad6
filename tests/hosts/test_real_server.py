# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role with LocalAI's own server, from bare hosts to removed ones: `make hosts LOCALAI_BINARY=… MOCK_BACKEND=…`.

host1 is Debian 12, host2 Debian 13; neither has a GPU. Each test continues where the one before it ended.
"""

from __future__ import annotations

import re
import urllib.request
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.releases import FAILS, GOOD, MOCK_BACKEND, NEVER_READY
from ansible_collections.localai.core.tests.hosts.world import (
    HOME,
    MODEL_FILE,
    World,
    ask,
    expect,
    main_pid,
    question,
    request,
    touched,
    wait_for,
    world_of,
)

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

HOSTS = ("host1", "host2")
KEYS = ("first-key-not-for-the-log", "second-key-not-for-the-log")
PUBLIC = "203.0.113.7"
# What the mock backend of LocalAI's own tests answers
SENTENCE = "This is a mocked response."
REMOVALS = ("localai_remove_data", "localai_remove_models", "localai_remove_account")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot the hosts and start the servers."""
    with world_of("real", ["bookworm", "trixie"], lambda hosts: None) as it:
        it.variables.update({"localai_version": GOOD[0], "localai_ready_timeout": 60})
        for host in it.hosts.values():
            # LocalAI counts it as public, which makes a wildcard a public address.
            host.boot_commands.append(("ip", "address", "add", f"{PUBLIC}/32", "dev", "lo"))
            host.run(*host.boot_commands[-1])
        yield it


def expect_server(world: World, version: str, backends: set[str], key: str = "") -> None:
    """Each host's server is of that version, and knows these backends."""
    for name, host in world.hosts.items():
        assert request(host, "/readyz")[0] == 200, name
        assert ask(host, "/version", key=key)["version"].startswith(version), name
        assert backends <= set(ask(host, "/system", key=key)["backends"]), name


def expect_answer(world: World, model: str, backend: str, key: str = "") -> None:
    """Each host's server answers by that backend, or, where it got none that it can load, says why not."""
    for name, host in world.hosts.items():
        path = f"{HOME.lstrip('/')}/models/{model}.yaml"
        host.write(path, MODEL_FILE.replace("chat", model).replace("llama-cpp", backend))
        status, content = request(host, "/v1/chat/completions", question("hello", model), key)
        (host.root / path).unlink()
        if MOCK_BACKEND is None:
            assert (status, "grpc service not ready" in str(content)) == (500, True), (name, content)
        else:
            assert (status, content["choices"][0]["message"]["content"]) == (200, SENTENCE), (name, content)


def test_provision(world: World) -> None:
    expect(world.play("provision"), changed=True, hosts=HOSTS)
    expect_server(world, GOOD[0], {"llama-cpp", "cpu-llama-cpp"})
    for host in world.hosts.values():
        assert host.run("ps", "-o", "user=", "-p", main_pid(host)) == "localai"
        assert host.run("/usr/local/bin/local-ai", "--version") == GOOD[0]


def test_again_nothing_changes(world: World) -> None:
    before = {name: main_pid(host) for name, host in world.hosts.items()}
    expect(world.play("provision"), changed=False, hosts=HOSTS)
    assert {name: main_pid(host) for name, host in world.hosts.items()} == before


def test_a_model_answers(world: World) -> None:
    expect_answer(world, "first", "llama-cpp")


def test_a_new_backend_is_used_without_a_restart(world: World) -> None:
    before = {name: main_pid(host) for name, host in world.hosts.items()}
    world.variables["localai_backends"] = ["llama-cpp", "piper"]
    expect(world.play("provision"), changed=True, hosts=HOSTS)
    assert {name: main_pid(host) for name, host in world.hosts.items()} == before
    expect_server(world, GOOD[0], {"llama-cpp", "piper"})
    expect_answer(world, "second", "piper")
    expect(world.play("provision"), changed=False, hosts=HOSTS)


def test_a_public_address_with_a_key(world: World) -> None:
    world.variables.update({"localai_address": "0.0.0.0:8080", "localai_api_key": KEYS[0]})
    outcome = world.play("provision", "--diff")
    expect(outcome, changed=True, hosts=HOSTS)
    assert KEYS[0] not in outcome.output
    expect_server(world, GOOD[0], {"llama-cpp", "piper"}, KEYS[0])
    for host in world.hosts.values():
        assert request(host, "/system")[0] == 401
        with urllib.request.urlopen(f"http://{host.address}:8080/readyz", timeout=10) as answer:
            assert answer.status == 200
    expect(world.play("provision"), changed=False, hosts=HOSTS)


def test_another_key(world: World) -> None:
    world.variables["localai_api_key"] = KEYS[1]
    outcome = world.play("provision", "--diff")
    expect(outcome, changed=True, hosts=HOSTS)
    assert not any(key in outcome.output for key in KEYS)
    expect_server(world, GOOD[0], {"llama-cpp", "piper"}, KEYS[1])
    for host in world.hosts.values():
        assert [request(host, "/system", key=key)[0] for key in ("", KEYS[0])] == [401, 401]


def test_a_reboot(world: World) -> None:
    for host in world.hosts.values():
        host.reboot()
        wait_for(host, KEYS[1])
    expect_server(world, GOOD[0], {"llama-cpp", "piper"}, KEYS[1])
    expect_answer(world, "third", "piper", KEYS[1])
    expect(world.play("provision"), changed=False, hosts=HOSTS)


def test_an_upgrade(world: World) -> None:
    world.site.publish("2")
    world.variables["localai_version"] = GOOD[1]
    expect(world.play("upgrade"), changed=True, hosts=HOSTS)
    expect_server(world, GOOD[1], {"llama-cpp", "piper"}, KEYS[1])
    expect_answer(world, "fourth", "llama-cpp", KEYS[1])


@pytest.mark.parametrize("broken", [NEVER_READY, FAILS], ids=["never-ready", "fails"])
def test_a_broken_upgrade_is_undone(world: World, broken: str) -> None:
    changes: dict[str, Any] = {"localai_version": broken, "localai_ready_timeout": 10}
    outcome = world.play("upgrade", limit="host1", **changes)
    assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
    assert f"LocalAI {broken} starts" in outcome.output, "the journal"
    expect_server(world, GOOD[1], {"llama-cpp", "piper"}, KEYS[1])


def test_remove(world: World) -> None:
    everything: dict[str, Any] = {**dict.fromkeys(REMOVALS, True), "localai_confirm_remove": True}
    expect(world.play("remove", **everything), changed=True, hosts=HOSTS)
    expect(world.play("remove", **everything), changed=False, hosts=HOSTS)
    for host in world.hosts.values():
        left = [path for path in touched(host) if re.search("local-?ai", path) and host.root.joinpath(path).exists()]
        assert left == []
        assert host.run("sh", "-c", "getent passwd localai; systemctl is-active localai.service") == "inactive"

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role changes while the service goes on running: backends, models and keys, on one host.

Each test continues where the one before it ended. The process of the service stays the same as long as a test says so.
"""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.fleet import Host
from ansible_collections.localai.core.tests.hosts.world import (
    HOME,
    MODEL,
    MODEL_FILE,
    Outcome,
    World,
    ask,
    expect_refusal,
    load,
    main_pid,
    question,
    request,
    wait_for,
    world_of,
)

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

KEYS = ("first-key-not-for-the-log", "second-key-not-for-the-log")
CONFIGURATION = f"{HOME}/configuration"
# The stand-in waits so long for a request to end, as LocalAI waits 30 s.
BUSY = {"STANDIN_BUSY": "30"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot a host and start the servers."""
    with world_of("running", ["bookworm"], lambda hosts: None) as it:
        it.variables.update({"localai_backends": ["llama-cpp"], "localai_environment": BUSY})
        yield it


@pytest.fixture(scope="module")
def host(world: World) -> Host:
    """The only one."""
    return world.hosts["host1"]


def provision(world: World, *arguments: str, playbook: str = "provision", **changes: Any) -> Outcome:
    """Run a playbook with what changes from now on."""
    world.variables.update(changes)
    outcome = world.play(playbook, *arguments)
    assert outcome.failed == {"host1": 0}, outcome.output[-3000:]
    return outcome


def test_a_new_backend_is_used_without_a_restart(world: World, host: Host) -> None:
    provision(world)
    before = main_pid(host)
    assert "piper" not in ask(host, "/system")["backends"]
    assert provision(world, localai_backends=["llama-cpp", "piper"]).changed["host1"] > 0
    assert "piper" in ask(host, "/system")["backends"]
    host.write(
        f"{HOME}/models/voice.yaml".lstrip("/"), MODEL_FILE.replace("chat", "voice").replace("llama-cpp", "piper")
    )
    assert request(host, "/backend/load", {"model": "voice"})[0] == 200
    assert main_pid(host) == before != "0"
    assert provision(world).changed["host1"] == 0
    assert main_pid(host) == before


def test_what_was_told_to_the_running_server_outlives_a_restart(world: World, host: Host) -> None:
    host.run("systemctl", "restart", "localai.service")
    wait_for(host)
    assert request(host, "/backend/load", {"model": "voice"})[0] == 200
    (host.root / f"{HOME}/models/voice.yaml".lstrip("/")).unlink()
    before = main_pid(host)
    assert provision(world).failed["host1"] == 0
    assert main_pid(host) == before


def test_models_of_a_replaced_build_are_unloaded_after_their_last_answer(world: World, host: Host) -> None:
    assert load(host) == "cpu-llama-cpp 1"
    before = main_pid(host)
    world.site.publish("2")
    with ThreadPoolExecutor() as threads:
        slow = {**question("hello"), "stand_in_seconds": 25}
        running = threads.submit(request, host, "/v1/chat/completions", slow)
        while ask(host, "/stand-in")["requests"].get(MODEL) != 1:
            time.sleep(0.2)
        provision(world, playbook="upgrade")
        status, content = running.result()
    assert (status, content["choices"][0]["message"]["content"]) == (200, "cpu-llama-cpp 1")
    assert main_pid(host) == before
    assert ask(host, "/system")["loaded_models"] == []
    assert load(host) == "cpu-llama-cpp 2"


def test_a_removed_backend_is_forgotten(world: World, host: Host) -> None:
    provision(world, localai_backends=["llama-cpp"], localai_backends_exclusive=True)
    assert "piper" not in ask(host, "/system")["backends"]
    assert load(host) == "cpu-llama-cpp 2"
    assert provision(world).changed["host1"] == 0


def test_keys_change_without_a_restart(world: World, host: Host) -> None:
    provision(world, localai_address="0.0.0.0:8080", localai_api_key=KEYS[0])
    before = main_pid(host)
    assert [request(host, "/system", key=key)[0] for key in ("", *KEYS)] == [401, 200, 401]
    outcome = provision(world, "--diff", localai_api_key=KEYS[1])
    assert [request(host, "/system", key=key)[0] for key in ("", *KEYS)] == [401, 401, 200]
    assert main_pid(host) == before != "0"
    assert not any(key in outcome.output for key in KEYS)
    host.reboot()
    wait_for(host, KEYS[1])
    assert [request(host, "/system", key=key)[0] for key in ("", *KEYS)] == [401, 401, 200]
    assert provision(world).changed["host1"] == 0


def test_the_server_has_nothing_to_complain_about(world: World, host: Host) -> None:
    inside = ask(host, "/stand-in", key=KEYS[1])
    assert (inside["warnings"], inside["auto_upgrade"]) == ([], False)


def test_keys_of_the_web_page_are_refused(world: World, host: Host) -> None:
    path = f"{CONFIGURATION}/runtime_settings.json"
    host.write(path.lstrip("/"), json.dumps({"api_keys": ["of-the-web-page"]}))
    for arguments in ["--check"], []:
        expect_refusal(world, {}, path, *arguments)
    host.run("rm", path)


def test_upgrades_by_the_web_page_are_reported_and_do_not_happen(world: World, host: Host) -> None:
    path = f"{CONFIGURATION}/runtime_settings.json"
    host.write(path.lstrip("/"), json.dumps({"auto_upgrade_backends": True}))
    outcome = provision(world)
    assert "auto_upgrade_backends" in re.sub(r"\s+", " ", outcome.output)
    assert ask(host, "/stand-in", key=KEYS[1])["auto_upgrade"] is False
    host.run("rm", path)

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What operators do with a host that is provisioned: overrides, tags, a smoke test, a rollback, parts of a removal.

Each test continues where the one before it ended.
"""

from __future__ import annotations

import re
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.fleet import Host
from ansible_collections.localai.core.tests.hosts.releases import GOOD
from ansible_collections.localai.core.tests.hosts.world import (
    HOME,
    MODEL_FILE,
    Outcome,
    World,
    ask,
    load,
    main_pid,
    world_of,
)

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

DROP_IN = "/etc/systemd/system/localai.service.d/localai-role.conf"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot a host and start the servers."""
    with world_of("operations", ["bookworm"], lambda hosts: None) as it:
        it.variables.update({"localai_backends": ["llama-cpp"], "localai_ready_timeout": 15})
        yield it


@pytest.fixture(scope="module")
def host(world: World) -> Host:
    """The only one."""
    return world.hosts["host1"]


def play(world: World, *arguments: str, playbook: str = "provision", fails: bool = False, **extra: Any) -> Outcome:
    """Run a playbook."""
    outcome = world.play(playbook, *arguments, **extra)
    assert outcome.failed == {"host1": int(fails)}, outcome.output[-3000:]
    return outcome


def memory_limit(host: Host) -> str:
    """What systemd allows the service."""
    return host.run("systemctl", "show", "--property=MemoryMax", "--value", "localai.service")


def test_an_image_of_a_host_has_all_but_a_running_service(world: World, host: Host) -> None:
    play(world, localai_service_state="stopped")
    assert host.run("systemctl", "is-enabled", "localai.service") == "enabled"
    assert main_pid(host) == "0"
    assert play(world, localai_service_state="stopped").changed == {"host1": 0}
    play(world)
    assert load(host) == "cpu-llama-cpp 1"


def test_overrides_are_written_compared_and_removed(world: World, host: Host) -> None:
    limit: dict[str, Any] = {"localai_unit_overrides": {"Service": {"MemoryMax": "2G"}}}
    before = main_pid(host)
    assert play(world, "--check", **limit).changed["host1"] > 0
    assert main_pid(host) == before
    play(world, "--tags", "service", **limit)
    assert (memory_limit(host), main_pid(host) != before) == (str(2 * 1024**3), True)
    assert play(world, **limit).changed == {"host1": 0}
    play(world)
    assert (memory_limit(host), host.run("ls", DROP_IN)) == ("infinity", "")


def test_a_drop_in_of_somebody_else_is_compared_too(world: World, host: Host) -> None:
    before = main_pid(host)
    host.write("etc/systemd/system/localai.service.d/own.conf", "[Service]\nMemoryMax=1G\n")
    play(world)
    assert (memory_limit(host), main_pid(host) != before) == (str(1024**3), True)
    host.run("rm", "/etc/systemd/system/localai.service.d/own.conf")
    play(world)
    assert memory_limit(host) == "infinity"


def test_a_tag_runs_its_part_and_the_restart_that_it_needs(world: World, host: Host) -> None:
    before = main_pid(host)
    play(world, "--tags", "binary", localai_version=GOOD[1])
    assert main_pid(host) != before
    assert ask(host, "/stand-in")["version"] == GOOD[1]
    world.variables["localai_version"] = GOOD[1]


def test_a_smoke_test_that_fails_is_undone(world: World, host: Host) -> None:
    host.write(f"{HOME}/models/chat.yaml".lstrip("/"), MODEL_FILE)
    smoke_test: dict[str, Any] = {"localai_smoke_test": {"model": "chat", "prompt": "Say yes.", "timeout": 20}}
    world.site.publish("2")
    play(world, playbook="upgrade", **smoke_test)
    assert load(host) == "cpu-llama-cpp 2"
    wrong: dict[str, Any] = {
        "localai_smoke_test": {"model": "no-such-model"},
        "localai_environment": {"LOCALAI_LOG_LEVEL": "debug"},
    }
    outcome = play(world, fails=True, **wrong)
    said = re.sub(r"\s+", " ", outcome.output)
    assert "no-such-model" in said
    assert "and the service is ready again" in said
    assert host.run("grep", "LOG_LEVEL", "/etc/localai/localai.env") == ""


def test_a_rollback_and_back_again(world: World, host: Host) -> None:
    world.site.publish("3")
    play(world, playbook="upgrade")
    assert load(host) == "cpu-llama-cpp 3"
    before = main_pid(host)
    assert play(world, "--check", playbook="rollback").changed["host1"] > 0
    assert main_pid(host) == before
    for build in "2", "3":
        play(world, playbook="rollback")
        assert load(host) == f"cpu-llama-cpp {build}"
    assert play(world, "--check").failed == {"host1": 0}


def test_exclusive_removes_the_rest_after_the_good_start(world: World, host: Host) -> None:
    play(world, localai_backends=["llama-cpp", "piper"])
    assert "piper" in ask(host, "/system")["backends"]
    only: dict[str, Any] = {"localai_backends": ["llama-cpp"], "localai_backends_exclusive": True}
    assert play(world, "--check", **only).changed["host1"] > 0
    assert "piper" in ask(host, "/system")["backends"]
    play(world, **only)
    assert "piper" not in ask(host, "/system")["backends"]
    assert play(world, **only).changed == {"host1": 0}


@pytest.mark.parametrize(
    ("tag", "gone", "left"),
    [
        ("requirements", (), ("/etc/localai", "/opt/localai", HOME)),
        ("binary", ("/opt/localai", "/usr/local/bin/local-ai"), ("/etc/localai", HOME)),
        ("service", ("/etc/localai", "/etc/systemd/system/localai.service"), (HOME,)),
        ("directories", (HOME,), ()),
    ],
)
def test_a_removal_with_a_tag_removes_only_that_part(
    world: World, host: Host, tag: str, gone: tuple[str, ...], left: tuple[str, ...]
) -> None:
    everything: dict[str, Any] = {"localai_remove_data": True, "localai_remove_models": True}
    play(world, "--tags", tag, playbook="remove", localai_confirm_remove=True, **everything)
    assert [path for path in gone if (host.root / path.lstrip("/")).exists()] == []
    assert [path for path in left if not (host.root / path.lstrip("/")).exists()] == []

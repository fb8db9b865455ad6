# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two instances of LocalAI on one host: set up side by side, changed and removed one at a time.

host1 and host2 of the inventory are the same host. Each test continues where the one before it ended.
"""

from __future__ import annotations

import re
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.fleet import Host
from ansible_collections.localai.core.tests.hosts.releases import GOOD
from ansible_collections.localai.core.tests.hosts.world import HOME, World, ask, expect, touched, world_of

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

BOTH = ["host1", "host2"]
PORTS = {"localai": 8080, "localai-two": 8081}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot a host that is two hosts of the inventory, and start the servers."""
    with world_of("instances", ["bookworm"], lambda hosts: None) as it:
        it.hosts["host2"] = it.hosts["host1"]
        it.host_variables["host2"] = {"localai_instance": "two", "localai_address": "127.0.0.1:8081"}
        it.write_inventory()
        yield it


@pytest.fixture(scope="module")
def host(world: World) -> Host:
    """The host that both instances are on."""
    return world.hosts["host1"]


def pid_of(host: Host, unit: str) -> str:
    return host.run("systemctl", "show", "--property=MainPID", "--value", f"{unit}.service")


def users_of(host: Host) -> list[str]:
    return sorted(re.findall("(?m)^(localai[^:]*):", host.run("cat", "/etc/passwd")))


def refusal(world: World, *arguments: str, playbook: str = "provision", limit: str = "host2", **extra: Any) -> str:
    """What the role says when it refuses, in check mode and in the real run; nothing is changed."""
    said = set()
    for mode in ["--check"], []:
        outcome = world.play(playbook, *mode, *arguments, limit=limit, **extra)
        assert (outcome.failed, outcome.changed) == ({limit: 1}, {limit: 0}), outcome.output[-3000:]
        found = re.search(r'"msg": "(.*)"|msg: (.*(?:\n +.*)*)', outcome.output)
        assert found, outcome.output[-3000:]
        said.add(re.sub(r"\s+", " ", found.group(1) or found.group(2)))
    assert len(said) == 1
    return said.pop()


def test_check_mode_predicts_both_and_changes_nothing(world: World, host: Host) -> None:
    before = touched(host)
    expect(world.play("provision", "--check", "--diff"), changed=True, hosts=BOTH)
    assert touched(host) == before


def test_both_are_set_up_at_once(world: World, host: Host) -> None:
    expect(world.play("provision"), changed=True, hosts=BOTH)
    for unit, port in PORTS.items():
        assert "llama-cpp" in ask(host, "/system", port=port)["backends"], unit
        assert host.run("systemctl", "show", "--property=User", "--value", f"{unit}.service") == unit
    assert users_of(host) == ["localai", "localai-two"]
    assert host.run("stat", "-c", "%U", HOME, f"{HOME}-two").splitlines() == ["localai", "localai-two"]
    assert host.run("sh", "-c", "ls /etc/ansible/facts.d").splitlines() == ["localai-two.fact", "localai.fact"]


def test_again_nothing_changes(world: World, host: Host) -> None:
    before = [pid_of(host, unit) for unit in PORTS]
    expect(world.play("provision"), changed=False, hosts=BOTH)
    assert [pid_of(host, unit) for unit in PORTS] == before


def test_a_change_of_one_leaves_the_other_alone(world: World, host: Host) -> None:
    before = pid_of(host, "localai")
    expect(world.play("upgrade", limit="host2", localai_version=GOOD[1]), changed=True, hosts=["host2"])
    world.host_variables["host2"]["localai_version"] = GOOD[1]
    world.write_inventory()
    assert pid_of(host, "localai") == before
    assert ask(host, "/stand-in", port=8080)["version"] == GOOD[0]
    assert ask(host, "/stand-in", port=8081)["version"] == GOOD[1]
    assert host.run("readlink", "/usr/local/bin/local-ai-two") == f"/opt/localai-two/bin/local-ai-{GOOD[1]}"


def test_nothing_is_shared_by_accident(world: World, host: Host) -> None:
    before = touched(host)
    said = refusal(world, localai_backends_path=f"{HOME}/backends")
    assert f"localai_backends_path is {HOME}/backends, and localai.service uses {HOME}" in said
    said = refusal(world, localai_address="localhost:8080")
    assert "localai_address is localhost:8080, and localai.service listens on 127.0.0.1:8080" in said
    said = refusal(world, localai_models_path=f"{HOME}/models")
    assert "set localai_manage_models to false for all instances but one" in said
    assert "localai_instance is devices" in refusal(world, localai_instance="devices")
    assert touched(host) == before


def test_models_are_shared_on_purpose(world: World, host: Host) -> None:
    groups = ["render", "video", "localai"]
    shared = {
        "localai_models_path": f"{HOME}/models",
        "localai_manage_models": False,
        "localai_gpu_groups": groups,
    }
    world.host_variables["host2"].update(shared)
    world.write_inventory()
    expect(world.play("provision", limit="host2"), changed=True, hosts=["host2"])
    expect(world.play("provision"), changed=False, hosts=BOTH)
    said = refusal(world, playbook="remove", limit="host1", localai_remove_models=True)
    assert f"localai_models_path is {HOME}/models, and localai-two.service uses {HOME}/models" in said
    for name in shared:
        del world.host_variables["host2"][name]
    world.write_inventory()
    expect(world.play("provision", limit="host2"), changed=True, hosts=["host2"])


EVERYTHING: dict[str, Any] = {
    "localai_remove_data": True,
    "localai_remove_models": True,
    "localai_remove_account": True,
}


def test_the_removal_of_one_leaves_the_other_alone(world: World, host: Host) -> None:
    before = pid_of(host, "localai-two")
    expect(world.play("remove", limit="host1", **EVERYTHING), changed=True, hosts=["host1"])
    assert (pid_of(host, "localai-two"), pid_of(host, "localai")) == (before, "0")
    assert "llama-cpp" in ask(host, "/system", port=8081)["backends"]
    assert users_of(host) == ["localai-two"]
    expect(world.play("provision", limit="host2"), changed=False, hosts=["host2"])
    host.run("systemctl", "restart", "localai-two.service")
    assert pid_of(host, "localai-two") not in ("0", before)


def test_the_last_one_leaves_nothing(world: World, host: Host) -> None:
    expect(world.play("remove", limit="host2", **EVERYTHING), changed=True, hosts=["host2"])
    left = host.run("sh", "-c", "find / -xdev -path /proc -prune -o -name '*local*ai*' -print")
    ours = [path for path in left.splitlines() if re.match("/(etc|opt|usr/local|var/lib)/", path)]
    assert ours == []
    assert users_of(host) == []

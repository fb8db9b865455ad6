# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role on hosts that are not like others; each test is about one of them, after one run for all.

host1 has no user namespaces, host2 models on a read-only mount of another user, host3 the devices of a Jetson, host4
those of the Windows Subsystem for Linux, and host5 a virtual environment as Ansible's interpreter.
"""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts import variants
from ansible_collections.localai.core.tests.hosts.fleet import Host
from ansible_collections.localai.core.tests.hosts.world import (
    BACKENDS,
    MODEL_FILE,
    World,
    ask,
    expect,
    load,
    main_pid,
    question,
    request,
    world_of,
)

pytestmark = pytest.mark.long

HOSTS = ("host1", "host2", "host3", "host4", "host5")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot the hosts and start the servers."""
    interpreter = []

    def prepare(hosts: list[Host]) -> None:
        variants.without_user_namespaces(hosts[0])
        variants.with_models_of_somebody_else(hosts[1], MODEL_FILE)
        variants.as_a_jetson(hosts[2])
        variants.as_wsl(hosts[3])
        interpreter.append(variants.with_an_interpreter_of_its_own(hosts[4]))

    with world_of("variants", ["bookworm", "bookworm", "trixie", "bookworm", "bookworm"], prepare) as it:
        it.host_variables["host2"] = {"localai_models_path": variants.MODELS}
        it.host_variables["host5"] = {"ansible_python_interpreter": interpreter[0]}
        it.write_inventory()
        yield it


def devices(host: Host) -> set[str]:
    """What the service may open."""
    told = host.run("systemctl", "show", "--property=DeviceAllow", "--value", "localai.service")
    return {line.rpartition(" ")[0] for line in told.splitlines()}


def test_the_hosts_are_what_they_are_meant_to_be(world: World) -> None:
    limited, models, jetson, wsl, other = (world.hosts[name] for name in HOSTS)
    assert limited.run("cat", "/proc/sys/user/max_user_namespaces") == "0"
    assert "No space left on device" in limited.run("sh", "-c", "unshare --user true 2>&1")
    assert models.run("sh", "-c", "unshare --user echo made") == "made", "the limit is that host's alone"
    assert models.run("sh", "-c", f"touch {variants.MODELS}/new 2>&1").endswith("Read-only file system")
    assert "490 nvhost" in jetson.run("cat", "/proc/devices").splitlines()
    assert jetson.run("stat", "-c", "%F", "/dev/nvmap") == wsl.run("stat", "-c", "%F", "/dev/dxg")
    assert wsl.run("stat", "-c", "%F", "/dev/dxg") == "character special file"
    assert wsl.run("sh", "-c", "ls /dev/nvmap 2>&1 >/dev/null") != ""
    libraries = "import requests, yaml; print('found')"
    assert other.run(f"{variants.VENV}/bin/python3", "-c", libraries) == "found"
    assert other.run("/usr/bin/python3", "-c", libraries) == ""


def test_provision_in_check_mode(world: World) -> None:
    expect(world.play("provision", "--check", "--diff"), changed=True, hosts=HOSTS)


def test_provision(world: World) -> None:
    expect(world.play("provision"), changed=True, hosts=HOSTS)
    for name in HOSTS:
        assert main_pid(world.hosts[name]) != "0", name
        assert "llama-cpp" in ask(world.hosts[name], "/system")["backends"], name


def test_again_nothing_changes(world: World) -> None:
    before = {name: main_pid(world.hosts[name]) for name in HOSTS}
    expect(world.play("provision"), changed=False, hosts=HOSTS)
    assert {name: main_pid(world.hosts[name]) for name in HOSTS} == before


def test_a_service_without_user_namespaces_runs_backends(world: World) -> None:
    host = world.hosts["host1"]
    assert load(host) == "cpu-llama-cpp 1"
    assert host.run("systemctl", "show", "--property=PrivateUsers", "--value", "localai.service") == "no"
    for name in HOSTS[1:]:
        told = world.hosts[name].run("systemctl", "show", "--property=PrivateUsers", "--value", "localai.service")
        assert told == "yes", name


def test_models_of_somebody_else_are_used_and_left_alone(world: World) -> None:
    host = world.hosts["host2"]
    status, content = request(host, "/v1/chat/completions", question("hello"))
    assert (status, content["choices"][0]["message"]["content"]) == (200, "cpu-llama-cpp 1")
    assert host.run("stat", "-c", "%U:%G %a", variants.MODELS, f"{variants.MODELS}/chat.yaml").splitlines() == [
        "games:games 755",
        "games:games 644",
    ]
    for arguments in ["--check"], []:
        everything: dict[str, Any] = {"localai_remove_data": True, "localai_remove_models": True}
        outcome = world.play("remove", *arguments, limit="host2", **everything)
        assert outcome.failed == {"host2": 1}, outcome.output[-3000:]
        assert variants.MODELS in outcome.output
        assert main_pid(host) != "0"


@pytest.mark.parametrize(
    ("name", "expected", "foreign"),
    [
        ("host3", {"/dev/nvmap", "/dev/host1x-fence", "char-nvhost", "char-nvgpu"}, {"/dev/dxg"}),
        ("host4", {"/dev/dxg"}, {"/dev/nvmap"}),
        ("host5", {"char-nvidia*", "char-drm", "char-kfd"}, {"/dev/dxg", "/dev/nvmap"}),
    ],
)
def test_the_service_may_open_the_devices_of_the_host(
    world: World, name: str, expected: set[str], foreign: set[str]
) -> None:
    host = world.hosts[name]
    allowed = devices(host)
    assert {device for device in expected if not any(is_covered(device, by) for by in allowed)} == set(), allowed
    assert not foreign & allowed
    assert host.run("sh", "-c", "systemd-analyze verify localai.service 2>&1") == ""
    assert load(host).endswith("llama-cpp 1")


def is_covered(device: str, by: str) -> bool:
    """Whether what is allowed, with a star at its end perhaps, allows the device."""
    return device == by or (by.endswith("*") and device.startswith(by[:-1]))


def test_devices_are_allowed_after_a_reboot_too(world: World) -> None:
    host = world.hosts["host3"]
    before = devices(host)
    host.reboot()
    assert devices(host) == before
    expect(world.play("provision", limit="host3"), changed=False, hosts=["host3"])


def test_another_interpreter_needs_no_packages_of_the_distribution(world: World) -> None:
    host = world.hosts["host5"]
    for package in "python3-requests", "python3-yaml":
        assert host.run("sh", "-c", f"dpkg-query -W -f '${{Status}}' {package} 2>/dev/null") != "install ok installed"
    assert host.run(f"{BACKENDS}/cpu-llama-cpp/run.sh") == "cpu-llama-cpp 1"

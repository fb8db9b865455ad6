# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role on real hosts, from bare to removed; each test continues where the one before it ended.

host1 is Debian 12 without a GPU, host2 Debian 13 with an AMD GPU, host3 Debian 12 with an NVIDIA GPU. All are bare,
reached by ssh as a user who may use sudo, and have no other network. `make test` has some of the tests and two hosts.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.fleet import AMD, CONTROLLER, NVIDIA, Host
from ansible_collections.localai.core.tests.hosts.releases import GOOD, NEVER_READY, TAMPERED
from ansible_collections.localai.core.tests.hosts.world import (
    BACKENDS,
    BUILDS,
    World,
    ask,
    drains,
    events,
    expect,
    expect_builds,
    expect_refusal,
    load,
    main_pid,
    question,
    touched,
    wait_for,
    world_of,
)
from ansible_collections.localai.core.tests.support.tcp_proxy import Line, tcp_proxy

pytestmark = pytest.mark.usefixtures("in_order")

NVIDIA_SMI = "#!/bin/sh\necho '0, NVIDIA GeForce RTX 4090, 24564, 1, 24563'\n"
ROCM_SMI = "#!/bin/sh\necho 'device,VRAM Total Memory (B),VRAM Total Used Memory (B)'\necho 'card0,17163091968,1'\n"
KEY = "not-for-the-log"
# What the unit allows: GPUs, JIT compilers, writable backends and the network. Higher is more exposed; it was 1.4.
MOST_EXPOSED = 1.5
# What a run executes on a host that is as it should be, and prints.
MOST_MODULES = 23
MOST_TASKS = 35
REMOVALS = ("localai_remove_data", "localai_remove_models", "localai_remove_account")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot the hosts and start the servers."""
    with world_of("role", ["bookworm", "trixie", "bookworm"][: len(BUILDS)], give_gpus) as it:
        it.host_variables = {name: {"expected_build": build} for name, build in BUILDS.items()}
        it.variables["localai_models"] = ["tiny"]
        it.write_inventory()
        yield it


def give_gpus(hosts: list[Host]) -> None:
    """Let the second host have an AMD GPU, and the third one of NVIDIA."""
    hosts[1].show_gpu(AMD)
    hosts[1].write("usr/bin/rocm-smi", ROCM_SMI, 0o755)
    for host in hosts[2:]:
        host.show_gpu(NVIDIA)
        host.write("usr/bin/nvidia-smi", NVIDIA_SMI, 0o755)
        host.write("usr/local/cuda-12/version.json", "{}")


def test_check_mode_on_bare_hosts_passes_and_touches_nothing(world: World) -> None:
    with world.hosts["host1"].just_made():
        before = {name: touched(host) for name, host in world.hosts.items()}
        outcome = world.play("provision", "--check", "--diff")
        after = {name: touched(host) for name, host in world.hosts.items()}
    expect(outcome, changed=True)
    assert outcome.output.count("Check mode cannot predict the backends of this host") == len(BUILDS)
    assert after == before


def test_provision(world: World) -> None:
    expect(world.play("provision", "--diff", facts=False), changed=True)
    expect_builds(world, BUILDS, GOOD[0])
    for host in world.hosts.values():
        content = ask(host, "/v1/chat/completions", question("hello", "tiny"))
        assert content["choices"][0]["message"]["content"].endswith(" 1"), "the service may run it"


def test_what_decompresses_faster_is_installed(world: World) -> None:
    for host, libraries in ("host1", "zstandard"), ("host2", "zstandard, isal.isal_zlib"):
        world.hosts[host].run("/usr/bin/python3", "-c", f"import {libraries}")


@pytest.mark.long
def test_a_package_that_cannot_be_installed_is_reported_and_fails_nothing(world: World) -> None:
    host = world.hosts["host2"]
    host.run("dpkg", "--remove", "python3-isal")
    with host.just_made():
        outcome = world.play("provision", limit="host2")
    assert (outcome.changed, outcome.failed) == ({"host2": 0}, {"host2": 0}), outcome.output[-3000:]
    assert "without python3-isal, which could not be installed" in re.sub(r"\s+", " ", outcome.output)
    outcome = world.play("provision", "--check", limit="host2")
    assert outcome.changed == {"host2": 1}, outcome.output[-3000:]
    outcome = world.play("provision", limit="host2")
    assert (outcome.changed, outcome.failed) == ({"host2": 1}, {"host2": 0}), outcome.output[-3000:]


def test_again_nothing_changes_and_little_is_done(world: World) -> None:
    outcome = world.play("provision", "-vvv")
    expect(outcome, changed=False)
    modules = len(re.findall("Using module file", outcome.output))
    tasks = len(re.findall(r"^TASK \[", outcome.output, re.MULTILINE))
    print(f"{modules / len(world.hosts)} modules on each host, {tasks} tasks")
    assert modules / len(world.hosts) <= MOST_MODULES
    assert tasks <= MOST_TASKS


@pytest.mark.long
def test_again_nothing_changes_in_check_mode(world: World) -> None:
    expect(world.play("provision", "--check", "--diff"), changed=False)


def test_an_unprivileged_user_lists_what_root_installed(world: World) -> None:
    expect(world.play("list"), changed=False)


def test_the_unit_is_valid_and_hardened(world: World) -> None:
    for host in world.hosts.values():
        assert host.run("sh", "-c", "systemd-analyze verify localai.service 2>&1") == ""
        told = host.run("systemd-analyze", "security", "--no-pager", "localai.service")
        exposure = re.search(r"Overall exposure level for localai.service: ([0-9.]+)", told)
        assert exposure, told
        print(f"{host.name}: exposure {exposure[1]}")
        assert float(exposure[1]) <= MOST_EXPOSED


@pytest.mark.long
def test_another_header_is_valid_and_restarts_nothing(world: World) -> None:
    host = world.hosts["host1"]
    before = main_pid(host)
    header = "Managed by Ansible; do not edit\n[Service] by \\\r\nMemoryMax=1 at {{ now() }}\\"
    for arguments in ["--check"], []:
        outcome = world.play("provision", *arguments, limit="host1", ansible_managed=header)
        assert outcome.failed == {"host1": 0}, outcome.output[-3000:]
        assert re.search(r"Start the service, or stop it[^\n]*\nok: \[host1\]", outcome.output), (
            "no restart is announced"
        )
        assert main_pid(host) == before != "0"
    assert host.run("sh", "-c", "systemd-analyze verify localai.service 2>&1") == ""
    assert host.run("systemctl", "show", "--property=NeedDaemonReload", "--value", "localai.service") == "no"
    assert host.run("systemctl", "show", "--property=MemoryMax", "--value", "localai.service") == "infinity"
    host.run("systemctl", "restart", "localai.service")
    wait_for(host)
    environment = host.run("sh", "-c", f"tr '\\0' '\\n' </proc/{main_pid(host)}/environ")
    assert "MemoryMax" not in environment
    assert "\nLOCALAI_ADDRESS=127.0.0.1:8080\n" in f"\n{environment}\n"


@pytest.mark.long
def test_check_mode_of_an_upgrade_changes_nothing(world: World) -> None:
    world.site.publish("2")
    outcome = world.play("upgrade", "--check", limit="host1", localai_version=GOOD[1])
    assert (outcome.changed["host1"] > 0, outcome.failed) == (True, {"host1": 0}), outcome.output[-3000:]
    expect_builds(world, BUILDS, GOOD[0])


def test_upgrade_of_the_server_and_of_backends(world: World) -> None:
    world.site.publish("2")
    expect(world.play("upgrade", localai_version=GOOD[1], localai_batch=1, **drains(world)), changed=True)
    assert events(world) == [
        f"{event} {host} {version}" for host in BUILDS for event, version in zip(("drain", "undrain"), GOOD)
    ]
    expect_builds(world, BUILDS, GOOD[1])
    for host in world.hosts.values():
        assert load(host).endswith(" 2")
    world.variables["localai_version"] = GOOD[1]


def test_a_broken_upgrade_is_undone_and_ends_the_roll_out(world: World) -> None:
    world.site.publish("3")
    outcome = world.play("upgrade", localai_version=NEVER_READY, localai_ready_timeout=5, localai_batch="1,25%")
    assert outcome.failed["host1"] == 1
    assert "host2" not in outcome.changed, "the batches after it are not begun"
    assert f"LocalAI {NEVER_READY} starts" in outcome.output, "the journal"
    assert "and the service is ready again" in re.sub(r"\s+", " ", outcome.output)
    expect_builds(world, BUILDS, GOOD[1])
    assert world.hosts["host1"].run(f"{BACKENDS}/cpu-llama-cpp/run.sh").endswith(" 2")


@pytest.mark.long
def test_a_play_that_died_before_the_restart_is_finished_by_the_next(world: World) -> None:
    before = main_pid(world.hosts["host1"])
    command = world.command("provision", limit="host1", localai_backends=["llama-cpp", "piper"])
    with subprocess.Popen(
        command, env=world.environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as play:
        for line in play.stdout or ():
            if "[localai.core.localai : Write the unit" in line:
                os.killpg(play.pid, signal.SIGKILL)
    assert main_pid(world.hosts["host1"]) == before
    assert "piper" not in ask(world.hosts["host1"], "/system")["backends"]
    outcome = world.play("provision", limit="host1", localai_backends=["llama-cpp", "piper"])
    assert outcome.failed == {"host1": 0}, outcome.output[-3000:]
    assert "piper" in ask(world.hosts["host1"], "/system")["backends"]


@pytest.mark.long
def test_a_gpu_that_cannot_be_read_is_not_taken_from_the_service(world: World) -> None:
    host = world.hosts["host3"]
    before = main_pid(host)
    host.write("usr/bin/nvidia-smi", "#!/bin/sh\necho 'Driver/library version mismatch'\nexit 18\n", 0o755)
    for driver, instead in ("", "default"), ("nvidia", "an unknown one"):
        host.show_gpu(NVIDIA, driver)
        for arguments in ["--check"], []:
            outcome = world.play("provision", *arguments, limit="host3")
            assert outcome.failed == {"host3": 0}, outcome.output[-3000:]
            said = f"The service keeps the capability nvidia-cuda-12, and not {instead}."
            assert said in re.sub(r"\s+", " ", outcome.output)
    told = host.run("grep", "LOCALAI_FORCE_META_BACKEND_CAPABILITY", "/etc/localai/localai.env")
    assert told == 'LOCALAI_FORCE_META_BACKEND_CAPABILITY="nvidia-cuda-12"'
    assert main_pid(host) == before != "0"
    outcome = world.play(
        "provision", limit="host3", localai_expected_capability="nvidia-cuda-12", localai_backends=["x"]
    )
    assert outcome.failed == {"host3": 1}
    assert "localai_expected_capability is nvidia-cuda-12" in re.sub(r"\s+", " ", outcome.output)


@pytest.mark.long
def test_another_gpu_gets_another_build(world: World) -> None:
    host = world.hosts["host3"]
    host.show_gpu(None)
    (host.root / "usr/bin/nvidia-smi").unlink()
    outcome = world.play("upgrade", limit="host3")
    assert outcome.failed == {"host3": 0}, outcome.output[-3000:]
    expect_builds(world, {"host3": "cpu-llama-cpp"}, GOOD[1])


def test_a_reboot(world: World) -> None:
    host = world.hosts["host2"]
    host.reboot()
    wait_for(host)
    expect_builds(world, {"host2": BUILDS["host2"]}, GOOD[1])


@pytest.mark.long
def test_power_lost_in_the_middle_of_an_install(world: World) -> None:
    host = world.hosts["host2"]
    before = host.run(f"{BACKENDS}/rocm-llama-cpp/run.sh")
    world.site.publish("4")
    with tcp_proxy(world.site.registry, Line(rate=300), CONTROLLER) as slow:
        command = world.command("upgrade", limit="host2", localai_module_defaults=world.site.module_defaults(slow))
        with subprocess.Popen(
            command, env=world.environment, stdout=subprocess.DEVNULL, start_new_session=True
        ) as play:
            staging = host.root / BACKENDS.lstrip("/") / ".localai-core" / "staging"
            while play.poll() is None and not list(staging.glob("*")):
                time.sleep(0.01)
            assert play.poll() is None, "nothing was staged"
            host.crash()
            os.killpg(play.pid, signal.SIGKILL)
    host.start()
    assert host.run(f"{BACKENDS}/rocm-llama-cpp/run.sh") == before
    outcome = world.play("upgrade", limit="host2")
    assert outcome.failed == {"host2": 0}, outcome.output[-3000:]
    assert host.run(f"{BACKENDS}/rocm-llama-cpp/run.sh").endswith(" 4")
    assert host.run("ls", f"{BACKENDS}/.localai-core/staging") == ""


@pytest.mark.long
def test_models_of_a_replaced_build_are_unloaded_on_request(world: World) -> None:
    host = world.hosts["host1"]
    public: dict[str, Any] = {"localai_address": "0.0.0.0:8080", "localai_api_key": KEY}
    outcome = world.play("provision", "--diff", limit="host1", **public)
    assert outcome.failed == {"host1": 0}, outcome.output[-3000:]
    assert KEY not in outcome.output
    assert ask(host, "/system") is None, "it takes the key"
    assert load(host, KEY) == "cpu-llama-cpp 2"
    before = main_pid(host)
    world.site.publish("5")
    outcome = world.play("upgrade", limit="host1", localai_unload_replaced=True, **public)
    assert outcome.failed == {"host1": 0}, outcome.output[-3000:]
    assert main_pid(host) == before, "a build that is replaced in its place needs no restart"
    assert ask(host, "/system", key=KEY)["loaded_models"] == []
    assert load(host, KEY) == "cpu-llama-cpp 5"


@pytest.mark.long
def test_a_binary_with_another_checksum_ends_before_the_service_is_touched(world: World) -> None:
    expect_refusal(world, {"localai_version": TAMPERED}, "checksum")


@pytest.mark.long
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"localai_version": "v0.0.1", "localai_allow_downgrade": True}, "LocalAI v0.0.1 could not be downloaded"),
        ({"localai_version": GOOD[0]}, f"localai_version is {GOOD[0]}, and this host has {GOOD[1]}, which is newer"),
        ({"localai_expected_capability": ["amd", "nvidia"]}, "localai_expected_capability is amd or nvidia"),
        ({"localai_version": "v5.0.0", "localai_release_url": f"http://{CONTROLLER}:9"}, "localai_release_url"),
        ({"localai_backends": ["no-such-backend"]}, "no-such-backend"),
        ({"localai_address": "0.0.0.0:8080"}, "localai_api_key"),
        ({"localai_address": "127.0.0.1:22"}, "ports below 1024 are reserved for root"),
        ({"localai_environment": {"A": "1\n2"}}, "more than one line"),
    ],
    ids=["version", "downgrade", "capability", "site", "backend", "address", "port", "environment"],
)
def test_bad_input_ends_before_the_service_is_touched(world: World, wrong: dict[str, Any], said: str) -> None:
    expect_refusal(world, wrong, said)


@pytest.mark.long
def test_a_port_in_use_ends_before_the_service_is_touched(world: World) -> None:
    host = world.hosts["host1"]
    host.run("systemd-run", "--unit=other", "--socket-property=ListenStream=127.0.0.1:8081", "sleep", "infinity")
    expect_refusal(world, {"localai_address": "127.0.0.1:8081"}, "already listens on port 8081")
    host.run("systemctl", "stop", "other.socket", "other.service")


@pytest.mark.long
def test_a_shared_directory_of_models_is_used_as_it_is(world: World) -> None:
    host, shared = world.hosts["host1"], "/srv/shared"
    host.run("install", "-d", "-o", "games", "-g", "games", "-m", "0750", shared)
    elsewhere: dict[str, Any] = {"localai_models_path": shared}
    said = f"The user localai cannot read or enter {shared}"
    for arguments in ["--check"], []:
        expect_refusal(world, elsewhere, said, *arguments)
    host.run("usermod", "-a", "-G", "games", "localai")
    outcome = world.play("provision", limit="host1", **elsewhere)
    assert outcome.failed == {"host1": 0}, outcome.output[-3000:]
    assert host.run("stat", "-c", "%U:%G %a", shared) == "games:games 750"
    assert shared not in host.run("cat", "/var/lib/localai-core/directories.json")
    removal = world.play("remove", "--check", limit="host1", localai_remove_models=True, **elsewhere)
    assert f"{shared} was there before" in re.sub(r"\s+", " ", removal.output)


@pytest.mark.long
def test_another_binary_of_the_same_version_is_undone(world: World, tmp_path: Path) -> None:
    host = world.hosts["host1"]
    before = host.run("readlink", "/usr/local/bin/local-ai")
    source = next((world.site.directory / "releases" / NEVER_READY).glob("local-ai-*"))
    outcome = world.play("provision", limit="host1", localai_binary_src=str(source), localai_ready_timeout=5)
    assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
    assert "and the service is ready again" in re.sub(r"\s+", " ", outcome.output)
    assert host.run("readlink", "/usr/local/bin/local-ai") == before
    assert ask(host, "/stand-in")["version"] == GOOD[1]


@pytest.mark.long
@pytest.mark.parametrize(
    ("pretended", "said"),
    [
        ({"architecture": "riscv64"}, "no release of LocalAI for riscv64"),
        ({"service_mgr": "openrc"}, "init system of this host is openrc"),
    ],
    ids=["architecture", "no-systemd"],
)
def test_a_host_that_will_not_do_is_left_alone(world: World, pretended: dict[str, str], said: str) -> None:
    before = main_pid(world.hosts["host1"])
    outcome = world.play("pretend", limit="host1", pretended=pretended)
    assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
    assert said in re.sub(r"\s+", " ", outcome.output)
    assert main_pid(world.hosts["host1"]) == before != "0"


@pytest.mark.long
def test_removal_of_what_the_role_did_not_create_is_refused(world: World) -> None:
    host, home = world.hosts["host2"], "/var/lib/local-ai"
    host.run("mount", "-t", "tmpfs", "models", f"{home}/models")
    host.run("touch", f"{home}/models/model")
    before = main_pid(host)
    for arguments in ["--check"], []:
        outcome = world.play("remove", *arguments, limit="host2", localai_remove_data=True, localai_remove_models=True)
        assert outcome.failed == {"host2": 1}, outcome.output[-3000:]
        assert f"{home}/models is a mount point" in re.sub(r"\s+", " ", outcome.output)
        assert main_pid(host) == before != "0"
    outcome = world.play("remove", limit="host2", localai_remove_data=True)
    assert outcome.failed == {"host2": 0}, outcome.output[-3000:]
    assert host.run("find", home).splitlines() == [home, f"{home}/models", f"{home}/models/model"]
    host.run("umount", f"{home}/models")


def test_remove(world: World) -> None:
    everything: dict[str, Any] = dict.fromkeys(REMOVALS, True)
    outcome = world.play("remove", **everything)
    assert "set localai_confirm_remove to true" in re.sub(r"\s+", " ", outcome.output)
    assert outcome.changed == {"host1": 0}, "it is refused before any host is looked at"
    expect(world.play("remove", **everything, localai_confirm_remove=True), changed=True)
    expect(world.play("remove", **everything, localai_confirm_remove=True), changed=False)
    for host in world.hosts.values():
        left = [path for path in touched(host) if re.search("local-?ai", path) and host.root.joinpath(path).exists()]
        assert left == []
        assert host.run("sh", "-c", "getent passwd localai; systemctl is-active localai.service") == "inactive"

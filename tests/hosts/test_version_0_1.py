# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role on hosts that version 0.1.0 of this collection provisioned: taken over, undone, and removed.

Each test has a host of its own; host1 is taken over, host2 undone, and host3 removed.
"""

from __future__ import annotations

import re
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.fleet import Host
from ansible_collections.localai.core.tests.hosts.releases import GOOD, NEVER_READY, OLD
from ansible_collections.localai.core.tests.hosts.version_0_1 import leave_version_0_1
from ansible_collections.localai.core.tests.hosts.world import (
    BACKENDS,
    HOME,
    World,
    ask,
    expect,
    load,
    main_pid,
    touched,
    wait_for,
    world_of,
)

pytestmark = pytest.mark.long

RUN_FILE = f"{BACKENDS}/cpu-llama-cpp/run.sh"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot the hosts, start the servers, and let version 0.1.0 have been there."""
    with world_of("version-0-1", ["bookworm"] * 3, lambda hosts: None) as it:
        for host in it.hosts.values():
            leave_version_0_1(host, it.site)
            wait_for(host)
        yield it


def test_the_hosts_serve(world: World) -> None:
    for host in world.hosts.values():
        assert ask(host, "/version")["version"].startswith(OLD)
        assert load(host) == "cpu-llama-cpp 1"
        assert host.run("systemctl", "is-enabled", "localai.service") == "enabled"


def test_check_mode_predicts_the_change_and_makes_none(world: World) -> None:
    before = touched(world.hosts["host1"])
    expect(world.play("provision", "--check", "--diff", limit="host1"), changed=True, hosts=["host1"])
    assert touched(world.hosts["host1"]) == before
    assert ask(world.hosts["host1"], "/version")["version"].startswith(OLD)


def starts(host: Host) -> int:
    """How often systemd has started the service since the host was booted."""
    journal = host.run("journalctl", "--boot", "--quiet", "--output=cat", "--unit=localai.service")
    return len(re.findall("(?m)^Started ", journal))


def test_a_host_is_taken_over_with_its_backends_and_one_restart(world: World) -> None:
    host = world.hosts["host1"]
    assert starts(host) == 1
    before = host.run("stat", "-c", "%i %Y", RUN_FILE)
    expect(world.play("provision", limit="host1"), changed=True, hosts=["host1"])
    assert ask(host, "/version")["version"].startswith(GOOD[0])
    assert load(host) == "cpu-llama-cpp 1"
    assert host.run("stat", "-c", "%i %Y", RUN_FILE) == before, "what is installed stays as it is"
    started = host.run("sh", "-c", "readlink -f /usr/local/bin/local-ai")
    assert re.fullmatch(rf"/opt/localai/bin/local-ai-{re.escape(GOOD[0])}.*", started)
    expect(world.play("provision", limit="host1"), changed=False, hosts=["host1"])
    assert starts(host) == 2


def test_nothing_of_the_old_paths_is_left_after_the_next_upgrade(world: World) -> None:
    host = world.hosts["host1"]
    expect(world.play("upgrade", limit="host1", localai_version=GOOD[1]), changed=True, hosts=["host1"])
    assert ask(host, "/version")["version"].startswith(GOOD[1])
    assert host.run("sh", "-c", "ls -d /usr/local/lib/localai 2>&1").endswith("No such file or directory")


def test_a_broken_upgrade_goes_back_to_what_version_0_1_installed(world: World) -> None:
    host = world.hosts["host2"]
    changes: dict[str, Any] = {"localai_version": NEVER_READY, "localai_ready_timeout": 5}
    outcome = world.play("provision", limit="host2", **changes)
    assert outcome.failed == {"host2": 1}, outcome.output[-3000:]
    wait_for(host)
    assert ask(host, "/version")["version"].startswith(OLD)
    assert load(host) == "cpu-llama-cpp 1"
    expect(world.play("provision", limit="host2"), changed=True, hosts=["host2"])
    assert ask(host, "/version")["version"].startswith(GOOD[0])


def test_a_host_is_removed_but_not_what_is_of_somebody_else(world: World) -> None:
    host = world.hosts["host3"]
    host.run("mkdir", f"{HOME}/other")
    host.run("touch", f"{HOME}/models/model")
    everything: dict[str, Any] = {"localai_remove_data": True, "localai_remove_models": True}
    outcome = world.play("remove", limit="host3", **everything)
    assert outcome.failed == {"host3": 1}, outcome.output[-3000:]
    assert f"{HOME}/models was there before" in re.sub(r"\s+", " ", outcome.output)
    assert main_pid(host) != "0"
    outcome = world.play("remove", limit="host3", localai_remove_data=True)
    assert outcome.failed == {"host3": 0}, outcome.output[-3000:]
    assert host.run("find", HOME).splitlines() == [HOME, f"{HOME}/models", f"{HOME}/models/model", f"{HOME}/other"]
    assert host.run("systemctl", "is-active", "localai.service") == "inactive"

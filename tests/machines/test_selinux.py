# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role on a virtual machine with SELinux in enforcing mode, from bare to removed.

Each test continues where the one before it ended. The machine is reached by ssh as an ordinary user who may use sudo,
and has no network beyond the controller. See `make machines`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.fleet import CONTROLLER, USER
from ansible_collections.localai.core.tests.hosts.releases import GOOD
from ansible_collections.localai.core.tests.hosts.site import site
from ansible_collections.localai.core.tests.hosts.world import (
    BUILDS,
    HOME,
    MODEL,
    MODEL_FILE,
    NOISE,
    World,
    ask,
    expect,
    main_pid,
    question,
    request,
    wait_for,
)
from ansible_collections.localai.core.tests.machines.denials import Denial, denials
from ansible_collections.localai.core.tests.machines.machine import PORT, Machine, booted_machine
from ansible_collections.localai.core.tests.machines.qemu import Image, accelerator
from ansible_collections.localai.core.tests.support.playbook import COLLECTION

pytestmark = pytest.mark.usefixtures("in_order")

# The domain in which a policy runs services without one of their own, when their program is `bin_t`.
_DOMAINS = {"el9": "unconfined_service_t"}
_DEBIAN_DOMAIN = "initrc_t"
# Seconds; emulated, a task takes 4 to 8.
_PLAY_TIMEOUT = 2400.0
_REMOVALS = ("localai_remove_data", "localai_remove_models", "localai_remove_account")
# Where the role writes.
_PATHS = (
    *("/opt/localai", "/usr/local/bin/local-ai", "/etc/localai", "/var/lib/localai-core", HOME),
    *("/etc/systemd/system/localai.service", "/etc/systemd/system/localai-devices.service"),
)
# What a running system changes by itself, beside what it changes in a container.
_RUNNING = (
    *NOISE,
    *("dev", "proc", "sys", "home/deploy", "etc/resolv.conf", "var/spool"),
    *("var/lib/NetworkManager", "var/lib/chrony", "var/lib/cloud", "var/lib/dnf", "var/lib/rpm", "var/lib/rsyslog"),
)
_MACHINE = os.environ["LOCALAI_TEST_MACHINE"]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Boot the machine."""
    machines = COLLECTION.parents[2] / "machines"
    image = Image(machines / _MACHINE, os.environ["LOCALAI_TEST_ARCHITECTURE"])
    kind = accelerator(image.architecture, os.environ.get("LOCALAI_TEST_ACCELERATOR", ""))
    print(f"{_MACHINE} runs with {kind}.")
    with booted_machine(min(BUILDS), image, machines / "work", kind) as it:
        it.run("mkdir", "-p", "/root/.ansible")  # any run of Ansible makes it, and so changes /root
        # The role renews lists of packages that are older than an hour, for which the machine has no network.
        it.run("touch", "--no-create", "/var/lib/apt/lists")
        yield it


@pytest.fixture(scope="module")
def world(machine: Machine) -> Iterator[World]:
    """Start the servers, and tell Ansible how to reach the machine."""
    with site(COLLECTION.parents[2] / "bin" / "docker-registry", machine.work, CONTROLLER) as servers:
        host = {"ansible_host": "127.0.0.1", "ansible_port": PORT, "ansible_user": USER}
        variables = {"localai_backends": ["llama-cpp"], "localai_backends_poll": 5, **servers.variables}
        group = {"localai": {"hosts": {machine.name: host}, "vars": variables}}
        (machine.work / "inventory.json").write_text(json.dumps(group), encoding="utf-8")
        yield World({}, servers, machine.work, {"localai_ready_timeout": 120}, play_timeout=_PLAY_TIMEOUT)


@pytest.fixture(scope="module")
def baseline(machine: Machine) -> set[Denial]:
    """What the policy denies to a boot of the bare machine, and to a login."""
    machine.run("systemctl", "is-system-running", "--wait")
    return denied(machine)


@pytest.fixture(name="in_order")
def _in_order(request: pytest.FixtureRequest) -> None:
    """Later tests start where earlier ones ended."""
    if request.session.testsfailed:
        pytest.fail("an earlier step failed")


def denied(machine: Machine) -> set[Denial]:
    """All denials since the machine was made."""
    return denials(machine.run("ausearch", "--input-logs", "--message", "AVC,USER_AVC", "--raw"))


def files(machine: Machine) -> dict[str, str]:
    """The type, mode, owner, label, time of change and target of each file of the machine, by path."""
    listing = machine.run("find", "/", "-xdev", "-printf", r"%p\t%y %m %U %G %Z %C@ %l\n")
    rows = dict(line.split("\t", 1) for line in listing.splitlines())
    return {path: row for path, row in rows.items() if not path.startswith(_RUNNING, 1)}


def context(text: str) -> str:
    """The type of an SELinux context."""
    fields = text.rstrip("\0").split(":")
    assert len(fields) > 2, text
    return fields[2]


def expect_service(machine: Machine, version: str) -> None:
    """The service becomes ready, and its backend answers."""
    wait_for(machine)
    assert ask(machine, "/stand-in")["version"] == version
    status, answer = request(machine, "/v1/chat/completions", question("hello"))
    assert status == 200, answer
    assert answer["choices"][0]["message"]["content"].startswith("cpu-llama-cpp ")


def test_the_policy_is_enforced(machine: Machine, baseline: set[Denial]) -> None:
    assert machine.run("getenforce") == "Enforcing"
    print(f"denied to a boot: {sorted(baseline)}")


def test_check_mode_on_the_bare_machine_changes_nothing(machine: Machine, world: World) -> None:
    before = files(machine)
    expect(world.play("provision", "--check", "--diff"), changed=True)
    assert files(machine) == before


def test_provision(machine: Machine, world: World) -> None:
    expect(world.play("provision", "--diff"), changed=True)
    machine.run("sh", "-c", f"printf %s {shlex.quote(MODEL_FILE)} >{HOME}/models/{MODEL}.yaml")
    expect_service(machine, GOOD[0])


def test_files_have_the_labels_of_the_policy(machine: Machine) -> None:
    there = machine.run("find", *_PATHS, "-maxdepth", "0").splitlines()
    assert HOME in there
    assert machine.run("restorecon", "-n", "-R", "-v", *there) == ""


def test_the_program_and_the_service_have_the_types_that_may_run_backends(machine: Machine) -> None:
    start = machine.run("systemctl", "show", "--property=ExecStart", "--value", "localai.service")
    program = re.search(r"path=(\S+)", start)
    assert program, start
    path = machine.run("readlink", "-f", program[1])
    domain = context(machine.run("cat", f"/proc/{main_pid(machine)}/attr/current"))
    label = context(machine.run("stat", "--format=%C", path))
    print(f"{path} is {label}; the service runs in {domain}")
    assert (label, domain) == ("bin_t", _DOMAINS.get(_MACHINE.partition("-")[0], _DEBIAN_DOMAIN))


def test_again_nothing_changes(world: World) -> None:
    expect(world.play("provision"), changed=False)


def test_a_reboot(machine: Machine) -> None:
    machine.reboot()
    expect_service(machine, GOOD[0])


def test_power_lost_while_the_service_runs(machine: Machine) -> None:
    machine.crash()
    machine.start()
    assert machine.run("getenforce") == "Enforcing"
    expect_service(machine, GOOD[0])


def test_nothing_was_denied_that_a_bare_boot_is_not_denied(machine: Machine, baseline: set[Denial]) -> None:
    assert sorted(denied(machine) - baseline) == []


def test_remove(machine: Machine, world: World) -> None:
    everything: dict[str, Any] = {**dict.fromkeys(_REMOVALS, True), "localai_confirm_remove": True}
    expect(world.play("remove", **everything), changed=True)
    left = [path for path in files(machine) if re.search("local-?ai", path)]
    assert left == []
    assert machine.run("systemctl", "is-active", "localai.service") == "inactive"
    assert machine.run("getent", "passwd", "localai") == ""

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A roll-out: downloads before it, hosts that are drained and undrained on the way, and batches that have to stay good.

Each test continues where the one before it ended.
"""

from __future__ import annotations

import re
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.fleet import Host
from ansible_collections.localai.core.tests.hosts.releases import GOOD, NEVER_READY
from ansible_collections.localai.core.tests.hosts.world import (
    HOME,
    Outcome,
    World,
    ask,
    drains,
    events,
    expect,
    load,
    main_pid,
    task_file,
    touched,
    world_of,
)

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

HOSTS = ("host1", "host2")
BINARY = "opt/localai/bin/local-ai-{}"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot two hosts, start the servers, and write the tasks that drain and undrain."""
    with world_of("rollout", ["bookworm"] * 2, lambda hosts: None) as it:
        it.variables.update(
            localai_backends=["llama-cpp"],
            localai_models=["tiny"],
            **drains(it),
        )
        yield it


def both(world: World, host: str) -> list[str]:
    """The events of one host that is drained and undrained, and keeps its version."""
    version = world.variables.get("localai_version", GOOD[0])
    return [f"{event} {host} {version}" for event in ("drain", "undrain")]


def pids(world: World) -> dict[str, str]:
    """The process of each service."""
    return {name: main_pid(host) for name, host in world.hosts.items()}


def said(outcome: Outcome) -> str:
    """The output in one line."""
    return re.sub(r"\s+", " ", outcome.output)


def downloads(host: Host) -> set[str]:
    """What is downloaded and not installed."""
    tops = (f"{HOME}/backends/.localai-core/downloaded", f"{HOME}/models/.localai-core/downloaded")
    return set(host.run("ls", *tops).split()) - {f"{top}:" for top in tops}


def test_hosts_without_a_running_service_are_not_drained(world: World) -> None:
    expect(world.play("provision"), changed=True, hosts=HOSTS)
    assert events(world) == []
    assert [load(host) for host in world.hosts.values()] == ["cpu-llama-cpp 1"] * 2


def test_nothing_is_drained_where_nothing_changes(world: World) -> None:
    for arguments in [], ["--check"]:
        expect(world.play("provision", *arguments), changed=False, hosts=HOSTS)
    assert events(world) == []


def test_everything_is_downloaded_beforehand_and_no_service_notices(world: World) -> None:
    world.site.publish("2")
    world.site.publish_models({"tiny": b"newer weights of tiny", "small": b"weights of small"})
    coming: dict[str, Any] = {"localai_version": GOOD[1], "localai_models_state": "latest"}
    before, files = pids(world), {name: touched(host) for name, host in world.hosts.items()}
    expect(world.play("prefetch", "--check", **coming), changed=True, hosts=HOSTS)
    assert {name: touched(host) for name, host in world.hosts.items()} == files
    expect(world.play("prefetch", **coming), changed=True, hosts=HOSTS)
    for host in world.hosts.values():
        assert downloads(host) == {"cpu-llama-cpp", "tiny"}
        assert (host.root / BINARY.format(GOOD[1])).exists()
        assert load(host) == "cpu-llama-cpp 1"
        assert ask(host, "/stand-in")["version"] == GOOD[0]
    assert (pids(world), events(world)) == (before, [])
    for arguments in [], ["--check"]:
        expect(world.play("prefetch", *arguments, **coming), changed=False, hosts=HOSTS)
    world.variables.update(coming)


def test_a_host_that_cannot_be_drained_keeps_its_service(world: World) -> None:
    broken = task_file(world.work / "broken.yml", "drain", {"ansible.builtin.fail": {"msg": "the balancer is down"}})
    before, host = pids(world), world.hosts["host1"]
    outcome = world.play("upgrade", limit="host1", localai_drain_tasks=broken)
    assert outcome.failed == {"host1": 1}
    assert "the balancer is down" in outcome.output
    assert (pids(world), events(world)) == (before, [f"drain host1 {GOOD[0]}"])
    assert host.run("readlink", "/usr/local/bin/local-ai").endswith(GOOD[0])
    assert ask(host, "/stand-in")["version"] == GOOD[0]


def test_each_host_is_drained_before_the_restart_and_undrained_after_it(world: World) -> None:
    outcome = world.play("upgrade", localai_batch=1)
    expect(outcome, changed=True, hosts=HOSTS)
    assert events(world) == [
        f"{event} {host} {version}" for host in HOSTS for event, version in zip(("drain", "undrain"), GOOD)
    ]
    # What was downloaded has no size in the message, because nothing is transferred.
    assert "Upgraded llama-cpp." in said(outcome)
    for host in world.hosts.values():
        assert downloads(host) == set()
        assert load(host) == "cpu-llama-cpp 2"
        assert host.run("cat", f"{HOME}/models/tiny.gguf") == "newer weights of tiny"
    expect(world.play("provision"), changed=False, hosts=HOSTS)
    assert events(world) == []


def test_a_change_without_a_restart_drains_too(world: World) -> None:
    before = pids(world)
    expect(world.play("provision", localai_backends=["llama-cpp", "piper"]), changed=True, hosts=HOSTS)
    assert pids(world) == before
    assert sorted(events(world)) == sorted(event for host in HOSTS for event in both(world, host))


def test_a_removal_after_the_good_start_drains_before_its_restart(world: World) -> None:
    only: dict[str, Any] = {"localai_backends_exclusive": True}
    expect(world.play("provision", limit="host1", **only), changed=True, hosts=("host1",))
    assert events(world) == both(world, "host1")
    expect(world.play("provision", limit="host1", **only), changed=False, hosts=("host1",))
    assert events(world) == []


@pytest.mark.parametrize("rollback", [True, False])
def test_a_host_is_undrained_after_the_undo_and_stays_drained_without_one(world: World, rollback: bool) -> None:
    outcome = world.play("provision", limit="host1", localai_version=NEVER_READY, localai_rollback=rollback)
    assert outcome.failed == {"host1": 1}
    assert ("and the service is ready again" in said(outcome)) == rollback
    assert events(world) == both(world, "host1")[: 2 if rollback else 1]
    if not rollback:
        # This server does not answer the tasks that would drain it.
        no_tasks: dict[str, Any] = {"localai_drain_tasks": "", "localai_undrain_tasks": ""}
        back = world.play("provision", limit="host1", localai_allow_downgrade=True, **no_tasks)
        expect(back, changed=True, hosts=("host1",))
        assert events(world) == []


def test_a_start_is_not_recorded_as_good_before_the_host_is_undrained(world: World) -> None:
    broken = task_file(world.work / "broken.yml", "undrain", {"ansible.builtin.fail": {"msg": "the balancer is down"}})
    debug: dict[str, Any] = {"localai_environment": {"LOCALAI_LOG_LEVEL": "debug"}}
    outcome = world.play("provision", limit="host1", localai_undrain_tasks=broken, **debug)
    assert outcome.failed == {"host1": 1}
    events(world)
    expect(world.play("provision", limit="host1", **debug), changed=True, hosts=("host1",))
    assert events(world) == both(world, "host1")


def test_a_rollback_drains_and_undrains(world: World) -> None:
    assert world.play("rollback", "--check", limit="host1").failed == {"host1": 0}
    assert events(world) == []
    assert world.play("rollback", limit="host1").failed == {"host1": 0}
    assert events(world) == both(world, "host1")
    assert world.play("provision").failed == {"host1": 0, "host2": 0}
    events(world)


@pytest.mark.parametrize("stays_good", [True, False])
def test_a_batch_that_does_not_stay_good_ends_the_rollout(world: World, stays_good: bool) -> None:
    crash = "systemd-run --on-active=2 systemctl kill --signal=KILL localai.service"
    more = [] if stays_good else [{"ansible.builtin.command": crash}]
    undrain = task_file(world.work / "soaked.yml", "undrain", *more)
    level = {"LOCALAI_LOG_LEVEL": "info" if stays_good else "warn"}
    before = pids(world)
    outcome = world.play(
        "provision", localai_batch=1, localai_soak_time=6, localai_environment=level, localai_undrain_tasks=undrain
    )
    assert outcome.failed["host1"] == int(not stays_good)
    assert (pids(world)["host2"] != before["host2"]) == stays_good
    assert ("did not stay good for 6 seconds: it was restarted at" in said(outcome)) != stays_good


def test_a_batch_without_changes_does_not_soak(world: World) -> None:
    level = {"LOCALAI_LOG_LEVEL": "error"}
    expect(world.play("provision", localai_environment=level), changed=True, hosts=HOSTS)
    outcome = world.play("provision", localai_batch=1, localai_soak_time=600, localai_environment=level)
    expect(outcome, changed=False, hosts=HOSTS)


def test_a_removal_drains(world: World) -> None:
    events(world)
    outcome = world.play("remove", limit="host2", localai_confirm_remove=True)
    assert outcome.failed == {"host2": 0}
    assert events(world) == both(world, "host2")[:1]

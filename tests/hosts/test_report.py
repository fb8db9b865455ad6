# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report on two real hosts, from healthy to unreachable, and the facts and metrics that the role writes there.

Each test continues where the one before it ended.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.releases import GOOD
from ansible_collections.localai.core.tests.hosts.world import BACKENDS, Outcome, World, ask, expect, world_of

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

HOSTS = ("host1", "host2")
METRICS = "/var/lib/node-exporter"
OTHER_DIGEST = f"sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot the hosts and start the servers."""
    with world_of("report", ["bookworm", "trixie"], lambda hosts: None) as it:
        for host in it.hosts.values():
            host.write(f"{METRICS}/other.prom".lstrip("/"), "other 1\n")
        it.variables.update({"localai_textfile_directory": METRICS, "localai_models": ["tiny"]})
        yield it


def report(world: World, fails: bool = False, **extra: Any) -> tuple[Outcome, dict[str, Any]]:
    """Write the report, and return how the run ended, and the row of each host by its name."""
    directory = world.work / "report"
    outcome = world.play("report", localai_report_directory=str(directory), **extra)
    assert set(outcome.changed.values()) == {0}, outcome.output[-3000:]
    assert any(outcome.failed.values()) == fails, outcome.output[-3000:]
    document = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    return outcome, {row["host"]: row for row in document["hosts"]}


def conditions(world: World, **extra: Any) -> dict[str, set[str]]:
    """Return the conditions that each host meets."""
    _outcome, rows = report(world, **extra)
    return {name: {finding["condition"] for finding in row["findings"]} for name, row in rows.items()}


def each(*names: str) -> dict[str, set[str]]:
    """Return that both hosts meet some conditions."""
    return {host: set(names) for host in HOSTS}


def facts(world: World, host: str) -> Any:
    """Return the local facts of a host."""
    return json.loads(world.hosts[host].run("cat", "/etc/ansible/facts.d/localai.fact"))


def test_bare_hosts_lack_everything(world: World) -> None:
    assert conditions(world) == each("not_ready", "missing")


def test_after_a_provision_nothing_needs_action(world: World) -> None:
    expect(world.play("provision"), changed=True, hosts=HOSTS)
    outcome, rows = report(world, localai_report_fail_on="any")
    assert "0 of 2 hosts need action." in outcome.output
    for name in HOSTS:
        row = rows[name]
        assert (row["is_ready"], row["capability"]) == (True, "default")
        assert row["server_version"].split()[0] == GOOD[0]
        assert [(one["name"], one["build"]) for one in row["backends"]] == [("llama-cpp", "cpu-llama-cpp")]
        assert [one["name"] for one in row["models"]] == ["tiny"]
        assert row["last_good_start"] == facts(world, name)["last_good_start"]


def test_facts_and_metrics_tell_what_is_there_and_change_nothing(world: World) -> None:
    before = facts(world, "host1")
    expect(world.play("provision", "--check"), changed=False, hosts=HOSTS)
    expect(world.play("provision"), changed=False, hosts=HOSTS)
    assert facts(world, "host1") == before
    digest = before["backends"]["llama-cpp"].pop("digest")
    assert re.fullmatch("sha256:[0-9a-f]{64}", digest)
    assert before["backends"]["llama-cpp"] == {"backend": "cpu-llama-cpp", "runnable": True}
    assert (before["capability"], before["models"], before["server_version"]) == ("default", ["tiny"], GOOD[0])
    metrics = world.hosts["host2"].run("cat", f"{METRICS}/localai.prom")
    assert f'localai_info{{service="localai",version="{GOOD[0]}",capability="default"}} 1' in metrics
    assert digest in metrics


def test_pins_and_signatures_are_compared(world: World) -> None:
    pin = {"name": "llama-cpp", "capability": "default", "platform": "linux/amd64", "backend": "cpu-llama-cpp"}
    pins = {"format": 1, "backends": [{**pin, "uri": "registry.example.com/x:latest", "digest": OTHER_DIGEST}]}
    assert conditions(world, localai_pins=pins) == each("off_pins")
    assert conditions(world, localai_signatures="enforce") == each("unsigned")
    assert conditions(world, localai_report_free=100) == each("disk")
    assert conditions(world, localai_expected_capability="amd") == each("capability")


def test_what_a_running_server_does_not_know_is_pending(world: World) -> None:
    host = world.hosts["host1"]
    build = f"{BACKENDS}/own"
    host.run(
        "sh",
        "-c",
        f"mkdir {build} && cp {BACKENDS}/cpu-llama-cpp/run.sh {build} && echo '{{}}' > {build}/metadata.json",
    )
    assert conditions(world)["host1"] == {"reload_pending"}
    host.write("etc/systemd/system/localai.service.d/own.conf", "[Service]\nMemoryMax=1G\n")
    assert conditions(world) == {"host1": {"restart_pending"}, "host2": set()}
    host.run("rm", "-r", "/etc/systemd/system/localai.service.d/own.conf", build)
    assert conditions(world) == each()


def test_a_damaged_backend_and_a_stopped_service_need_action(world: World) -> None:
    host = world.hosts["host1"]
    host.run("rm", f"{BACKENDS}/cpu-llama-cpp/run.sh")
    assert "problem" in conditions(world)["host1"]
    expect(world.play("provision", limit="host1"), changed=True, hosts=["host1"])
    assert conditions(world)["host1"] == set()
    host.run("systemctl", "stop", "localai.service")
    outcome, _rows = report(world, fails=True, localai_report_fail_on=["not_ready", "disk"])
    assert "not_ready on 1 of 2 hosts: host1." in re.sub(r"\s+", " ", outcome.output)
    expect(world.play("provision", limit="host1"), changed=True, hosts=["host1"])


def test_an_upgrade_and_a_rollback_change_the_facts(world: World) -> None:
    first = facts(world, "host1")
    world.site.publish("2")
    expect(world.play("upgrade", limit="host1", localai_version=GOOD[1]), changed=True, hosts=["host1"])
    second = facts(world, "host1")
    assert second["server_version"] == GOOD[1] != first["server_version"]
    assert second["backends"]["llama-cpp"]["digest"] != first["backends"]["llama-cpp"]["digest"]
    assert second["last_good_start"] > first["last_good_start"]
    expect(world.play("rollback", limit="host1"), changed=True, hosts=["host1"])
    back = facts(world, "host1")
    assert {**back, "last_good_start": None} == {**first, "last_good_start": None}
    assert ask(world.hosts["host1"], "/stand-in")["version"] == GOOD[0]


def test_a_directory_of_metrics_that_does_not_exist_is_refused_before_anything_changes(world: World) -> None:
    outcome = world.play("provision", limit="host1", localai_textfile_directory="/var/lib/no-such")
    assert outcome.failed == {"host1": 1}
    assert "Install node_exporter first" in re.sub(r"\s+", " ", outcome.output)
    assert outcome.changed == {"host1": 0}


def test_an_unreachable_host_is_in_the_report_and_stops_no_other(world: World) -> None:
    world.host_variables["host2"] = {"ansible_port": 9}
    world.write_inventory()
    found = conditions(world)
    assert found["host2"] == {"unreachable"}
    assert "unreachable" not in found["host1"]


def test_a_removal_removes_facts_and_metrics(world: World) -> None:
    outcome = world.play("remove", limit="host1", localai_confirm_remove=True)
    assert outcome.failed == {"host1": 0}, outcome.output[-3000:]
    host = world.hosts["host1"]
    assert host.run("ls", "/etc/ansible/facts.d") == ""
    assert host.run("ls", METRICS) == "other.prom"

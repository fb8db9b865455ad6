# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the guide on the state of a fleet: groups by local facts, and alerts and a dashboard by metrics."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import yaml

from ansible_collections.localai.core.plugins.filter.host_facts import FilterModule as Facts
from ansible_collections.localai.core.plugins.filter.host_metrics import FilterModule as Metrics
from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

EXAMPLES = COLLECTION / "docs" / "examples"
ROW = {"name": "whisper", "backend": "cpu-whisper", "metadata": None, "runnable": True, "usable": True}
FACTS = Facts().filters()["host_facts"](
    {
        "capability": "default",
        "server_version": "v4.11.0",
        "backends": [ROW],
        "predicted": [],
        "models": ["chat"],
        "last_good_start": "2026-11-29T20:00:00Z",
    }
)


def run(work: Path, *command: str, **settings: str) -> str:
    """Run one of Ansible's programs, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "ansible", *command],
        env={**environment(work), **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def hosts(work: Path, capability: str) -> Path:
    """Write an inventory of two hosts, of which the first has facts in a directory of its own."""
    facts = work / "facts"
    facts.mkdir()
    (facts / "localai.fact").write_text(json.dumps({**FACTS, "capability": capability}), encoding="utf-8")
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    paths = {"host1": {"facts": str(facts)}, "host2": {"facts": "/nonexistent"}}
    inventory = work / "inventory.json"
    inventory.write_text(json.dumps({"localai": {"hosts": paths, "vars": local}}), encoding="utf-8")
    return inventory


def test_a_cache_of_facts_makes_groups_of_an_inventory(tmp_path: Path) -> None:
    inventory = hosts(tmp_path, "default")
    read = {"ansible.builtin.setup": {"gather_subset": ["!all", "!min", "local"], "fact_path": "{{ facts }}"}}
    play = [{"hosts": "localai", "gather_facts": False, "tasks": [read]}]
    (tmp_path / "play.json").write_text(json.dumps(play), encoding="utf-8")
    cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "cache")}
    run(tmp_path, "playbook", "-i", str(inventory), str(tmp_path / "play.json"), **cache)
    constructed = str(EXAMPLES / "inventory" / "groups.constructed.yml")
    groups = json.loads(run(tmp_path, "inventory", "-i", str(inventory), "-i", constructed, "--list", **cache))
    for group in ("capability_default", "localai_v4_11_0", "has_whisper"):
        assert groups[group]["hosts"] == ["host1"]


def test_hosts_are_grouped_by_the_facts_that_they_have(tmp_path: Path) -> None:
    inventory = hosts(tmp_path, "nvidia-cuda-12")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "nvidia-smi").write_text("#!/bin/sh\necho 'GPU 0: made up'\n", encoding="utf-8")
    (tools / "nvidia-smi").chmod(0o755)
    play = yaml.safe_load((EXAMPLES / "group-by-capability.yml").read_text(encoding="utf-8"))
    # The facts of this machine would be those of both hosts.
    play[0]["tasks"][0]["ansible.builtin.setup"]["fact_path"] = "{{ facts }}"
    play[1]["environment"] = {"PATH": f"{tools}:/usr/bin:/bin"}
    (tmp_path / "play.json").write_text(json.dumps(play), encoding="utf-8")
    output = run(tmp_path, "playbook", "-v", "-i", str(inventory), str(tmp_path / "play.json"))
    assert "GPU 0: made up" in output
    assert re.search(r"host1 +: ok=3 ", output)
    assert re.search(r"host2 +: ok=2 ", output)


def expressions() -> Iterator[str]:
    """Yield all expressions of the alerts and the dashboard."""
    alerts = yaml.safe_load((EXAMPLES / "monitoring" / "alerts.yml").read_text(encoding="utf-8"))
    for group in alerts["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    dashboard: Any = json.loads((EXAMPLES / "monitoring" / "dashboard.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def test_alerts_and_dashboard_use_metrics_and_labels_that_exist() -> None:
    text = Metrics().filters()["host_metrics"](FACTS)
    metrics = set(re.findall(r"^([a-z_]+)\{", text, re.MULTILINE)) | {"node_systemd_unit_state"}
    labels = set(re.findall(r"[{,]([a-z]+)=", text)) | {"instance", "state"}
    found = list(expressions())
    assert len(found) >= 10
    for expression in found:
        assert set(re.findall(r"\b(?:localai|node)_[a-z_]+", expression)) <= metrics
        grouped = re.findall(r"(?:by|on) \(([a-z, ]*)\)", expression)
        assert {label for part in grouped for label in part.split(", ")} <= labels

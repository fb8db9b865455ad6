# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `progress` shows the transfers of other runs, and ends with them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.support.archives import file
from ansible_collections.localai.core.tests.support.faults import Rate
from ansible_collections.localai.core.tests.support.images import host_platform, image, layer
from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment
from ansible_collections.localai.core.tests.support.registry import Registry

MIB = 1024**2
NOTHING = "nothing is being transferred"
ITEM = re.compile(r"^(ok|skipping|failed): \[(\w+)\] => \(item=(.*)\)", re.MULTILINE)


class Hosts:
    """Two hosts that are this machine, `h1` and `h2`, each with a home of its own."""

    def __init__(self, work: Path) -> None:
        self.work = work
        connection = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
        }
        hosts = {name: {"localai_home": str(work / name)} for name in ("h1", "h2")}
        inventory = {"localai": {"hosts": hosts, "vars": connection}}
        (work / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")

    def backends(self, host: str) -> Path:
        """The backends path of a host."""
        return self.work / host / "backends"

    def progress(self, **variables: Any) -> dict[str, list[str]]:
        """Run the playbook, and return the lines for each host."""
        program = [sys.executable, "-m", "ansible", "playbook", "--inventory", str(self.work / "inventory.json")]
        settings = {"localai_progress_interval": 1, **variables}
        done = subprocess.run(
            [*program, str(COLLECTION / "playbooks" / "progress.yml"), "--extra-vars", json.dumps(settings)],
            env=environment(self.work),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        lines: dict[str, list[str]] = {"h1": [], "h2": []}
        for state, host, line in ITEM.findall(done.stdout):
            if state == "ok":
                lines[host].append(line.strip())
        return lines


@pytest.fixture(name="hosts")
def _hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


@contextlib.contextmanager
def transfer(path: Path, **values: Any) -> Iterator[None]:
    """Hold a progress file, as a run does that transfers a backend or a model."""
    own = path / ".localai-core"
    own.mkdir(parents=True)
    report = {"backend": "b", "source": None, "bytes_done": 0, "bytes_total": None, "bytes_per_second": None, **values}
    with (own / "progress").open("w", encoding="ascii") as stream:
        stream.write(json.dumps(report))
        stream.flush()
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@pytest.mark.long
def test_without_a_transfer_it_says_so_and_ends(hosts: Hosts) -> None:
    assert hosts.progress(localai_progress_wait=1) == {"h1": [NOTHING] * 4, "h2": [NOTHING] * 4}


@pytest.mark.long
def test_a_line_has_the_bytes_the_total_and_the_rate(hosts: Hosts) -> None:
    known = {"bytes_done": MIB, "bytes_total": 4 * MIB, "bytes_per_second": MIB // 2, "seconds_left": 6}
    with transfer(hosts.backends("h1"), **known), transfer(hosts.backends("h2"), bytes_done=3 * MIB):
        lines = hosts.progress(localai_progress_wait=0, localai_progress_timeout=1)
    assert lines["h1"] == ["b: 1.0 MiB of 4.0 MiB (25 %), 0.5 MiB/s, 6 s left"] * 3 + [NOTHING]
    assert lines["h2"] == ["b: 3.0 MiB of an unknown total"] * 3 + [NOTHING]


@pytest.mark.long
def test_a_model_is_shown_after_the_backends(hosts: Hosts) -> None:
    with transfer(hosts.work / "h1" / "models", backend="qwen", bytes_done=MIB):
        lines = hosts.progress(localai_progress_wait=0, localai_progress_timeout=0)
    assert lines["h1"] == [NOTHING] + ["qwen: 1.0 MiB of an unknown total"] * 2


@pytest.mark.long
def test_it_follows_an_installation_until_its_end(hosts: Hosts) -> None:
    options = {"backends_path": str(hosts.backends("h2")), "capability": "default", "name": ["big", "other"]}
    module = "ansible_collections.localai.core.plugins.modules.localai_backend"
    with Registry() as registry:
        rows = []
        for name, size in ("big", 3 * MIB), ("other", MIB):
            content = [file("run.sh", "#!/bin/sh\n", 0o755), file("weights", os.urandom(size))]
            rows.append(
                {"name": name, "uri": registry.put(name, "latest", image([layer(content, "none")], host_platform()))}
            )
        (hosts.work / "gallery.yaml").write_text(json.dumps(rows), encoding="utf-8")
        options["galleries"] = [{"name": "g", "url": str(hosts.work / "gallery.yaml")}]
        registry.faults.append(Rate(path="blobs/", bytes_per_second=4 * MIB // 10))
        arguments = hosts.work / "arguments.json"
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": options}), encoding="utf-8")
        with subprocess.Popen(
            [sys.executable, "-m", module, str(arguments)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
        ) as installation:
            lines = hosts.progress(localai_progress_wait=5)["h2"]
            assert json.loads(installation.communicate()[0])["changed"] is True
    assert lines[-1] == NOTHING
    assert any(line.startswith("other: ") for line in lines), "the second backend is shown too"
    done = [float(line.split()[1]) for line in lines if line.startswith("big: ")]
    assert len(done) > 1
    assert done == sorted(done)
    assert done[-1] > 0
    assert any(re.fullmatch(r"big: [\d.]+ MiB of 3\.0 MiB \(\d+ %\), 0\.\d MiB/s, \d+ s left", line) for line in lines)

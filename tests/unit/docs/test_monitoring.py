# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the example `prometheus.yml` writes, the real Prometheus takes, and scrapes a server that wants the key."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION
from ansible_collections.localai.core.tests.support.server import Answer, Request, Server

from .example import configured, free_port

KEY = "scrape-key"
MONITORING = COLLECTION / "docs" / "examples" / "monitoring"
METRICS = """# TYPE api_call histogram
api_call_bucket{method="POST",path="/v1/chat/completions",le="50"} 1
api_call_bucket{method="POST",path="/v1/chat/completions",le="+Inf"} 2
api_call_sum{method="POST",path="/v1/chat/completions"} 70
api_call_count{method="POST",path="/v1/chat/completions"} 2
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.7e+09
"""


def answer(request: Request) -> Answer:
    """Answer as a server that wants the key."""
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return Answer(401)
    return Answer(headers={"Content-Type": "text/plain; version=0.0.4"}, body=METRICS.encode("ascii"))


def written(work: Path, port: int, key: str = KEY) -> str:
    """Run the example for a server on loopback."""
    directory = work / "prometheus"
    directory.mkdir(exist_ok=True)
    variables = {
        "scrape_key": key,
        "scrape_port": port,
        "node_exporter_port": port,
        "prometheus_directory": str(directory),
        "prometheus_group": str(os.getegid()),
        "servers": ["127.0.0.1"],
    }
    (work / "monitoring").unlink(missing_ok=True)
    (work / "monitoring").symlink_to(MONITORING)
    return configured(work, "prometheus.yml", **variables)


def query(port: int, expression: str) -> list[Any]:
    """Return the result of a query."""
    url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)["data"]["result"]


def value_of(port: int, expression: str) -> str | None:
    """Return the value of the only result, None until there is one."""
    try:
        results = query(port, expression)
    except OSError:
        return None
    return str(results[0]["value"][1]) if len(results) == 1 else None


def waited_for(port: int, expression: str, expected: str) -> str | None:
    """Return the value of an expression, as soon as it is the expected one."""
    value = None
    for _attempt in range(300):
        value = value_of(port, expression)
        if value == expected:
            break
        time.sleep(0.1)
    return value


def test_prometheus_scrapes_a_server_with_the_key(tmp_path: Path) -> None:
    program = shutil.which("prometheus")
    assert program, "there is no prometheus: run make units"
    port = free_port()
    with Server(answer) as server:
        scraped = int(server.host.rpartition(":")[2])
        output = written(tmp_path, scraped)
        assert re.search(r"changed=3 +unreachable=0 +failed=0", output), output
        assert KEY not in output
        directory = tmp_path / "prometheus"
        assert stat.S_IMODE((directory / "localai.key").stat().st_mode) == 0o640
        scrape = yaml.safe_load((MONITORING / "scrape.yml").read_text(encoding="utf-8"))
        scrape["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s"}
        (directory / "prometheus.yml").write_text(yaml.safe_dump(scrape), encoding="utf-8")
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(program, f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"),
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            assert waited_for(port, 'up{job="localai"}', "1") == "1", (tmp_path / "log").read_text(encoding="utf-8")
            assert waited_for(port, 'up{job="localai-hosts"}', "0") == "0"
            assert value_of(port, 'api_call_count{job="localai",path="/v1/chat/completions"}') == "2"
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/rules", timeout=10) as response:
                groups = json.load(response)["data"]["groups"]
            assert {rule["name"] for group in groups for rule in group["rules"]} >= {"LocalAIDown", "LocalAINotRunning"}
            assert {rule["health"] for group in groups for rule in group["rules"]} <= {"ok", "unknown"}
            # A new key needs no restart, and another one than the server has is seen.
            written(tmp_path, scraped, "another")
            assert waited_for(port, 'up{job="localai"}', "0") == "0"
        finally:
            process.terminate()
            process.wait()
    assert re.search(r"changed=0 +unreachable=0 +failed=0", written(tmp_path, scraped, "another"))

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An upgrade in an image and by the module: what is counted, and what is left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ansible_collections.localai.core.tests.bench.image_upgrade import (
    OURS,
    LeftOut,
    Run,
    Way,
    markdown,
    measure,
    push_builds,
    sent,
)
from ansible_collections.localai.core.tests.support.docker_registry import docker_registry

MB = 1000**2
LINE = 'level=info msg="response completed" http.request.method={} http.response.status=200 http.response.written={}\n'


def test_what_the_registry_sent_are_the_bodies_of_its_answers_to_get(tmp_path):
    log = tmp_path / "log"
    log.write_text(
        LINE.format("GET", 100)
        + LINE.format("HEAD", 7)
        + '127.0.0.1 - - "GET /v2/x/blobs/y HTTP/1.1" 200 100\n'
        + LINE.format("GET", 23)
    )
    assert sent(log) == 123


def test_a_ratio_is_that_of_one_round():
    ours, other = (
        [Run(1, 2, MB, 2 * MB, 0), Run(4, 2, MB, 2 * MB, 0)],
        [Run(3, 3, 5 * MB, 0, 0), Run(4, 3, 5 * MB, 0, 0)],
    )
    rows = markdown({OURS.name: ours, "other": other}).splitlines()
    assert rows[2].replace(" ", "") == "|ours|2.50|1.00|1.00|1|2|0|"
    assert rows[3].replace(" ", "") == "|other|3.50|2.00|1.50|5|0|0|"


def test_each_way_brings_the_second_build_and_only_its_layer(tmp_path):
    binary = shutil.which("docker-registry")
    assert binary, "the build has it in bin/"
    with docker_registry(Path(binary), tmp_path / "registry") as registry:
        push_builds(registry["host"], 0.002, tmp_path / "layer")
        log = tmp_path / "registry" / "registry.log"
        run = measure(OURS, registry["host"], log, tmp_path)
        size = max(path.stat().st_size for path in (tmp_path / "registry" / "storage").rglob("data"))
        assert 0 < run.transfer < 1.2 * size + 20000
        assert run.wall > 0
        assert not (tmp_path / "host").exists()

        broken = Way("broken", lambda host, number, directory: ["sh", "-c", "echo no luck >&2; exit 3"], "build")
        with pytest.raises(LeftOut, match="no luck"):
            measure(broken, registry["host"], log, tmp_path)
        absent = Way("absent", broken.command, "build", needs=("no-such-program",))
        with pytest.raises(LeftOut, match="there is no no-such-program"):
            measure(absent, registry["host"], log, tmp_path)
        idle = Way("idle", lambda host, number, directory: ["true"], "build")
        with pytest.raises(SystemExit, match="idle left the builds"):
            measure(idle, registry["host"], log, tmp_path)

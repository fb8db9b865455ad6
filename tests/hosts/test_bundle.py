# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A closed site: a survey, a bundle that the controller fetches, and hosts that reach nothing but the bundle.

The hosts are those of `test_role`, with three capabilities, and have no route. Each test continues where the one before
it ended.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from ansible_collections.localai.core.tests.hosts.fleet import CONTROLLER
from ansible_collections.localai.core.tests.hosts.releases import GOOD
from ansible_collections.localai.core.tests.hosts.test_role import give_gpus
from ansible_collections.localai.core.tests.hosts.world import (
    BUILDS,
    World,
    ask,
    expect,
    expect_builds,
    main_pid,
    question,
    touched,
    world_of,
)
from ansible_collections.localai.core.tests.support.files import FileServer

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

CAPABILITIES = {"host1": "default", "host2": "amd", "host3": "nvidia-cuda-12"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot the hosts and start the servers."""
    with world_of("bundle", ["bookworm", "trixie", "bookworm"][: len(BUILDS)], give_gpus) as it:
        yield it


@pytest.fixture(scope="module")
def bundle(world: World) -> Path:
    """The directory of the bundle on the controller."""
    return world.work / "bundle"


@pytest.fixture(scope="module")
def server(bundle: Path) -> Iterator[FileServer]:
    """A web server inside, which has nothing but the bundle."""
    with FileServer(directory=bundle, address=CONTROLLER) as running:
        yield running


def write_inventory(world: World, **variables: Any) -> None:
    """Write an inventory without the servers outside."""
    world.site_variables = variables
    world.write_inventory()


def survey_of(world: World) -> Any:
    """What the playbook has written."""
    return yaml.safe_load((world.work / "survey.yml").read_text(encoding="utf-8"))


def fill(world: World, bundle: Path, *arguments: str) -> str:
    """Fill the bundle from the servers outside, and return what the playbook said."""
    outcome = subprocess.run(
        world.command(
            "bundle",
            "--inventory=localhost,",
            *arguments,
            bundle_path=str(bundle),
            localai_survey_file=str(world.work / "survey.yml"),
            release_url=world.site.variables["localai_release_url"],
            endpoints=world.site.module_defaults()["endpoints"],
        ),
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-3000:]
    return outcome.stdout


def test_a_survey_of_bare_hosts_changes_nothing(world: World) -> None:
    world.variables.update(localai_models=["tiny"], localai_survey_file=str(world.work / "survey.yml"))
    world.write_inventory()
    before = {name: touched(host) for name, host in world.hosts.items()}
    outcome = world.play("survey")
    assert not any(outcome.failed.values()), outcome.output[-3000:]
    assert {name: touched(host) for name, host in world.hosts.items()} == before
    targets = survey_of(world)["targets"]
    assert {target["capability"] for target in targets} == {CAPABILITIES[name] for name in BUILDS}
    assert sum(target["hosts"] for target in targets) == len(BUILDS)
    assert not any(host.address in (world.work / "survey.yml").read_text() for host in world.hosts.values())


def test_the_bundle_is_filled_once(world: World, bundle: Path) -> None:
    assert "Would fetch" in fill(world, bundle, "--check")
    assert not bundle.exists()
    assert "Fetched" in fill(world, bundle)
    sizes = {path: path.stat().st_mtime_ns for path in bundle.rglob("*") if path.is_file()}
    assert "Nothing to change." in fill(world, bundle)
    assert {path: path.stat().st_mtime_ns for path in bundle.rglob("*") if path.is_file()} == sizes
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=bundle, check=True)
    assert (bundle / "releases" / GOOD[0] / f"LocalAI-{GOOD[0]}-checksums.txt").exists()


def test_check_mode_on_bare_hosts_with_one_variable(world: World, bundle: Path, server: FileServer) -> None:
    assert bundle.exists()
    write_inventory(world, localai_bundle=server.url)
    before = {name: touched(host) for name, host in world.hosts.items()}
    expect(world.play("provision", "--check", "--diff"), changed=True)
    assert {name: touched(host) for name, host in world.hosts.items()} == before


def test_one_flipped_bit_is_refused(world: World, bundle: Path) -> None:
    weights = next(bundle.glob("files/*/tiny.gguf"))
    content = weights.read_bytes()
    weights.write_bytes(content.replace(b"w", b"W", 1))
    try:
        outcome = world.play("provision", limit="host1")
        assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
        assert "its sha256 is" in " ".join(outcome.output.split())
        assert main_pid(world.hosts["host1"]) == "0", "nothing is served"
        assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=bundle, check=False).returncode
    finally:
        weights.write_bytes(content)


def test_from_bare_hosts_to_an_answer(world: World, server: FileServer) -> None:
    outside = len(world.site.files.requests)
    expect(world.play("provision", "--diff"), changed=True)
    expect_builds(world, BUILDS, GOOD[0])
    for host in world.hosts.values():
        content = ask(host, "/v1/chat/completions", question("hello", "tiny"))
        assert content["choices"][0]["message"]["content"].endswith(" 1")
        environment = host.run("cat", "/etc/localai/localai.env")
        assert "LOCALAI_GALLERIES=[]" in environment.replace('"', "")
        assert "LOCALAI_BACKEND_GALLERIES=[]" in environment.replace('"', "")
    assert len(world.site.files.requests) == outside, "only the bundle was read"
    assert server.requests


def test_again_nothing_changes_and_nothing_is_read(world: World, server: FileServer) -> None:
    server.requests.clear()
    expect(world.play("provision", "--check", "--diff"), changed=False)
    expect(world.play("provision"), changed=False)
    assert not server.requests


def test_the_mirror_dies_in_the_middle_and_nothing_breaks(world: World, bundle: Path, server: FileServer) -> None:
    world.site.publish("2")
    fill(world, bundle)
    before = {name: main_pid(host) for name, host in world.hosts.items()}
    hidden = bundle.with_name("hidden")
    blobs = bundle / "images" / "blobs"
    shutil.move(str(blobs), str(hidden))
    try:
        outcome = world.play("provision", localai_backends_state="latest")
        assert set(outcome.failed.values()) == {1}, outcome.output[-3000:]
        assert {name: main_pid(host) for name, host in world.hosts.items()} == before
        assert server.url in outcome.output
    finally:
        shutil.move(str(hidden), str(blobs))
    expect(world.play("provision", localai_backends_state="latest"), changed=True)


def test_a_bundle_on_the_hosts(world: World, bundle: Path) -> None:
    write_inventory(world, localai_bundle="/srv/bundle")
    outcome = world.play("provision", "--check", limit="host1", localai_version=GOOD[0])
    assert outcome.failed == {"host1": 0}, "what is there already needs no bundle"
    host = world.hosts["host1"]
    host.run("rm", "-r", "/var/lib/local-ai", "/opt/localai/bin")
    outcome = world.play("provision", "--check", limit="host1")
    assert outcome.failed == {"host1": 0}, outcome.output[-3000:]
    assert "/srv/bundle is not there yet" in " ".join(outcome.output.split())
    shutil.copytree(bundle, host.root / "srv" / "bundle")
    expect(world.play("provision", limit="host1"), changed=True, hosts=["host1"])
    expect(world.play("provision", "--check", limit="host1"), changed=False, hosts=["host1"])
    assert json.loads((bundle / "bundle.json").read_text())["size"] > 0
    assert os.listdir(host.root / "srv" / "bundle")

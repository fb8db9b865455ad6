# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of localai_bundle: what it fetches, what it keeps, and what it leaves when something goes wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from ansible_collections.localai.core.plugins.module_utils._fs.utf8 import os as library_os
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file
from ansible_collections.localai.core.tests.support.bundles import (
    BundledHost,
    BundleDirectory,
    assert_sums,
    offline,
    prove_fill,
    published,
)
from ansible_collections.localai.core.tests.support.faults import Cut, Rate, Status
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY
from ansible_collections.localai.core.tests.support.host import IS_ROOT, snapshot
from ansible_collections.localai.core.tests.support.interpreter import environment
from ansible_collections.localai.core.tests.support.proof import prove
from ansible_collections.localai.core.tests.support.transfers import kept, killed_task


@pytest.fixture
def world(moving_host):
    """The world whose versions move on, at version 1."""
    return moving_host.world


@pytest.fixture
def directory(tmp_path, world):
    return bundle_of(tmp_path / "bundle", world)


def bundle_of(path, world, **options):
    return BundleDirectory(path, galleries=[{"name": "test", "url": world.gallery}], **options)


def large_image(world):
    """An image whose layer cannot be compressed, and its layer."""
    layer = images.layer([file("run.sh", "#!/bin/sh\n", 0o755), file("data", os_noise())], "none")
    image = images.image([layer], images.host_platform())
    uri = world.registry.put(REPOSITORY, "large", image)
    return {"name": "large", "uri": uri}, layer


def os_noise():
    return bytes(range(256)) * 2000


def test_an_interrupted_run_is_continued_with_the_rest(directory, world):
    row, layer = large_image(world)
    blob = layer.digest[7:]
    world.registry.faults.append(Rate(blob, bytes_per_second=200_000))
    task = {**directory.options, "backends": [row], "connections": 1}
    killed_task(task, lambda: kept(directory.path) > 40_000, "localai_bundle")
    assert not (directory.path / "bundle.json").exists()
    world.registry.faults.clear()
    arrived = kept(directory.path)
    result = directory.fill(backends=[row])
    assert result["bytes_transferred"] <= result["size"] - arrived + 1024
    assert_sums(directory)
    assert directory.run(backends=[row])["changed"] is False


def test_a_server_that_dies_leaves_what_arrived_for_the_next_run(directory, world, monkeypatch):
    monkeypatch.setattr("ansible_collections.localai.core.plugins.module_utils._sources.resume._LONG", 0.0)
    row, layer = large_image(world)
    directory.fill(backends=["piper"])
    before = published(directory)
    world.registry.faults.append(Cut(layer.digest[7:], after=100_000))
    result = directory.run(backends=["piper", row], connections=1)
    assert result["failed"]
    assert layer.digest in result["msg"]
    assert row["uri"] in result["msg"]
    assert (directory.path / "bundle.json").read_bytes()
    assert result["changed"] is bool(set(published(directory)) - set(before))
    world.registry.faults.clear()
    result = directory.fill(backends=["piper", row])
    assert len(layer.blob) - 100_000 <= result["bytes_transferred"] < len(layer.blob)


RUN = """
import json, sys
from ansible_collections.localai.core.plugins.modules import localai_bundle
from ansible_collections.localai.core.tests.support.module import run_module
print(json.dumps(run_module(localai_bundle.main, json.loads(sys.argv[1]))))
"""


def at_once(*tasks):
    """The results of runs at the same time, each in a process of its own."""
    commands = [[sys.executable, "-c", RUN, json.dumps(task)] for task in tasks]
    runs = [subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE) for command in commands]
    return [json.loads(run.communicate()[0]) for run in runs]


def test_of_two_runs_at_once_the_second_one_fetches_nothing(directory, world):
    row, layer = large_image(world)
    world.registry.faults.append(Rate(layer.digest[7:], bytes_per_second=500_000))
    world.registry.requests.clear()
    task = {**directory.options, "backends": [row], "connections": 1}
    results = at_once(task, task)
    assert [result["failed"] for result in results] == [False, False], results
    assert sorted(result["changed"] for result in results) == [False, True]
    (waited,) = [result for result in results if not result["changed"]]
    assert (waited["fetched"], waited["bytes_transferred"], waited["msg"]) == ([], 0, "Nothing to change.")
    paths = [request.path for request in world.registry.requests if layer.digest in request.path]
    assert len([path for path in paths if "/blobs/" in path]) == 1
    assert_sums(directory)


def test_two_different_runs_at_once_fill_one_bundle(directory, world, tmp_path):
    row, layer = large_image(world)
    world.registry.faults.append(Rate(layer.digest[7:], bytes_per_second=500_000))
    task = {**directory.options, "connections": 1}
    results = at_once({**task, "backends": [row]}, {**task, "backends": ["piper"]})
    assert [(result["failed"], result["changed"]) for result in results] == [(False, True)] * 2, results
    assert_sums(directory)
    world.registry.faults.clear()
    with offline(world.registry):
        host = BundledHost(tmp_path / "host", world, str(directory.path))
        prove(host, action="install", backends=[row, {"name": "piper"}])


def test_a_dead_registry_fails_before_anything_is_written(directory, world):
    world.registry.faults.append(Status(status=503))
    for check in (True, False):
        result = directory.run(check, backends=["piper"])
        assert (result["failed"], result["changed"], directory.path.exists()) == (True, False, False)
        assert "503" in result["msg"]
        assert "piper" in result["msg"]


def test_all_that_cannot_be_had_is_named_at_once(directory):
    result = directory.run(backends=["nowhere", "piper", "image-missing"], models=[])
    assert result["failed"]
    assert "nowhere" in result["msg"]
    assert "image-missing" in result["msg"]


def test_a_backend_for_one_capability_is_left_out_for_others_with_a_warning(directory):
    result = prove_fill(directory, backends=["vllm", "piper"], capabilities=["default", "nvidia-cuda-12"])
    (warning,) = result["warnings"]
    assert warning.startswith("vllm for default on linux/")
    assert "is left out: " in warning
    assert any("cuda-12-vllm" in name for name in directory.names)


def test_what_a_survey_lists_has_to_be_there(directory):
    platform = f"linux/{images.host_platform().architecture}"
    target = {"capability": "default", "platform": platform, "backends": ["vllm"]}
    survey = {"format": 1, "targets": [target]}
    result = directory.run(survey=survey)
    assert (result["failed"], directory.path.exists()) == (True, False)
    assert "vllm" in result["msg"]
    prove_fill(directory, survey={"format": 1, "targets": [{**target, "capability": "nvidia-cuda-12"}]})
    assert [row["capability"] for row in directory.contents["targets"]] == ["nvidia-cuda-12"]


def test_a_survey_may_be_a_file(directory, tmp_path):
    target = {"capability": "default", "platform": "linux/amd64", "backends": ["archived"]}
    path = tmp_path / "survey.yml"
    path.write_text(yaml.safe_dump({"format": 1, "targets": [target]}))
    prove_fill(directory, survey=str(path))


def test_a_delta_has_only_what_the_site_lacks_and_completes_its_bundle(directory, world, tmp_path):
    names = ["piper", "llama-cpp", "archived"]
    site = bundle_of(tmp_path / "site", world)
    site.fill(backends=names)
    old_pins = yaml.safe_load(site.files["pins.yml"])
    world.publish("2")
    known = tmp_path / "known.json"
    known.write_bytes(site.files["bundle.json"])
    delta = bundle_of(tmp_path / "delta", world, known=str(known))
    result = delta.fill(backends=[*names, "whisper"])
    again = delta.run(backends=[*names, "whisper"])
    assert (again["changed"], again["bytes_transferred"]) == (False, 0)
    whole = bundle_of(tmp_path / "whole", world)
    assert result["size"] <= whole.fill(backends=[*names, "whisper"])["size"]
    shutil.copytree(delta.path, site.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".localai-core"))
    assert_sums(site)
    with offline(world.registry, world.files):
        host = BundledHost(tmp_path / "host", world, str(site.path))
        prove(host, *names, "whisper", action="install")
        old = BundledHost(tmp_path / "old", world, str(site.path))
        prove(old, "llama-cpp", "piper", action="install", pins=pins_of(old_pins))
    assert site.run(backends=[*names, "whisper"])["changed"] is False


def pins_of(document):
    return {"format": document["format"], "backends": document["backends"]}


def test_nothing_is_fetched_for_a_site_that_has_all(directory, world, tmp_path):
    directory.fill(backends=["piper", "archived"])
    delta = bundle_of(tmp_path / "delta", world, known=directory.contents)
    result = delta.fill(backends=["piper", "archived"])
    assert (result["fetched"], result["bytes_transferred"]) == ([], 0)
    assert [name for name in delta.files if name.startswith(("images/blobs", "files/"))] == []


def test_after_a_tag_moved_earlier_pins_work_until_prune(directory, world, tmp_path):
    prove_fill(directory, backends=["piper", "archived"])
    pins = pins_of(yaml.safe_load(directory.files["pins.yml"]))
    old = world.digest("piper")
    world.publish("2")
    result = prove_fill(directory, backends=["piper", "archived"])
    assert result["removed"] == []
    rows = {row["name"]: row["digest"] for row in directory.contents["images"]}
    assert rows == {
        f"{world.repository}:latest-piper": world.digest("piper"),
        f"{world.repository}@{old}": old,
    }
    with offline(world.registry):
        host = BundledHost(tmp_path / "old", world, str(directory.path))
        prove(host, "piper", action="install", pins=pins)
        assert host.metadata("piper")["digest"] == old
        host = BundledHost(tmp_path / "new", world, str(directory.path))
        prove(host, "piper", action="install")
        assert host.metadata("piper")["digest"] == world.digest("piper")
    before = directory.files
    result = prove_fill(directory, backends=["piper", "archived"], prune=True)
    assert result["removed"] == sorted(set(before) - set(directory.files))
    assert f"images/blobs/sha256/{old[7:]}" in result["removed"]
    result = BundledHost(tmp_path / "late", world, str(directory.path)).backend("piper", pins=pins)
    assert result["failed"]


def test_what_earlier_runs_fetched_stays_usable(directory, world, tmp_path):
    directory.fill(backends=["piper"])
    prove_fill(directory, backends=["llama-cpp"])
    with offline(world.registry, world.files):
        prove(BundledHost(tmp_path / "host", world, str(directory.path)), "piper", "llama-cpp", action="install")


def test_a_lost_file_is_fetched_again(directory):
    directory.fill(backends=["piper", "archived"])
    whole = directory.files
    for name in whole:
        (directory.path / name).unlink()
        predicted = directory.run(check=True, backends=["piper", "archived"])
        result = directory.fill(backends=["piper", "archived"])
        assert (predicted["changed"], result["changed"]) == (True, True), name
        lists = dict.fromkeys(("bundle.json", "SHA256SUMS"), b"with a time")
        assert {**directory.files, **lists} == {**whole, **lists}
        assert_sums(directory)


@pytest.mark.skipif(not IS_ROOT, reason="only root writes everywhere")
def test_a_path_that_cannot_be_written_is_an_error_before_anything_is_fetched(world):
    directory = bundle_of(Path("/proc/bundle"), world)
    for check in (True, False):
        result = directory.run(check, backends=["piper"])
        assert (result["failed"], result["changed"]) == (True, False)
        assert "/proc" in result["msg"]


def test_a_path_with_something_else_is_refused(directory):
    directory.path.mkdir()
    (directory.path / "photo.jpg").write_text("x")
    before = snapshot(directory.path)
    for check in (True, False):
        result = directory.run(check, backends=["piper"])
        assert result["msg"] == (
            f"path: {directory.path} is neither empty nor a bundle. Choose an empty or a new directory."
        )
    assert snapshot(directory.path) == before


def test_a_path_of_a_file_is_refused(directory):
    directory.path.write_text("x")
    for check in (True, False):
        result = directory.run(check, backends=["piper"])
        assert (result["failed"], result["changed"], directory.path.read_text()) == (True, False, "x")
        assert str(directory.path) in result["msg"]


@pytest.mark.parametrize("content", [b"{", b'{"format": 9}', b'{"format": 1}'])
def test_a_bundle_that_cannot_be_read_is_not_overwritten(directory, content):
    directory.path.mkdir()
    (directory.path / "bundle.json").write_bytes(content)
    result = directory.run(backends=["piper"])
    assert result["msg"].startswith(f"path: {directory.path} cannot be used: ")
    assert (directory.path / "bundle.json").read_bytes() == content


def test_a_disk_that_is_too_small_is_told_before_the_transfer(directory, world, monkeypatch):
    real = library_os.statvfs

    def small(path):
        status = real(path)
        return SimpleNamespace(
            **{**{key: getattr(status, key) for key in dir(status) if key[:2] == "f_"}, "f_bavail": 0}
        )

    monkeypatch.setattr("os.statvfs", small)
    world.registry.requests.clear()
    for check in (True, False):
        result = directory.run(check, backends=["piper"])
        assert (result["failed"], directory.path.exists()) == (True, False)
        assert "has 0 bytes of free space" in result["msg"]
    assert [request.path for request in world.registry.requests if "/blobs/" in request.path] == []


def test_a_mirror_is_used(directory, world):
    row = {"name": "far", "uri": f"registry.invalid/{REPOSITORY}:latest-piper"}
    endpoint = {"host": "registry.invalid", "mirrors": [{"url": world.registry.url, "resolve": True}]}
    prove_fill(directory, backends=[row], endpoints=[endpoint])
    assert directory.names == [row["uri"]]


def test_what_is_on_the_hosts_themselves_is_left_to_them(directory):
    result = directory.fill(backends=["from-directory", "piper"])
    assert [warning for warning in result["warnings"] if "is on the hosts themselves" in warning]


def test_secrets_in_urls_get_neither_into_the_bundle_nor_into_the_result(directory, world):
    secret = f"{world.files.url}/archived.zip?token=hunter2"
    result = directory.fill(backends=[{"name": "mine", "uri": secret}])
    assert "hunter2" not in json.dumps(result)
    assert [name for name, content in directory.files.items() if b"hunter2" in content or "hunter2" in name] == []
    with offline(world.files):
        host = BundledHost(directory.path.parent / "host", world, str(directory.path))
        prove(host, action="install", backends=[{"name": "mine", "uri": secret}])

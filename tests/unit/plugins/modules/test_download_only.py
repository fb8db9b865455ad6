# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run with `download_only` transfers what the next run installs, and changes nothing that LocalAI sees."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from ansible_collections.localai.core.plugins.modules import localai_backend
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file
from ansible_collections.localai.core.tests.support.faults import Corrupt, Rate, Status
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.module import run_module
from ansible_collections.localai.core.tests.support.proof import actions, foreseen, installed
from ansible_collections.localai.core.tests.support.transfers import kept, killed_task


def downloaded(host):
    """The backends that are downloaded, each with the number of its trees."""
    top = host.path / ".localai-core" / "downloaded"
    return {path.name: len(list(path.iterdir())) for path in top.iterdir()} if top.exists() else {}


def prove_download(host, *names, **options):
    """Download in check mode and for real, see that LocalAI sees no change, and that nothing is left to download."""
    before, everything = installed(host), snapshot(host.path.parent)
    predicted = host.backend(*names, check=True, download_only=True, **options)
    assert not predicted["failed"], predicted["msg"]
    assert snapshot(host.path.parent) == everything
    result = host.install(*names, download_only=True, **options)
    assert foreseen(result) == foreseen(predicted)
    assert installed(host) == before
    assert (result["changed"], result["restart_required"], result["unload"], result["removed"]) == (True, False, [], [])
    assert all(row["bytes_transferred"] > 0 for row in result["backends"] if row["action"] == "download")
    after = snapshot(host.path.parent)
    for check in (True, False):
        again = host.backend(*names, check=check, download_only=True, **options)
        assert (again["failed"], again["changed"], again["diff"]) == (False, False, [])
        assert (again["msg"], set(actions(again).values())) == ("Nothing to change.", {"none"})
    assert snapshot(host.path.parent) == after
    return result


def prove_swap(host, *names, **options):
    """Run without `download_only`, as check mode predicts, and see that no content is transferred."""
    predicted = host.backend(*names, check=True, **options)
    host.world.registry.requests.clear()
    host.world.files.requests.clear()
    result = host.install(*names, **options)
    assert foreseen(result) == foreseen(predicted)
    assert [row["bytes_transferred"] for row in result["backends"]] == [0] * len(result["backends"])
    assert [request.path for request in host.world.requests if "/blobs/" in request.path] == []
    assert downloaded(host) == {}
    return result


@pytest.mark.parametrize(
    ("name", "backend"),
    [("llama-cpp", "cpu-llama-cpp"), ("piper", "piper"), ("archived", "archived"), ("archived-xz", "archived-xz")],
)
def test_what_is_downloaded_is_installed_without_a_transfer(host, name, backend):
    result = prove_download(host, name)
    (row,) = result["backends"]
    assert (row["name"], row["backend"], row["action"], row["run_file"]) == (name, backend, "download", None)
    assert (host.names, host.info()["backends"], downloaded(host)) == ([], [], {backend: 1})
    assert result["msg"].startswith(f"Downloaded {name} (")
    assert [(change["before"], list(change["after"])) for change in result["diff"]] == [({}, ["downloaded"])]
    swap = prove_swap(host, name)
    assert (actions(swap), swap["restart_required"]) == ({name: "install"}, True)
    plain = type(host)(host.path.parent / "plain", host.world)
    plain.install(name)
    for tree in host.names:
        recorded, fresh = host.metadata(tree), plain.metadata(tree)
        assert {**recorded, "installed_at": ""} == {**fresh, "installed_at": ""}
        assert (host.path / tree / ".localai-core.json").exists() == (plain.path / tree / ".localai-core.json").exists()
        if (host.path / tree / ".localai-core.json").exists():
            assert (host.path / tree / ".localai-core.json").read_bytes() == (
                plain.path / tree / ".localai-core.json"
            ).read_bytes()
    assert host.install(name, verify=True)["changed"] is False


def test_an_upgrade_is_downloaded_while_the_old_build_stays(moving_host):
    host, world = moving_host, moving_host.world
    host.install("llama-cpp", "piper", keep_previous=1)
    world.publish("2")
    result = prove_download(host, "llama-cpp", "piper", state="latest")
    assert actions(result) == {"llama-cpp": "download", "piper": "download"}
    assert [row["digest"] for row in result["backends"]] == [world.digest("cpu-llama-cpp"), world.digest("piper")]
    assert result["backends"][1]["run_file"] == str(host.path / "piper" / "run.sh")
    assert host.metadata("piper")["digest"] != world.digest("piper")
    assert host.info()["previous"] == []
    # A nightly run that changes nothing leaves the downloads alone, and so does one that keeps no previous versions.
    assert host.install("llama-cpp", "piper", keep_previous=0)["changed"] is False
    assert downloaded(host) == {"cpu-llama-cpp": 1, "piper": 1}
    swap = prove_swap(host, "llama-cpp", "piper", state="latest", keep_previous=1)
    assert actions(swap) == {"llama-cpp": "upgrade", "piper": "upgrade"}
    assert sorted(swap["unload"]) == ["cpu-llama-cpp", "llama-cpp", "piper"]
    assert host.metadata("piper")["digest"] == world.digest("piper")
    assert [row["backend"] for row in host.info()["previous"]] == ["cpu-llama-cpp", "piper"]
    assert host.install("llama-cpp", "piper", state="latest", verify=True)["changed"] is False


def test_pins_and_digests_are_swapped_in_without_any_network(moving_host):
    host, world = moving_host, moving_host.world
    host.install("llama-cpp", "archived")
    world.publish("2")
    pins = host.info("llama-cpp", "archived", pins=True)["pins"]
    prove_download(host, "llama-cpp", "archived", pins=pins)
    world.registry.faults, world.files.faults = [Status(".*", status=503)], [Status(".*", status=503)]
    try:
        prove_swap(host, "llama-cpp", "archived", pins=pins)
        assert world.requests == []
    finally:
        world.registry.faults.clear()
        world.files.faults.clear()
    assert host.metadata("cpu-llama-cpp")["digest"] == world.digest("cpu-llama-cpp")


def test_a_digest_that_was_downloaded_needs_no_network(moving_host):
    host, world = moving_host, moving_host.world
    host.install("piper")
    world.publish("2")
    prove_download(host, "piper", digest=world.digest("piper"))
    prove_swap(host, "piper", digest=world.digest("piper"))
    assert world.registry.requests == []


def test_a_later_download_replaces_one_that_was_never_used(moving_host):
    host, world = moving_host, moving_host.world
    host.install("piper")
    world.publish("2")
    prove_download(host, "piper", state="latest")
    world.publish("3")
    result = prove_download(host, "piper", state="latest")
    assert result["diff"][0]["before"]["downloaded"] != result["diff"][0]["after"]["downloaded"]
    assert downloaded(host) == {"piper": 1}
    prove_swap(host, "piper", state="latest")
    assert host.metadata("piper")["digest"] == world.digest("piper")


def test_another_build_than_the_downloaded_one_is_fetched(moving_host):
    host, world = moving_host, moving_host.world
    prove_download(host, "piper")
    world.publish("2")
    predicted = host.backend("piper", check=True)
    result = host.install("piper")
    assert foreseen(result) == foreseen(predicted)
    assert result["backends"][0]["bytes_transferred"] > 0
    assert (host.metadata("piper")["digest"], downloaded(host)) == (world.digest("piper"), {})


def test_a_repair_with_the_recorded_build_keeps_the_download(moving_host):
    host, world = moving_host, moving_host.world
    host.install("piper")
    world.publish("2")
    prove_download(host, "piper", state="latest")
    (host.path / "piper" / "run.sh").unlink()
    result = host.install("piper")
    assert (actions(result), downloaded(host)) == ({"piper": "repair"}, {"piper": 1})
    prove_swap(host, "piper", state="latest")


def test_a_damaged_backend_is_downloaded_and_stays_damaged_until_the_next_run(host):
    host.install("piper")
    (host.path / "piper" / "run.sh").unlink()
    assert actions(prove_download(host, "piper")) == {"piper": "download"}
    assert not (host.path / "piper" / "run.sh").exists()
    assert actions(prove_swap(host, "piper")) == {"piper": "repair"}


@pytest.mark.parametrize("name", ["piper", "PIPER"])
def test_absent_removes_a_download(host, name):
    prove_download(host, "piper")
    predicted = host.backend(name, check=True, state="absent")
    result = host.install(name, state="absent")
    assert foreseen(result) == foreseen(predicted)
    assert (actions(result), downloaded(host)) == ({name: "remove"}, {})
    assert result["backends"][0]["reason"] == "it was only downloaded"
    assert host.install(name, state="absent")["changed"] is False


def test_absent_removes_a_download_together_with_the_backend(moving_host):
    host, world = moving_host, moving_host.world
    host.install("llama-cpp")
    world.publish("2")
    prove_download(host, "llama-cpp", state="latest")
    host.install("llama-cpp", state="absent")
    assert (host.names, downloaded(host)) == ([], {})


def test_a_failed_download_changes_nothing(host):
    host.world.registry.faults = [Corrupt("/blobs/", at=30)]
    result = host.backend("piper", download_only=True)
    assert (result["failed"], result["changed"], downloaded(host), host.names) == (True, False, {}, [])


def test_a_full_disk_is_an_error_before_the_first_byte(host, monkeypatch):
    usage = shutil.disk_usage(host.path.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=100))
    for check in (True, False):
        result = host.backend("piper", download_only=True, check=check)
        assert result["failed"]
        assert "100 bytes of free space" in result["msg"]
    assert downloaded(host) == {}


def test_a_directory_on_the_host_has_nothing_to_download(host):
    result = host.install("from-directory", download_only=True)
    (row,) = result["backends"]
    assert (result["changed"], row["action"], host.path.exists()) == (False, "none", False)
    assert row["reason"].endswith("is on this host")


def test_the_owner_and_the_mode_are_those_of_the_task_that_installs(host):
    prove_download(host, "piper", directory_mode="0700")
    predicted = host.backend("piper", check=True, directory_mode="0750")
    result = host.install("piper", directory_mode="0750")
    assert foreseen(result) == foreseen(predicted)
    assert (host.path / "piper").stat().st_mode & 0o7777 == 0o750
    assert host.install("piper", directory_mode="0750")["changed"] is False


def test_rows_to_remove_are_left_alone(host):
    host.install("archived")
    rows = [{"name": "piper"}, {"name": "archived", "state": "absent"}]
    result = run_module(localai_backend.main, {**host.options, "backends": rows, "download_only": True})
    assert not result["failed"], result["msg"]
    assert actions(result) == {"piper": "download", "archived": "none"}
    assert host.names == ["archived"]


def test_a_download_is_the_same_for_all_names_of_a_build(moving_host):
    host = moving_host
    result = prove_download(host, "llama-cpp", "cpu-llama-cpp")
    assert actions(result) == {"llama-cpp": "download", "cpu-llama-cpp": "download"}
    prove_swap(host, "llama-cpp", "cpu-llama-cpp")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": "absent"}, "download_only cannot be used with state=absent, because it removes nothing."),
        ({"exclusive": True}, "download_only cannot be used with exclusive, because it removes nothing."),
        ({"force": True}, "download_only cannot be used with force, because it installs nothing. "),
    ],
)
def test_options_that_contradict_it(host, options, message):
    result = host.backend("piper", download_only=True, **options)
    assert result["failed"]
    assert result["msg"].startswith(message)


def test_an_image_given_by_its_uri(host):
    uri = f"{host.world.registry.host}/{REPOSITORY}:latest-piper"
    prove_download(host, "mine", uri=uri, alias="other")
    prove_swap(host, "mine", uri=uri, alias="other")
    assert host.metadata("mine")["alias"] == "other"


@pytest.mark.parametrize("finish", [{"download_only": True}, {}], ids=["by a download", "by an installation"])
def test_an_interrupted_download_is_continued(host, finish):
    entries = [file("run.sh", "#!/bin/sh\n", 0o755), file("noise", hashlib.shake_256(b"noise").digest(16 * 1024**2))]
    layer = images.layer(entries)
    uri = host.world.registry.put("large/y", "tag", images.index([images.image([layer], images.host_platform())]))
    host.world.registry.faults = [Rate("large", bytes_per_second=4 * 1024**2)]
    task = {**host.options, "name": ["large"], "uri": uri}
    killed_task({**task, "download_only": True}, lambda: kept(host.path) >= 6 * 1024**2)
    host.world.registry.faults.clear()
    length = kept(host.path)
    assert (host.names, downloaded(host)) == ([], {})
    (row,) = host.install("large", uri=uri, **finish)["backends"]
    assert row["bytes_transferred"] == len(layer.blob) - length
    prove_swap(host, "large", uri=uri)

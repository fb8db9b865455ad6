# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repair brings back the build that was there, not what its tag means by now; roll-backs survive every repair."""

from __future__ import annotations

import json
import shutil

import pytest

from ansible_collections.localai.core.tests.support.faults import Status
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY
from ansible_collections.localai.core.tests.support.proof import actions, prove

DEAD = [{"name": "test", "url": "http://127.0.0.1:1/"}]


def run_file_damaged(tree):
    (tree / "run.sh").unlink()


def file_changed(tree):
    (tree / "lib/libggml.so.1.2").write_bytes(b"spoilt")


def metadata_emptied(tree):
    (tree / "metadata.json").write_bytes(b"")


def tree_removed(tree):
    shutil.rmtree(tree)


def tree_replaced_by_a_file(tree):
    shutil.rmtree(tree)
    tree.write_text("in the way")


def emptied(tree):
    for path in tree.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


DAMAGES = [run_file_damaged, file_changed, metadata_emptied, tree_removed, tree_replaced_by_a_file, emptied]
# What a task names, and the directory of its build with the tag of its image.
NAMES = {"llama-cpp": ("cpu-llama-cpp", "cpu-llama-cpp"), "piper": ("piper", "piper")}


@pytest.fixture
def host(moving_host):
    return moving_host


@pytest.fixture(params=["llama-cpp", pytest.param("piper", marks=pytest.mark.long)])
def name(request):
    return request.param


def says(tree):
    """The version that the program in a tree would print."""
    return (tree / "backend").read_text().split("'")[1].split()[-1]


def version(host, name):
    """What the installed files say."""
    return says(host.path / NAMES[name][0])


def upgraded_and_rolled_back(host, name, keep=1):
    """Version 1 is installed again after version 2 was; returns its digest."""
    host.install(name)
    digest = host.metadata(NAMES[name][0])["digest"]
    host.world.publish("2")
    host.install(name, state="latest", keep_previous=keep)
    assert version(host, name) == "2"
    host.install(name, digest=digest, keep_previous=keep)
    assert version(host, name) == "1"
    return digest


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_repair_installs_the_recorded_build_though_its_tag_has_moved(host, name, damage):
    host.install(name)
    digest = host.metadata(NAMES[name][0])["digest"]
    uri = host.metadata(NAMES[name][0])["uri"]
    host.world.publish("2")
    damage(host.path / NAMES[name][0])
    result = prove(host, name, action=expected_action(damage, name), verify=True)
    assert version(host, name) == "1"
    assert result["backends"][0]["digest"] == digest
    metadata = host.metadata(NAMES[name][0])
    assert (metadata["digest"], metadata["uri"]) == (digest, uri)
    assert result["warnings"] == []
    # It is not pinned by that: the next upgrade is seen.
    assert actions(host.install(name, state="latest")) == {name: "upgrade"}
    assert version(host, name) == "2"


def expected_action(damage, name):
    if name == "piper" and damage in (tree_removed, tree_replaced_by_a_file):
        return "install"
    return "repair"


@pytest.mark.parametrize("keep", [0, 1])
def test_a_roll_back_survives_every_repair(host, name, keep):
    digest = upgraded_and_rolled_back(host, name, keep)
    for damage in DAMAGES:
        damage(host.path / NAMES[name][0])
        prove(host, name, action=expected_action(damage, name), verify=True)
        assert version(host, name) == "1", damage
        assert host.metadata(NAMES[name][0])["digest"] == digest, damage
    assert host.install(name, digest=digest)["changed"] is False


def test_a_repair_takes_a_previous_version_that_is_the_recorded_build(host, name):
    digest = upgraded_and_rolled_back(host, name, keep=2)
    host.install(name, force=True, digest=digest, keep_previous=2)
    (host.path / NAMES[name][0] / "run.sh").unlink()
    host.world.registry.requests.clear()
    result = prove(host, name, action="repair", galleries=DEAD)
    assert "had the recorded digest" in result["backends"][0]["reason"]
    assert version(host, name) == "1"
    assert host.world.registry.requests == []


def test_a_repair_needs_no_gallery_where_the_source_is_recorded(host, name):
    host.install(name)
    host.world.publish("2")
    (host.path / NAMES[name][0] / "run.sh").unlink()
    prove(host, name, action="repair", galleries=DEAD)
    assert version(host, name) == "1"


def test_a_build_that_nobody_has_any_more_becomes_what_the_tag_has_with_a_warning(host, name):
    host.install(name)
    digest = host.metadata(NAMES[name][0])["digest"]
    host.world.publish("2")
    host.world.registry.forget_manifest(REPOSITORY, digest)
    (host.path / NAMES[name][0] / "run.sh").unlink()
    result = prove(host, name, action="repair")
    assert version(host, name) == "2"
    assert f"its source no longer has the recorded build {digest}" in result["backends"][0]["reason"]
    assert any(digest in warning for warning in result["warnings"])


@pytest.mark.parametrize("choose", ["digest", "pins", "restore"])
def test_a_build_that_the_task_chose_is_never_given_up(host, name, choose):
    host.install(name)
    first = host.metadata(NAMES[name][0])["digest"]
    pins = host.info(name, pins=True)["pins"]
    host.world.publish("2")
    host.install(name, state="latest", keep_previous=1 if choose == "restore" else 0)
    host.install(name, **({"pins": pins} if choose == "pins" else {"digest": first}))
    assert version(host, name) == "1"
    host.world.registry.forget_manifest(REPOSITORY, first)
    (host.path / NAMES[name][0] / "run.sh").unlink()
    before = sorted(host.path.rglob("*"))
    result = host.backend(name)
    assert result["failed"]
    assert first in result["msg"]
    assert "state=latest" in result["msg"]
    assert sorted(host.path.rglob("*")) == before
    assert actions(host.install(name, state="latest")) == {name: "repair"}
    assert version(host, name) == "2"


def test_a_registry_that_does_not_answer_is_no_reason_to_take_another_build(host, name):
    upgraded_and_rolled_back(host, name, keep=0)
    (host.path / NAMES[name][0] / "run.sh").unlink()
    digest = host.metadata(NAMES[name][0])["digest"]
    host.world.registry.faults = [Status(f"manifests/{digest}", status=503)]
    result = host.backend(name)
    assert result["failed"]
    assert "503" in result["msg"]


def test_force_and_latest_take_what_the_source_has(host, name):
    upgraded_and_rolled_back(host, name)
    (host.path / NAMES[name][0] / "run.sh").unlink()
    host.install(name, force=True)
    assert version(host, name) == "2"


@pytest.mark.parametrize("damage", [file_changed, run_file_damaged, metadata_emptied])
def test_a_build_is_verified_also_where_its_meta_backend_was_lost(host, damage):
    host.install("llama-cpp")
    host.world.publish("2")
    damage(host.path / "cpu-llama-cpp")
    shutil.rmtree(host.path / "llama-cpp")
    (host.path / "llama-cpp").symlink_to("elsewhere")
    prove(host, "llama-cpp", action="install", verify=True)
    assert version(host, "llama-cpp") == "1"
    assert (host.path / "cpu-llama-cpp/lib/libggml.so.1.2").read_bytes() != b"spoilt"


def test_what_came_from_a_uri_keeps_its_build_too(host):
    uri = f"{host.world.repository}:latest-piper"
    host.install("mine", uri=uri)
    host.world.publish("2")
    for damage in DAMAGES:
        damage(host.path / "mine")
        host.install("mine", uri=uri, verify=True)
        assert says(host.path / "mine") == "1", damage
    assert host.metadata("mine")["uri"] == uri


def test_what_came_from_a_uri_and_lost_its_metadata_keeps_its_build(host):
    uri = f"{host.world.repository}:latest-piper"
    host.install("mine", uri=uri)
    host.world.publish("2")
    host.install("mine", uri=uri, state="latest", keep_previous=1)
    host.world.publish("3")
    (host.path / "mine/metadata.json").unlink()
    result = prove(host, "mine", action="repair", uri=uri, keep_previous=1)
    assert result["backends"][0]["reason"] == "it had no metadata.json"
    assert says(host.path / "mine") == "2"
    # A backend of which nothing is recorded may be anything, and what is wanted is named.
    host.place("by-hand")
    assert actions(host.install("by-hand", uri=uri)) == {"by-hand": "replace"}


def test_an_archive_keeps_its_build_as_long_as_its_address_has_it(host):
    host.install("archived")
    (host.path / "archived/run.sh").unlink()
    prove(host, "archived", action="repair")
    host.world.publish("2")
    (host.path / "archived/run.sh").unlink()
    result = prove(host, "archived", action="repair")
    assert "its source no longer has the recorded build" in result["backends"][0]["reason"]
    assert says(host.path / "archived") == "2"


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"format": 1, "builds": {"piper": 7}}', b'{"format": 2}'])
def test_a_memory_that_cannot_be_read_is_none(host, content):
    host.install("piper")
    (host.path / ".localai-core/builds.json").write_bytes(content)
    assert host.install("piper")["changed"] is False
    shutil.rmtree(host.path / "piper")
    host.world.publish("2")
    host.install("piper")
    assert version(host, "piper") == "2"


def test_what_is_removed_is_forgotten(host):
    host.install("llama-cpp", "piper")
    host.install("llama-cpp", "piper", state="absent")
    assert json.loads((host.path / ".localai-core/builds.json").read_text())["builds"] == {}
    host.world.publish("2")
    host.install("piper")
    assert version(host, "piper") == "2"


@pytest.mark.parametrize("state", ["present", "latest"])
def test_a_meta_that_a_dead_run_did_not_write_is_completed(host, state):
    host.install("llama-cpp", "piper")
    whole = host.metadata("llama-cpp")
    shutil.rmtree(host.path / "llama-cpp")
    host.world.registry.requests.clear()
    galleries = {"galleries": DEAD} if state == "present" else {}
    result = prove(host, "llama-cpp", action="install", state=state, **galleries)
    assert [row["after_header"] for row in result["diff"]] == ["llama-cpp"]
    completed = host.metadata("llama-cpp")
    assert {**completed, "installed_at": ""} == {**whole, "installed_at": ""}


def test_what_keep_previous_does_not_allow_any_more_is_removed(host, name):
    for number in "1234":
        host.world.publish(number)
        host.install(name, state="latest", keep_previous=3)
    kept = host.path / ".localai-core/kept" / NAMES[name][0]
    assert len(list(kept.iterdir())) == 3
    assert host.install(name)["changed"] is False
    result = prove(host, name, action="prune", keep_previous=1)
    assert [(row["before"]["previous"], row["after"]["previous"]) for row in result["diff"]] == [(3, 1)]
    assert [says(path) for path in kept.iterdir()] == ["3"]
    prove(host, name, action="prune", keep_previous=0)
    assert not kept.exists()
    assert version(host, name) == "4"

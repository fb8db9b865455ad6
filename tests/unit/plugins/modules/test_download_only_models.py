# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run with `download_only` transfers the files of models, and changes nothing that LocalAI sees."""

from __future__ import annotations

import shutil

import pytest

from ansible_collections.localai.core.plugins.modules import localai_model_info
from ansible_collections.localai.core.tests.support.faults import Corrupt
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.hub import Hub, Repo
from ansible_collections.localai.core.tests.support.model_proof import actions, foreseen, installed
from ansible_collections.localai.core.tests.support.model_world import OTHER, PROJECTOR, VOICE, WEIGHTS
from ansible_collections.localai.core.tests.support.module import run_module


def downloaded(host):
    """The number of the files that are downloaded, by model."""
    top = host.path / ".localai-core" / "downloaded"
    return {path.name: len(list(path.iterdir())) for path in top.iterdir()} if top.exists() else {}


def transferred(result):
    return sum(row["bytes_transferred"] for row in result["models"])


def prove_download(host, *names, **options):
    """Download in check mode and for real, see that LocalAI sees no change, and that nothing is left to download."""
    before, everything = installed(host), snapshot(host.path.parent)
    predicted = host.model(*names, check=True, download_only=True, **options)
    assert snapshot(host.path.parent) == everything
    result = host.model(*names, download_only=True, **options)
    assert not result["failed"], result["msg"]
    assert foreseen(result) == foreseen(predicted)
    assert installed(host) == before
    assert (result["changed"], result["reload_required"], result["restart_required"]) == (True, False, False)
    assert (result["unload"], result["removed"]) == ([], [])
    after = snapshot(host.path.parent)
    for check in (True, False):
        again = host.model(*names, check=check, download_only=True, **options)
        assert (again["failed"], again["changed"], again["diff"], again["msg"]) == (
            False,
            False,
            [],
            "Nothing to change.",
        )
        assert set(actions(again).values()) == {"none"}
    assert snapshot(host.path.parent) == after
    return result


def prove_installation(host, *names, **options):
    """Install, as check mode predicts, and see that no content is transferred."""
    predicted = host.model(*names, check=True, **options)
    result = host.model(*names, **options)
    assert not result["failed"], result["msg"]
    assert foreseen(result) == foreseen(predicted)
    assert (transferred(result), downloaded(host)) == (0, {})
    assert host.model(*names, verify=True)["changed"] is False
    return result


@pytest.mark.parametrize(
    ("name", "size", "count"),
    [
        ("one", len(WEIGHTS), 1),
        ("two", len(OTHER), 1),
        ("seeing", len(WEIGHTS + PROJECTOR), 2),
        ("voice", len(VOICE), 1),
        ("undigested", len(WEIGHTS), 1),
    ],
)
def test_what_is_downloaded_is_installed_without_a_transfer(model_host, name, size, count):
    host = model_host
    result = prove_download(host, name)
    assert (actions(result), transferred(result)) == ({name: "download"}, size)
    assert (host.files, downloaded(host)) == ([], {name: count})
    assert result["msg"].startswith(f"Downloaded {name} (")
    plain = type(host)(host.path.parent / "plain", host.world)
    plain.install(name)
    installation = prove_installation(host, name)
    assert (actions(installation), installation["reload_required"]) == ({name: "install"}, True)
    assert (host.files, host.config(name)) == (plain.files, plain.config(name))


def test_files_that_nothing_needs_are_not_waited_for(model_host):
    result = model_host.model("bare", download_only=True)
    assert (result["failed"], result["changed"], actions(result)) == (False, False, {"bare": "none"})
    assert result["models"][0]["reason"].endswith("; nothing has to be downloaded")


def test_a_new_version_is_downloaded_while_the_old_one_stays(model_host):
    host, world = model_host, model_host.world
    host.install("one", "two")
    world.publish(
        [world.entry("one", "b.gguf", OTHER, path="a.gguf"), world.entry("two", "b.gguf", OTHER, path="sub/b.gguf")]
    )
    result = prove_download(host, "one", "two", state="latest")
    assert actions(result) == {"one": "download", "two": "none"}
    assert (host.path / "a.gguf").read_bytes() == WEIGHTS
    # Neither a run with nothing to do nor a repair of something else takes the download away.
    assert host.model("one", "two")["changed"] is False
    (host.path / "._gallery_one.yaml").unlink()
    assert actions(host.model("one")) == {"one": "repair"}
    assert downloaded(host) == {"one": 1}
    upgrade = prove_installation(host, "one", "two", state="latest")
    assert actions(upgrade) == {"one": "upgrade", "two": "none"}
    assert (host.path / "a.gguf").read_bytes() == OTHER


def test_a_later_download_replaces_one_that_was_never_used(model_host):
    host, world = model_host, model_host.world
    host.install("one")
    for page, content in (("b.gguf", OTHER), ("mmproj.gguf", PROJECTOR)):
        world.publish([world.entry("one", page, content, path="a.gguf")])
        prove_download(host, "one", state="latest")
        assert downloaded(host) == {"one": 1}
    prove_installation(host, "one", state="latest")
    assert (host.path / "a.gguf").read_bytes() == PROJECTOR


def test_another_version_than_the_downloaded_one_is_fetched_and_the_download_discarded(model_host):
    host, world = model_host, model_host.world
    prove_download(host, "one")
    world.publish([world.entry("one", "b.gguf", OTHER, path="a.gguf")])
    result = host.install("one")
    assert (transferred(result), downloaded(host)) == (len(OTHER), {})
    assert (host.path / "a.gguf").read_bytes() == OTHER


def test_a_file_that_the_server_replaced_is_fetched_again(model_host):
    host, world = model_host, model_host.world
    prove_download(host, "undigested")
    world.files.pages["/a.gguf"] = OTHER
    result = host.install("undigested")
    assert (transferred(result), (host.path / "u.gguf").read_bytes()) == (len(OTHER), OTHER)
    assert downloaded(host) == {}


def test_pins_are_downloaded_too(model_host):
    host = model_host
    other = type(host)(host.path.parent / "other", host.world)
    other.install("one")
    asked = {**other.options, "name": ["one"], "pins": True}
    pins = run_module(localai_model_info.main, asked)["pins"]
    prove_download(host, "one", pins=pins)
    prove_installation(host, "one", pins=pins)


def test_a_file_that_two_models_share_is_downloaded_once(model_host):
    result = prove_download(model_host, "one", "chatty")
    assert transferred(result) == len(WEIGHTS)
    prove_installation(model_host, "one", "chatty")


def test_absent_removes_what_was_only_downloaded(model_host):
    host = model_host
    prove_download(host, "one")
    predicted = host.model("one", state="absent", check=True)
    result = host.model("one", state="absent")
    assert foreseen(result) == foreseen(predicted)
    assert (actions(result), downloaded(host)) == ({"one": "remove"}, {})
    assert host.model("one", state="absent")["changed"] is False


def test_absent_removes_a_download_together_with_the_model(model_host):
    host, world = model_host, model_host.world
    host.install("one")
    world.publish([world.entry("one", "b.gguf", OTHER, path="a.gguf")])
    prove_download(host, "one", state="latest")
    host.install("one", state="absent")
    assert (host.files, downloaded(host)) == ([], {})


def test_a_damaged_transfer_leaves_nothing(model_host):
    model_host.world.files.faults = [Corrupt("a.gguf", at=100)]
    result = model_host.model("one", download_only=True)
    assert (result["failed"], result["changed"], downloaded(model_host)) == (True, False, {})


def test_a_full_disk_is_an_error_before_the_first_byte(model_host, monkeypatch):
    usage = shutil.disk_usage(model_host.path.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=100))
    for check in (True, False):
        result = model_host.model("one", download_only=True, check=check)
        assert result["failed"]
        assert "100 bytes of free space" in result["msg"]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"state": "absent"}, "state=absent"),
        ({"exclusive": True}, "exclusive"),
        ({"prune": True}, "prune"),
        ({"force": True}, "force"),
    ],
)
def test_options_that_contradict_it(model_host, options, option):
    result = model_host.model("one", download_only=True, **options)
    assert result["failed"]
    assert result["msg"].startswith(f"download_only cannot be used with {option}, because")


def test_rows_to_remove_are_left_alone(model_host):
    host = model_host
    host.install("two")
    result = host.model(models=[{"name": "one"}, {"name": "two", "state": "absent"}], download_only=True)
    assert actions(result) == {"one": "download", "two": "none"}
    assert host.files == ["._gallery_two.yaml", "sub/b.gguf", "two.yaml"]


def test_a_snapshot_of_a_repository_is_downloaded_too(model_host, monkeypatch):
    host, repo = model_host, Repo(small={"config.json": b"{}"}, large={"model.safetensors": WEIGHTS})
    with Hub({"owner/repo": repo}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        request = {
            "name": "m",
            "files": [],
            "config": {"backend": "transformers", "parameters": {"model": "owner/repo"}},
        }
        for check in (True, False):
            result = host.model(models=[request], download_only=True, check=check)
            assert (result["changed"], actions(result)) == (True, {"m": "download"}), result["msg"]
        assert transferred(result) == len(WEIGHTS) + 2
        assert [path for path in host.files if not path.startswith(".artifacts/.partial/")] == []
        assert host.model(models=[request], download_only=True)["changed"] is False
        installation = host.install(models=[request])
        assert (actions(installation), transferred(installation)) == ({"m": "install"}, 0)
        assert "m.yaml" in host.files

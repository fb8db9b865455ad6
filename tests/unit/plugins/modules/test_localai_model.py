# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `localai_model`: each scenario in check mode and for real, and once more with nothing left to do."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from ansible_collections.localai.core.tests.support.host import IS_ROOT, snapshot
from ansible_collections.localai.core.tests.support.model_proof import actions, prove
from ansible_collections.localai.core.tests.support.model_world import BASE, OTHER, PROJECTOR, WEIGHTS, sha256

ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
LLAMA = {"backend": "llama-cpp", "parameters": {"model": "a.gguf"}}
FILES = {
    "one": ["._gallery_one.yaml", "a.gguf", "one.yaml"],
    "two": ["._gallery_two.yaml", "sub/b.gguf", "two.yaml"],
    "chatty": ["._gallery_chatty.yaml", "a.gguf", "chat.tmpl", "chatty.yaml"],
    "seeing": ["._gallery_seeing.yaml", "a.gguf", "mmproj.gguf", "seeing.yaml"],
    "voice": ["._gallery_voice.yaml", "v.tar.bz2", "v/t.txt", "v/x.onnx", "voice.yaml"],
    "large": ["._gallery_large.yaml", "a.gguf", "large.yaml"],
    "undigested": ["._gallery_undigested.yaml", "u.gguf", "undigested.yaml"],
    "bare": ["._gallery_bare.yaml", "bare.yaml"],
}


@pytest.mark.parametrize("name", FILES)
def test_a_model_of_the_gallery_is_installed_and_removed(model_host, name):
    result = prove(model_host, name)
    assert actions(result) == {name: "install"}
    assert (result["reload_required"], result["restart_required"]) == (True, False)
    assert model_host.files == FILES[name]
    assert model_host.config(name) == result["models"][0]["config"]
    removed = prove(model_host, name, state="absent")
    assert actions(removed) == {name: "remove"}
    assert (removed["reload_required"], removed["restart_required"]) == (False, True)
    assert model_host.files == []
    assert [row["path"] for row in removed["removed"]] == [
        f"{name}.yaml",
        *(row["path"] for row in removed["removed"][1:]),
    ]
    assert {row["path"] for row in removed["removed"]} == set(FILES[name]) - {f"._gallery_{name}.yaml"}


def test_all_models_are_installed_by_one_task_and_removed_by_another(model_host):
    names = [name for name in FILES if name != "undigested"]
    result = prove(model_host, *names)
    assert set(actions(result).values()) == {"install"}
    assert result["backends"] == ["llama-cpp", "piper", "whisper"]
    prove(model_host, *reversed(names), state="absent")
    assert model_host.files == []


def test_a_row_has_all_that_is_known_of_a_model(model_host):
    row = prove(model_host, "chatty")["models"][0]
    assert {**row, "elapsed": 0} == {
        "name": "chatty",
        "model": "chatty",
        "variant": None,
        "action": "install",
        "reason": "it is not installed",
        "recorded": False,
        "backend": "llama-cpp",
        "config": {
            "name": "chatty",
            "backend": "llama-cpp",
            "mmap": True,
            "f16": True,
            "template": {"chat": "chat"},
            "parameters": {"model": "a.gguf", "temperature": 0.2},
        },
        "files": [{"filename": "a.gguf", "uri": model_host.url("a.gguf"), "sha256": sha256(WEIGHTS), "size": 40000}],
        "served_by": [model_host.url("a.gguf")],
        "bytes_transferred": 40000,
        "elapsed": 0,
    }
    assert (model_host.path / "chat.tmpl").read_text() == BASE["prompt_templates"][0]["content"]


def test_new_files_have_the_modes_that_the_service_needs(model_host):
    prove(model_host, "two")
    modes = {path: oct(os.stat(model_host.path / path).st_mode & 0o777) for path in ("two.yaml", "sub", "sub/b.gguf")}
    assert modes == {"two.yaml": "0o644", "sub": "0o755", "sub/b.gguf": "0o644"}


# Each scenario: the tasks in order, and the actions of the last one.
SCENARIOS = {
    "renamed": ([{"name": ["mine"], "model": "one"}], {"mine": "install"}),
    "renamed twice": ([{"name": ["mine"], "model": "one"}, {"name": ["other"], "model": "one"}], {"other": "install"}),
    "spelled otherwise": ([{"name": ["ONE"]}], {"one": "install"}),
    "of a named gallery": ([{"name": ["test@one"]}], {"one": "install"}),
    "spelled otherwise later": ([{"name": ["one"]}, {"name": ["One"]}], {"one": "none"}),
    "with config": ([{"name": ["one"], "config": {"threads": 4, "f16": False}}], {"one": "install"}),
    "config later": ([{"name": ["one"]}, {"name": ["one"], "config": {"threads": 4}}], {"one": "replace"}),
    "config changes": (
        [{"name": ["one"], "config": {"threads": 4}}, {"name": ["one"], "config": {"threads": 8}}],
        {"one": "replace"},
    ),
    "config goes": ([{"name": ["one"], "config": {"threads": 4}}, {"name": ["one"]}], {"one": "replace"}),
    "empty config": ([{"name": ["one"]}, {"name": ["one"], "config": {}}], {"one": "none"}),
    "a variant": ([{"name": ["large"], "variant": "small"}], {"large": "install"}),
    "a variant later": ([{"name": ["large"]}, {"name": ["large"], "variant": "small"}], {"large": "replace"}),
    "a variant goes": ([{"name": ["large"], "variant": "small"}, {"name": ["large"]}], {"large": "replace"}),
    "the entry as variant": ([{"name": ["large"], "variant": "large"}], {"large": "install"}),
    "latest": ([{"name": ["one"], "state": "latest"}], {"one": "install"}),
    "latest later": ([{"name": ["one"]}, {"name": ["one"], "state": "latest"}], {"one": "none"}),
    "absent before": ([{"name": ["one"], "state": "absent"}], {"one": "none"}),
    "absent in another spelling": ([{"name": ["one"]}, {"name": ["ONE"], "state": "absent"}], {"one": "remove"}),
    "absent without the gallery": (
        [{"name": ["mine"], "model": "one"}, {"name": ["mine"], "state": "absent"}],
        {"mine": "remove"},
    ),
    "force": ([{"name": ["one"]}, {"name": ["one"], "force": True}], {"one": "repair"}),
    "verify": (
        [{"name": ["one", "voice"]}, {"name": ["one", "voice"], "verify": True}],
        {"one": "none", "voice": "none"},
    ),
    "prune alone": ([{"name": ["one"]}, {"prune": True}], {}),
    "several": (
        [{"models": [{"name": "one"}, {"name": "two", "config": {"threads": 1}}, {"name": "mine", "model": "seeing"}]}],
        {"one": "install", "two": "install", "mine": "install"},
    ),
    "states in one task": (
        [{"name": ["one"]}, {"models": [{"name": "one", "state": "absent"}, {"name": "two"}]}],
        {"one": "remove", "two": "install"},
    ),
    "exclusive": ([{"name": ["one", "two"]}, {"name": ["two"], "exclusive": True}], {"two": "none"}),
    "exclusive and new": ([{"name": ["one", "voice"]}, {"name": ["two"], "exclusive": True}], {"two": "install"}),
    "a shared file": ([{"name": ["one"]}, {"name": ["seeing"]}], {"seeing": "install"}),
    "one of two users of a file goes": (
        [{"name": ["one", "seeing"]}, {"name": ["one"], "state": "absent"}],
        {"one": "remove"},
    ),
    "both users of a file go": (
        [{"name": ["one", "seeing"]}, {"name": ["one", "seeing"], "state": "absent"}],
        {"one": "remove", "seeing": "remove"},
    ),
    "one user goes, another comes": (
        [{"name": ["one"]}, {"models": [{"name": "one", "state": "absent"}, {"name": "seeing"}]}],
        {"one": "remove", "seeing": "install"},
    ),
    "a model of one's own": (
        [{"name": ["own"], "uri": "URL/a.gguf"}],
        {"own": "install"},
    ),
    "a configuration at an address": (
        [{"name": ["own"], "uri": "URL/own.yaml", "files": [{"filename": "b.gguf", "uri": "URL/b.gguf"}]}],
        {"own": "install"},
    ),
    "own files and config": (
        [
            {
                "name": ["own"],
                "files": [{"filename": "w/a.gguf", "uri": "URL/a.gguf"}],
                "config": {"backend": "x", "mmap": False},
            }
        ],
        {"own": "install"},
    ),
    "more files": (
        [
            {
                "name": ["one"],
                "model": "one",
                "files": [{"filename": "w/b.gguf", "uri": "URL/b.gguf", "sha256": sha256(OTHER)}],
            }
        ],
        {"one": "install"},
    ),
    "another file name": (
        [
            {"name": ["own"], "files": [{"filename": "x.gguf", "uri": "URL/a.gguf"}], "config": {"backend": "x"}},
            {"name": ["own"], "files": [{"filename": "y.gguf", "uri": "URL/a.gguf"}], "config": {"backend": "x"}},
        ],
        {"own": "replace"},
    ),
    "another content under the same name": (
        [
            {"name": ["own"], "files": [{"filename": "x.gguf", "uri": "URL/a.gguf"}], "config": {"backend": "x"}},
            {"name": ["own"], "files": [{"filename": "x.gguf", "uri": "URL/b.gguf"}], "config": {"backend": "x"}},
        ],
        {"own": "replace"},
    ),
    "from the gallery to one's own": (
        [{"name": ["one"]}, {"name": ["one"], "uri": "URL/b.gguf"}],
        {"one": "replace"},
    ),
    "config with braces": (
        [
            {
                "name": ["one"],
                "config": {"template": {"chat": "{{.Input}}\n{% if x %}\n"}, "stopwords": ["", "yes", "1"]},
            }
        ],
        {"one": "install"},
    ),
    "config with null": (
        [{"name": ["chatty"], "config": {"f16": None, "template": {"chat": ""}}}],
        {"chatty": "install"},
    ),
    "served by another name": ([{"name": ["one"], "config": {"name": "alias"}}], {"one": "install"}),
}


def filled(value, url):
    """The options of a task with the address of the server in them."""
    return json.loads(json.dumps(value).replace("URL", url))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_a_task_does_is_foreseen_and_done_once(model_host, scenario):
    tasks, expected = SCENARIOS[scenario]
    for task in tasks:
        options = filled(task, model_host.world.files.url)
        result = prove(model_host, *options.pop("name", []), **options)
    assert actions(result) == expected


def test_a_change_of_the_configuration_is_rendered_offline_and_unloads_the_process(model_host):
    model_host.install("chatty")
    model_host.world.index.unlink()
    result = prove(model_host, "chatty", config={"threads": 4})
    assert model_host.requests == 0
    assert (result["unload"], result["reload_required"]) == (["chatty"], True)
    assert model_host.config("chatty")["threads"] == 4
    assert "threads: 4" in result["diff"][0]["after"]
    assert "threads" not in result["diff"][0]["before"]


def test_the_old_and_the_new_name_of_a_model_are_unloaded(model_host):
    model_host.install("one", config={"name": "old"})
    assert prove(model_host, "one", config={"name": "new"})["unload"] == ["old", "new"]


def test_a_new_model_unloads_nothing(model_host):
    assert model_host.install("one")["unload"] == []


def test_latest_brings_what_the_gallery_has_now(model_host):
    model_host.install("one", "two")
    entries = model_host.world.entries()
    entries[0] = model_host.world.entry("one", "b.gguf", OTHER)
    model_host.world.publish(entries)
    assert actions(prove(model_host, "one", "two")) == {"one": "none", "two": "none"}
    result = prove(model_host, "one", "two", state="latest")
    assert actions(result) == {"one": "upgrade", "two": "none"}
    assert model_host.config("one")["parameters"]["model"] == "b.gguf"
    assert [row["path"] for row in result["removed"]] == ["a.gguf"]
    assert "a.gguf" not in model_host.files


def test_latest_replaces_a_file_that_keeps_its_name(model_host):
    model_host.install("one")
    entries = model_host.world.entries()
    model_host.world.files.pages["/a.gguf"] = OTHER
    entries[0] = model_host.world.entry("one", "a.gguf", OTHER)
    model_host.world.publish(entries)
    result = prove(model_host, "one", state="latest")
    assert (actions(result), result["unload"], result["reload_required"]) == ({"one": "upgrade"}, ["one"], True)
    assert (model_host.path / "a.gguf").read_bytes() == OTHER


def test_latest_replaces_a_file_without_a_digest_if_its_server_has_another(model_host):
    model_host.install("undigested")
    model_host.world.files.pages["/a.gguf"] = OTHER
    assert actions(prove(model_host, "undigested")) == {"undigested": "none"}
    assert actions(prove(model_host, "undigested", state="latest")) == {"undigested": "repair"}
    assert (model_host.path / "u.gguf").read_bytes() == OTHER


DAMAGE = {
    "a missing file": (lambda path: (path / "a.gguf").unlink(), {}, "a.gguf is missing"),
    "another size": (lambda path: (path / "a.gguf").write_bytes(b"x"), {}, "another content"),
    "another content": (lambda path: (path / "a.gguf").write_bytes(b"X" * 40000), {}, "another content"),
    "a missing configuration": (lambda path: (path / "chatty.yaml").unlink(), {}, "chatty.yaml is missing"),
    "a changed configuration": (lambda path: (path / "chatty.yaml").write_text("name: x\n"), {}, "was changed"),
    "a broken configuration": (lambda path: (path / "chatty.yaml").write_bytes(b"\xff{"), {}, "was changed"),
    "a missing template": (lambda path: (path / "chat.tmpl").unlink(), {}, ""),
    "a missing record of LocalAI": (lambda path: (path / "._gallery_chatty.yaml").unlink(), {}, ""),
    "a changed record of LocalAI": (lambda path: (path / "._gallery_chatty.yaml").write_text("x: y\n"), {}, ""),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_repaired(model_host, damage):
    spoil, options, reason = DAMAGE[damage]
    model_host.install("chatty")
    before = {path: (model_host.path / path).read_bytes() for path in model_host.files}
    spoil(model_host.path)
    result = prove(model_host, "chatty", **options)
    assert actions(result) == {"chatty": "repair"}
    assert reason in result["models"][0]["reason"]
    assert {path: (model_host.path / path).read_bytes() for path in model_host.files} == before


def test_a_configuration_with_the_same_values_is_left_alone(model_host):
    model_host.install("one")
    text = "# mine\n" + (model_host.path / "one.yaml").read_text()
    (model_host.path / "one.yaml").write_text(text)
    assert actions(prove(model_host, "one")) == {"one": "none"}
    assert (model_host.path / "one.yaml").read_text() == text


def test_a_damaged_record_is_written_again_without_a_change(model_host):
    model_host.install("one")
    record = model_host.path / ".localai-core" / "models" / "one.json"
    record.write_bytes(b"{")
    assert actions(model_host.install("one")) == {"one": "none"}
    assert json.loads(record.read_bytes())["name"] == "one"


@pytest.mark.parametrize(("options", "action"), [({}, "none"), ({"verify": True}, "repair")])
def test_a_content_of_the_same_size_and_time_is_only_read_with_verify(model_host, options, action):
    model_host.install("one")
    path = model_host.path / "a.gguf"
    times = os.stat(path)
    path.write_bytes(b"X" * 40000)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert actions(prove(model_host, "one", **options)) == {"one": action}


def test_a_file_that_was_only_touched_is_left_alone(model_host):
    model_host.install("one")
    os.utime(model_host.path / "a.gguf", (1, 1))
    assert actions(prove(model_host, "one")) == {"one": "none"}


def test_an_archive_is_unpacked_again_if_something_is_missing(model_host):
    model_host.install("voice")
    (model_host.path / "v" / "x.onnx").unlink()
    result = prove(model_host, "voice")
    assert (actions(result), model_host.requests) == ({"voice": "repair"}, 0)
    assert (model_host.path / "v" / "x.onnx").read_bytes() == b"onnx"


def test_a_model_that_localai_installed_is_taken_over_without_a_transfer(model_host):
    model_host.install("seeing")
    config, gallery_file = ((model_host.path / name).read_bytes() for name in ("seeing.yaml", "._gallery_seeing.yaml"))
    (model_host.path / ".localai-core" / "models" / "seeing.json").unlink()
    result = prove(model_host, "seeing")
    assert (actions(result), model_host.requests) == ({"seeing": "none"}, 0)
    assert (model_host.path / "seeing.yaml").read_bytes() == config
    assert (model_host.path / "._gallery_seeing.yaml").read_bytes() == gallery_file
    assert model_host.record("seeing")["name"] == "seeing"


def test_a_model_by_hand_is_replaced_and_its_files_are_used(model_host):
    model_host.path.mkdir()
    (model_host.path / "one.yaml").write_text("name: one\nbackend: old\n")
    (model_host.path / "a.gguf").write_bytes(WEIGHTS)
    result = prove(model_host, "one")
    assert (actions(result), result["models"][0]["bytes_transferred"]) == ({"one": "replace"}, 0)
    assert (result["unload"], model_host.config("one")["backend"]) == (["one"], "llama-cpp")


def test_a_file_without_a_digest_that_is_there_is_used_with_a_warning(model_host):
    model_host.path.mkdir()
    (model_host.path / "u.gguf").write_bytes(WEIGHTS)
    result = prove(model_host, "undigested")
    assert result["models"][0]["bytes_transferred"] == 0
    assert [warning for warning in result["warnings"] if warning.startswith("u.gguf was in the models path already")]


def test_a_file_without_a_digest_and_with_another_size_is_replaced(model_host):
    model_host.path.mkdir()
    (model_host.path / "u.gguf").write_bytes(b"x")
    prove(model_host, "undigested")
    assert (model_host.path / "u.gguf").read_bytes() == WEIGHTS


def test_files_that_only_the_configuration_names_stay(model_host):
    model_host.path.mkdir()
    (model_host.path / "a.gguf").write_bytes(b"weights of an administrator")
    (model_host.path / "mine.yaml").write_text("name: mine\nbackend: llama-cpp\nparameters: {model: a.gguf}\n")
    result = prove(model_host, "mine", files=[], config={**LLAMA, "context_size": 4096})
    assert (actions(result), result["removed"]) == ({"mine": "replace"}, [])
    assert (model_host.path / "a.gguf").read_bytes() == b"weights of an administrator"


def test_a_voice_that_localai_installed_keeps_what_its_archive_held(model_host):
    model_host.install("voice")
    shutil.rmtree(model_host.path / ".localai-core")
    assert prove(model_host, "voice")["removed"] == []
    assert model_host.files == FILES["voice"]


def test_a_file_of_a_removed_model_stays_for_a_new_one_that_only_names_it(model_host):
    prove(model_host, "one")
    rows = [{"name": "mine", "files": [], "config": LLAMA}, {"name": "one", "state": "absent"}]
    prove(model_host, models=rows)
    assert model_host.files == ["._gallery_mine.yaml", "a.gguf", "mine.yaml"]


def test_exclusive_removes_all_other_models_with_their_files(model_host):
    model_host.install("one", "voice", "chatty")
    (model_host.path / "hand.yaml").write_text("name: hand\nparameters:\n  model: hand.gguf\n")
    (model_host.path / "hand.gguf").write_bytes(b"x")
    (model_host.path / "broken.yaml").write_text(": : {")
    result = prove(model_host, "one", exclusive=True)
    assert {row["model"] for row in result["removed"]} == {"voice", "chatty", "hand"}
    assert {row["reason"] for row in result["removed"]} == {"exclusive is set"}
    assert (result["restart_required"], result["msg"]) == (True, "Removed chatty, hand and voice.")
    assert model_host.files == [*FILES["one"][:2], "broken.yaml", "one.yaml"]
    assert any("broken.yaml cannot be read" in warning for warning in result["warnings"])


def test_a_file_that_a_foreign_configuration_mentions_stays(model_host):
    model_host.install("seeing")
    (model_host.path / "hand.yaml").write_text("name: hand\ndraft_model: mmproj.gguf\n")
    prove(model_host, "seeing", state="absent")
    assert model_host.files == ["hand.yaml", "mmproj.gguf"]


def test_another_content_of_a_file_that_others_need_is_an_error_before_anything_is_fetched(model_host):
    model_host.install("one")
    before, requests = snapshot(model_host.path), model_host.requests
    for check in (True, False):
        result = model_host.model(
            "own",
            config=LLAMA,
            files=[{"filename": "a.gguf", "uri": model_host.url("b.gguf"), "sha256": sha256(OTHER)}],
            check=check,
        )
        assert result["failed"]
        assert "a.gguf" in result["msg"]
        assert "one.yaml needs another content" in result["msg"]
    assert (snapshot(model_host.path), model_host.requests) == (before, requests)


def test_two_models_of_a_task_may_not_have_two_contents_of_a_file(model_host):
    models = [
        {
            "name": name,
            "config": LLAMA,
            "files": [{"filename": "a.gguf", "uri": model_host.url("a.gguf"), "sha256": digest * 32}],
        }
        for name, digest in (("x", "ab"), ("y", "cd"))
    ]
    result = model_host.model(models=models)
    assert result["failed"]
    assert result["msg"].startswith("x and y both have a file a.gguf, with different contents.")
    assert model_host.requests == 0


def test_models_that_share_a_file_may_change_it_together(model_host):
    def models(page, data):
        return [
            {
                "name": name,
                "config": LLAMA,
                "files": [{"filename": "a.gguf", "uri": model_host.url(page), "sha256": sha256(data)}],
            }
            for name in ("x", "y")
        ]

    prove(model_host, models=models("a.gguf", WEIGHTS))
    result = prove(model_host, models=models("b.gguf", OTHER))
    assert actions(result) == {"x": "replace", "y": "replace"}
    assert (model_host.path / "a.gguf").read_bytes() == OTHER
    assert result["unload"] == ["x", "y"]


def test_prune_removes_what_was_left_and_nothing_of_anybody_else(model_host):
    model_host.install("one", "two")
    (model_host.path / "two.yaml").unlink()
    (model_host.path / "mine.bin").write_bytes(b"x")
    (model_host.path / "notes.txt").write_text("x")
    result = prove(model_host, prune=True)
    assert {row["model"] for row in result["removed"]} == {None}
    assert model_host.files == ["._gallery_one.yaml", "a.gguf", "mine.bin", "notes.txt", "one.yaml"]


@ONLY_ROOT
def test_owner_group_and_mode_are_set_and_kept(model_host):
    model_host.install("two")
    result = prove(model_host, "two", owner="1", group="2", mode="0600", directory_mode="0700")
    assert actions(result) == {"two": "chown"}
    assert result["models"][0]["reason"] == "4 of its files and directories have another owner, group or mode"
    status = os.stat(model_host.path / "sub" / "b.gguf")
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1, 2, 0o600)
    status = os.stat(model_host.path / "sub")
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1, 2, 0o700)


@ONLY_ROOT
def test_new_files_belong_to_the_owner_of_the_models_path(model_host):
    model_host.path.mkdir()
    os.chown(model_host.path, 1, 2)
    prove(model_host, "two")
    for path in ("two.yaml", "._gallery_two.yaml", "sub", "sub/b.gguf"):
        status = os.stat(model_host.path / path)
        assert (status.st_uid, status.st_gid) == (1, 2)


def test_pins_install_what_was_rendered_without_a_gallery(model_host):
    model_host.install("chatty")
    record = model_host.record("chatty")
    pin = {
        "name": "chatty",
        "model": "chatty",
        "variant": None,
        "config": model_host.config("chatty"),
        "definition": yaml.safe_load((model_host.path / "._gallery_chatty.yaml").read_text()),
        "files": record["files"],
    }
    before = {path: (model_host.path / path).read_bytes() for path in model_host.files}
    model_host.install("chatty", state="absent")
    model_host.world.index.unlink()
    prove(model_host, "chatty", pins={"format": 2, "models": [pin]})
    assert {path: (model_host.path / path).read_bytes() for path in model_host.files} == before
    result = prove(model_host, "chatty", pins={"format": 2, "models": [pin]}, config={"threads": 3})
    assert model_host.config("chatty")["threads"] == 3
    assert actions(result) == {"chatty": "replace"}


def test_the_result_of_a_run_that_fails_says_what_was_done(model_host):
    model_host.world.files.pages["/b.gguf"] = b"wrong"
    result = model_host.model("one", "two")
    assert (result["failed"], result["changed"], actions(result)) == (True, True, {"one": "install"})
    assert "two" in result["msg"]
    assert "sub/b.gguf" in result["msg"]
    assert model_host.files == FILES["one"]
    model_host.world.reset()
    assert actions(prove(model_host, "one", "two")) == {"one": "none", "two": "install"}


def test_a_models_path_that_does_not_exist_yet_is_created_with_its_parents(tmp_path, model_host):
    model_host.path = tmp_path / "a" / "b" / "models"
    model_host.options["models_path"] = str(model_host.path)
    predicted = model_host.model("one", check=True)
    assert [warning for warning in predicted["warnings"] if "does not exist yet" in warning]
    assert model_host.install("one")["changed"]
    assert model_host.files == FILES["one"]


@pytest.mark.parametrize("spoil", [b"X" * 40000, b"X"])
@pytest.mark.parametrize("others_record", [True, False])
def test_a_shared_file_is_repaired_for_all(model_host, spoil, others_record):
    model_host.install("one", "seeing")
    if not others_record:
        (model_host.path / ".localai-core" / "models" / "seeing.json").unlink()
    (model_host.path / "a.gguf").write_bytes(spoil)
    assert actions(prove(model_host, "one")) == {"one": "repair"}
    assert actions(prove(model_host, "seeing")) == {"seeing": "none"}


def test_a_prompt_template_that_another_model_needs_is_not_overwritten(model_host):
    model_host.path.mkdir()
    (model_host.path / "hand.yaml").write_text("name: hand\ntemplate:\n  chat: chat\n")
    (model_host.path / "chat.tmpl").write_text("mine")
    for check in (True, False):
        result = model_host.model("chatty", check=check)
        assert result["msg"].startswith("chatty has the prompt template chat.tmpl, and hand.yaml needs another content")
    assert (model_host.path / "chat.tmpl").read_text() == "mine"
    assert model_host.requests == 0


def test_a_prompt_template_that_another_model_names_stays(model_host):
    model_host.install("chatty")
    (model_host.path / "hand.yaml").write_text("name: hand\ntemplate:\n  chat: chat\n")
    prove(model_host, "chatty", state="absent")
    assert model_host.files == ["chat.tmpl", "hand.yaml"]


def test_two_models_may_not_have_two_prompt_templates_of_one_name(model_host):
    other = model_host.world.output / "other.yaml"
    other.write_text(yaml.safe_dump({**BASE, "prompt_templates": [{"name": "chat", "content": "other"}]}))
    entries = model_host.world.entries()
    model_host.world.publish([*entries, {**model_host.world.entry("other", "b.gguf", OTHER), "url": str(other)}])
    result = model_host.model("chatty", "other")
    assert result["msg"].startswith("chatty and other both have a prompt template chat, with different contents.")
    model_host.install("chatty")
    result = model_host.model("other")
    assert result["msg"].startswith("other has the prompt template chat.tmpl, and chatty.yaml needs another content")


def test_a_damaged_prompt_template_is_repaired_although_another_model_has_it_too(model_host):
    entries = model_host.world.entries()
    base = str(model_host.world.output / "base.yaml")
    model_host.world.publish([*entries, {**model_host.world.entry("same", "b.gguf", OTHER), "url": base}])
    model_host.install("chatty", "same")
    (model_host.path / "chat.tmpl").write_text("damaged")
    assert actions(prove(model_host, "same")) == {"same": "repair"}
    assert actions(prove(model_host, "chatty")) == {"chatty": "none"}


def test_a_local_file_can_be_the_source(model_host, tmp_path):
    (tmp_path / "w.gguf").write_bytes(PROJECTOR)
    prove(model_host, "own", uri=str(tmp_path / "w.gguf"))
    assert (model_host.path / "w.gguf").read_bytes() == PROJECTOR
    assert Path(tmp_path / "w.gguf").exists()

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The info module for models against servers: its pins install the same on another host, and secrets stay secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.modules import localai_backend
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.host import directory_of_ordinary_user, ordinary_user, snapshot
from ansible_collections.localai.core.tests.support.hub import COMMIT, Hub, Repo
from ansible_collections.localai.core.tests.support.interpreter import environment
from ansible_collections.localai.core.tests.support.model_lab import (
    REPO,
    WEIGHTS,
    ModelLab,
    model_lab,
    sha256,
)
from ansible_collections.localai.core.tests.support.module import run_module


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelLab]:
    with model_lab(tmp_path, monkeypatch) as lab:
        yield lab


@pytest.fixture
def other(lab: ModelLab, tmp_path: Path) -> ModelLab:
    """Another host of the same fleet, which has no gallery."""
    (tmp_path / "other").mkdir()
    other = ModelLab(tmp_path / "other", lab.files, lab.hub)
    other.options["galleries"] = []
    return other


def contents(host: ModelLab) -> dict[str, bytes]:
    """The files of a models path, without our own directory."""
    files = [path for path in host.path.rglob("*") if path.is_file() and ".localai-core" not in path.parts]
    return {str(path.relative_to(host.path)): path.read_bytes() for path in files}


def test_pins_of_one_host_install_the_same_on_another_without_a_gallery(lab: ModelLab, other: ModelLab) -> None:
    lab.install("chat", "web", config=None)
    lab.install("mine", model="web", config={"f16": True, "stopwords": ["</s>"]})
    pins = lab.info(pins=True)["pins"]
    # What the Hub has now, hosts do not get.
    lab.hub.repos[REPO] = Repo(large={"chat.gguf": WEIGHTS}, commit=COMMIT, revisions=())
    names = [row["name"] for row in pins["models"]]
    assert other.install(*names, pins=pins)["changed"]
    assert not other.install(*names, pins=pins)["changed"]
    mine, theirs = contents(lab), contents(other)
    assert sorted(mine) == sorted(theirs)
    assert [name for name in mine if mine[name] != theirs[name] and not name.startswith("._gallery_chat")] == []
    assert [row["pinned"] for row in other.info()["models"]] == [True] * 3
    assert other.info(pins=True)["pins"]["models"][1:] == [
        {**row, "model": row["name"], "gallery": None} for row in pins["models"][1:]
    ]


def test_a_snapshot_is_pinned_at_its_commit_for_another_host(lab: ModelLab, other: ModelLab) -> None:
    artifacts = [{"source": {"type": "huggingface", "repo": REPO}}]
    lab.publish({"name": "whole", "overrides": {"backend": "transformers", "artifacts": artifacts}})
    pins = lab.info("whole", pins=True)["pins"]
    # The branch moves on; its old commit stays.
    lab.hub.repos[REPO] = replace(lab.hub.repos[REPO], revisions=())
    assert other.install("whole", pins=pins)["changed"]
    assert not other.install("whole", pins=pins)["changed"]
    (row,) = other.info(verify=True)["models"]
    assert (row["complete"], row["pinned"], row["config"]) == (True, True, pins["models"][0]["config"])
    assert other.info(pins=True)["pins"] == {"format": 2, "models": [{**pins["models"][0], "gallery": None}]}


def test_one_file_has_the_pins_of_backends_and_of_models(lab: ModelLab, host: Any, other: ModelLab) -> None:
    names = ["llama-cpp", "piper"]
    backends, models = host.info(*names, pins=True)["pins"], lab.info("web", pins=True)["pins"]
    assert (backends["format"], models["format"]) == (1, 2)
    for row in backends["backends"]:
        row.update(platform_digest=row["digest"], size=5, verified={"signer": "x"})
    both = json.loads(json.dumps({**backends, **models, "created": "2026-11-30T06:00:00Z", "binaries": [{"x": 1}]}))
    assert sorted(both) == ["backends", "binaries", "created", "format", "models"]
    for pins in (both, json.dumps(both)):
        result = run_module(localai_backend.main, {**host.options, "name": names, "galleries": [], "pins": pins}, True)
        assert not result["failed"], result["msg"]
        assert [row["action"] for row in result["backends"]] == ["install", "install"]
    installed = host.install(*names, galleries=[], pins=both)
    assert [row["backend"] for row in installed["backends"]] == ["cpu-llama-cpp", "piper"]
    assert not host.install(*names, galleries=[], pins=both)["changed"]
    assert not host.install(*names, galleries=[], pins=host.info(*names, pins=True)["pins"])["changed"]
    assert [row["action"] for row in other.install("web", pins=both)["models"]] == ["install"]


def test_pins_of_backends_without_a_key_that_they_need_are_still_refused(host: Any) -> None:
    (row, *_others) = host.info("piper", pins=True)["pins"]["backends"]
    del row["digest"]
    result = host.backend("piper", pins={"format": 2, "backends": [{**row, "diggest": "x"}], "models": []})
    assert result["failed"]
    assert "missing required arguments: digest found in pins -> backends" in result["msg"]
    assert "missing required arguments: backends found in pins" in host.backend("piper", pins={"format": 2})["msg"]


def test_a_private_hub_gets_its_token_and_no_output_has_it(
    lab: ModelLab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = "hf_secret_of_the_hub"
    with Hub({REPO: Repo(large={"chat.gguf": WEIGHTS}, token=token)}) as private:
        monkeypatch.setenv("HF_ENDPOINT", private.endpoint)
        refused = lab.info("chat", pins=True)
        assert refused["failed"]
        assert "add a token for the host" in refused["msg"]
        endpoints = [{"host": private.endpoint.partition("://")[2], "token": token}]
        result = lab.info("chat", pins=True, endpoints=endpoints)
        assert not result["failed"], result["msg"]
        assert result["pins"]["models"][0]["files"][0]["sha256"] == sha256(WEIGHTS)
    assert token not in json.dumps([refused, result]) + capsys.readouterr().out


def test_secrets_in_addresses_of_installed_models_are_in_no_output(lab: ModelLab) -> None:
    uri = f"{lab.files.url}/p.gguf?X-Signature=secret-of-the-store"
    lab.install("own", uri=uri, config={"backend": "whisper", "note": "https://me:secret-of-mine@x.example/y"})
    lab.files.pages["/p.gguf"] = WEIGHTS
    result = lab.info(available=True, upgrades=True, pins=True, verify=True)
    assert not result["failed"], result["msg"]
    assert [row["name"] for row in result["upgrades"]] == ["own"]
    assert [row["name"] for row in result["pins"]["models"]] == ["own"]
    assert "secret-of" not in json.dumps(result)


def test_every_kind_of_model_is_listed_with_what_is_wrong(lab: ModelLab) -> None:
    lab.install("chat", "web")
    lab.put_as_localai("theirs", {"backend": "whisper", "parameters": {"model": "w.bin"}})
    lab.put("w.bin")
    lab.put("mine.yaml", {"name": "mine", "backend": "Piper", "parameters": {"model": "voice.onnx"}})
    lab.put("broken.yaml", "a: [")
    lab.put("notes.orig", "notes")
    lab.put("left.gguf", b"12345")
    (lab.path / "web.yaml").unlink()
    before = snapshot(lab.path)
    result = lab.info()
    assert [(row["name"], row["installed_by"], row["complete"]) for row in result["models"]] == [
        ("chat", "collection", True),
        ("mine", "hand", False),
        ("theirs", "localai", True),
        ("web", "collection", False),
    ]
    assert result["backends"] == ["llama-cpp", "piper", "whisper"]
    assert {row["path"] for row in result["problems"]} == {
        "broken.yaml",
        "mine.yaml",
        "notes.orig",
        "._gallery_web.yaml",
    }
    unused = {row["path"]: row["prunable"] for row in result["unused"]}
    assert unused["left.gguf"] is False
    assert unused["w/p.gguf"] is True
    assert {path for path, prunable in unused.items() if prunable} == {
        row["path"] for row in lab.install("chat", prune=True, exclusive=False)["removed"]
    }
    assert snapshot(lab.path) != before


def test_the_transfer_of_another_run_is_reported_with_its_model(lab: ModelLab) -> None:
    program = (
        "import fcntl, sys\n"
        "stream = open(sys.argv[1], 'rb')\n"
        "fcntl.flock(stream, fcntl.LOCK_EX)\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    progress = lab.put(".localai-core/progress", json.dumps({"backend": "chat", "bytes_done": 7, "bytes_total": 9}))
    command = [sys.executable, "-c", program, str(progress)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other_run:
        assert other_run.stdout is not None
        assert other_run.stdout.readline() == b"locked\n"
        report = lab.info()["in_progress"]
        assert (report["model"], report["bytes_done"], report["bytes_total"]) == ("chat", 7, 9)
        assert "backend" not in report
        other_run.communicate(b"")
    assert lab.info()["in_progress"] is None


RUN = """
import json, sys
from ansible_collections.localai.core.plugins.modules.localai_model_info import main
from ansible_collections.localai.core.tests.support.module import run_module
result = run_module(main, json.loads(sys.argv[1]))
print(json.dumps({"result": result, "modules": sorted(sys.modules)}))
"""


def test_a_process_of_its_own_loads_no_client_for_a_report(lab: ModelLab) -> None:
    lab.install("web")
    command = [sys.executable, "-c", RUN, json.dumps(lab.options)]
    printed = json.loads(subprocess.run(command, check=True, env=environment(), stdout=subprocess.PIPE).stdout)
    assert [row["name"] for row in printed["result"]["models"]] == ["web"]
    assert {"requests", "urllib3"}.isdisjoint(printed["modules"])


def test_an_unreadable_models_path_is_a_problem_and_no_failure(lab: ModelLab) -> None:
    with directory_of_ordinary_user() as top, ordinary_user():
        host = ModelLab(top, lab.files, lab.hub)
        host.put("mine.yaml", {"name": "mine"})
        (host.path / "mine.yaml").chmod(0)
        host.put("theirs/x.gguf").parent.chmod(0)
        result = host.info(verify=True)
        assert (result["failed"], result["models"]) == (False, [])
        assert [row["path"] for row in result["problems"]] == [None, "mine.yaml"]
        host.path.chmod(0)
        result = host.info(verify=True, upgrades=True)
        assert (result["failed"], result["models"], result["upgrades"]) == (False, [], [])
        assert "Permission denied" in result["problems"][0]["problem"]
        host.path.chmod(0o755)
        (host.path / "theirs").chmod(0o755)


def test_a_file_is_no_models_path(lab: ModelLab) -> None:
    lab.path.write_text("no directory", encoding="utf-8")
    result = lab.info()
    assert not result["failed"]
    assert (result["models"], [row["path"] for row in result["problems"]]) == ([], [None])


def test_a_server_of_files_that_is_gone_matters_only_to_those_that_ask(lab: ModelLab) -> None:
    with FileServer({"/x.gguf": WEIGHTS}) as gone:
        lab.publish(lab.entry("x", {"filename": "x.gguf", "uri": f"{gone.url}/x.gguf"}))
        lab.install("x")
    result = lab.info(upgrades=True, pins=True)
    assert not result["failed"], result["msg"]
    assert (result["upgrades"], result["pins"]["models"][0]["files"][0]["sha256"]) == ([], sha256(WEIGHTS))


HOSTILE = [
    "name: [1]\n",
    "name: {a: 1}\n",
    "name: 5\nbackend: 7\n",
    "name: a\nbackend: [x]\nparameters: 5\nmmproj: {a: 1}\n",
    "name: a\nparameters: {model: [1, 2]}\ndraft_model: 5\n",
    "name: a\nparameters: {model: ../../etc/passwd}\nmmproj: /etc/passwd\n",
    "name: a\nartifacts: 5\n",
    "name: a\nartifacts: [5, {resolved: 5}, {resolved: {cache_key: ../x}}, {source: [1]}]\n",
    "name: a\nfiles: 5\ndownload_files: 5\nalias: [x]\n",
    "- 5\n- name: x\n",
    "- name: x\n- name: [x]\n",
    "1: 2\nnull: 3\ntrue: 4\n",
    "name: .nan\nbackend: 1e999\n",
    "name: 2026-11-30\nbackend: 2026-11-30\n",
    "name: !!binary AAEC\n",
    "&a name: *a\n",
    "&a [*a]\n",
    'name: a\nbackend: "\\ud800"\n',
    'name: "a\\0b"\n',
    "\x00\x01",
    "---\n---\n",
    "a: b: c\n",
    "? [a]\n: b\n",
    "name: a\nentry_name: [x]\nfiles: [{filename: a, uri: b, sha256: [c]}]\nurls: 5\n",
    "name: a\nfiles: [{filename: .localai-core/x, uri: b}, {filename: a.yaml, uri: b}]\n",
    "name: a\nprompt_templates: [{name: ../x, content: y}]\n",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_yaml_file_ends_a_report(lab: ModelLab, text: str) -> None:
    lab.put("x.yaml", text)
    lab.put("._gallery_x.yaml", text)
    lab.put("._gallery_y.yaml", text)
    lab.put("y.yaml", {"name": "y"})
    before = snapshot(lab.path)
    result = lab.info(available=True, upgrades=True, pins=True, verify=True, service_user="3141592")
    assert not result["failed"], result["msg"]
    assert "y" in [row["name"] for row in result["models"]]
    files = [file for row in result["models"] for file in row["files"] if file["present"]]
    assert [file["filename"] for file in files if "etc" in file["filename"]] == []
    assert snapshot(lab.path) == before


def test_no_kind_of_entry_ends_a_report(lab: ModelLab, tmp_path: Path) -> None:
    lab.put("ok.yaml", {"name": "ok", "parameters": {"model": "pipe.gguf"}, "mmproj": "loop"})
    os.mkfifo(lab.path / "pipe.gguf")
    os.mkfifo(lab.path / "pipe.yaml")
    (lab.path / "directory.yaml").mkdir()
    (lab.path / "loop").symlink_to("loop")
    (lab.path / "out.yaml").symlink_to(tmp_path / "index.yaml")
    (lab.path / "dead.yaml").symlink_to("nowhere")
    (lab.path / os.fsdecode(b"\xff\xfe.yaml")).write_text("name: bytes\n", encoding="utf-8")
    lab.put(".localai-core/models/ok.json", "{")
    lab.put(".localai-core/models/deep.json", "[" * 100_000)
    result = lab.info(upgrades=True, pins=True, verify=True)
    assert not result["failed"], result["msg"]
    (row,) = [row for row in result["models"] if row["name"] == "ok"]
    assert row["installed_by"] == "hand"
    assert {row["path"] for row in result["problems"]} >= {"pipe.yaml", "directory.yaml", "dead.yaml", "out.yaml"}


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "x", "files": [{"filename": "../x", "uri": "https://x.example/y"}]},
        {"name": "x", "overrides": {"backend": ["a"]}},
        {"name": "x", "config_file": {"backend": {"a": 1}}, "tags": [], "urls": ["https://[::1"]},
        {"name": "x", "variants": [{"model": "x"}, {"model": "nowhere"}]},
        {"name": "x", "url": "../../out.yaml"},
        {"name": "x", "url": "https://127.0.0.1:1/x.yaml", "overrides": {"artifacts": "x"}},
    ],
)
def test_no_entry_of_a_gallery_ends_a_report(lab: ModelLab, entry: dict[str, Any]) -> None:
    lab.publish(entry, lab.entry("good"))
    lab.put_as_localai("x", {"backend": "whisper"})
    result = lab.info(available=True, upgrades=True)
    assert not result["failed"], result["msg"]
    assert "good" in [row["name"] for row in result["available"]]
    assert "Traceback" not in lab.info("test@x", pins=True).get("msg", "")

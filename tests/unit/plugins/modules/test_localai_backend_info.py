# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The info module: one row per name, problems told, nothing changed, nothing asked unless wanted."""

from __future__ import annotations

import json
import os
import sys

import pytest

from ansible_collections.localai.core.tests.support.host import (
    directory_of_ordinary_user,
    ordinary_user,
    snapshot,
    umask,
)
from ansible_collections.localai.core.tests.support.world import Host


def rows(result):
    return {row["name"]: row for row in result["backends"]}


def test_a_missing_path_is_an_empty_listing(host):
    result = host.info()
    assert (result["failed"], result["changed"], result["backends"], result["problems"]) == (False, False, [], [])
    assert not host.path.exists()


def test_each_name_has_exactly_one_row(host):
    host.install("llama-cpp", "piper", "Kokoro")
    host.place("packaged", top=host.system)
    before = snapshot(host.path.parent)
    for check in (True, False):
        result = host.info(check=check)
        assert [(row["name"], row["kind"], row["backend"]) for row in result["backends"]] == [
            ("Kokoro", "concrete", "Kokoro"),
            ("cpu-llama-cpp", "concrete", "cpu-llama-cpp"),
            ("kokoro", "alias", "Kokoro"),
            ("llama-cpp", "alias", "cpu-llama-cpp"),
            ("packaged", "system", "packaged"),
            ("piper", "concrete", "piper"),
        ]
        assert all(row["runnable"] and row["problem"] is None for row in result["backends"])
        assert result["problems"] == []
    assert snapshot(host.path.parent) == before
    row = rows(result)["packaged"]
    assert (row["run_file"], row["metadata"]) == (str(host.system / "packaged/run.sh"), None)
    assert rows(result)["piper"]["metadata"]["name"] == "piper"
    assert "digest" in rows(result)["piper"]["metadata"]


def test_a_listing_asks_nobody_and_needs_no_library(host, monkeypatch):
    host.install("piper")
    host.world.registry.requests.clear()
    host.world.files.requests.clear()
    for module in ("yaml", "requests", "urllib3"):
        monkeypatch.setitem(sys.modules, module, None)
    galleries = [{"name": "dead", "url": "http://127.0.0.1:1/"}]
    assert [row["name"] for row in host.info(galleries=galleries)["backends"]] == ["piper"]
    assert host.world.requests == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [(["piper"], ["piper"]), (["PIPER", "missing"], ["piper"]), (["test@llama-cpp"], ["llama-cpp"]), (["x"], [])],
)
def test_only_the_names_asked_for_are_listed(host, asked, found):
    host.install("llama-cpp", "piper")
    assert [row["name"] for row in host.info(*asked)["backends"]] == found


def test_the_capability_is_explained(host):
    result = host.info(capability="nvidia-cuda-12")
    assert result["capability"] == "nvidia-cuda-12"
    assert result["capability_evidence"]["forced_by"] == "option capability"
    detected = host.info(capability=None)
    assert detected["capability"]
    assert detected["capability_evidence"]["rule"]


def test_the_capability_decides_who_answers_to_an_alias(host):
    host.place("cpu-x", {"name": "cpu-x", "alias": "x"})
    host.place("rocm-x", {"name": "rocm-x", "alias": "x"})
    for capability, backend in (("default", "cpu-x"), ("amd", "rocm-x"), ("nvidia", "cpu-x")):
        assert rows(host.info(capability=capability))["x"]["backend"] == backend


def test_problems_are_told_where_they_are(host, tmp_path):
    host.place("piper", {"name": "piper"})
    host.place("broken", b"\x00")
    host.place("empty", None, run_file=False)
    host.place("llama-cpp", {"name": "llama-cpp", "meta_backend_for": "gone"}, run_file=False)
    host.place("evil", {"name": "evil", "meta_backend_for": "../outside"}, run_file=False)
    (host.path / "link").symlink_to(tmp_path)
    (host.path / "file").touch()
    result = host.info()
    found = rows(result)
    assert set(found) == {"piper", "broken", "llama-cpp", "evil"}
    assert {name: row["runnable"] for name, row in found.items()} == {
        "piper": True,
        "broken": True,
        "llama-cpp": False,
        "evil": False,
    }
    assert found["piper"]["problem"] is None
    assert "cannot be read" in found["broken"]["problem"]
    assert "gone, which it points to" in found["llama-cpp"]["problem"]
    assert "separator" in found["evil"]["problem"]
    problems = {problem["name"]: problem["problem"] for problem in result["problems"]}
    assert "LocalAI lists no backend at all while it cannot read metadata.json of broken" in problems[None]
    assert "symlink" in problems["link"]
    assert "no run.sh" in problems["empty"]


def test_a_path_that_may_not_be_read_is_a_problem_and_no_failure(world):
    with directory_of_ordinary_user() as top, ordinary_user():
        host = Host(top, world)
        host.place("piper", {"name": "piper"})
        (host.path / "piper/metadata.json").chmod(0)
        assert "Permission denied" in rows(host.info())["piper"]["problem"]
        host.path.chmod(0)
        result = host.info()
        assert (result["failed"], result["backends"]) == (False, [])
        assert "Permission denied" in result["problems"][0]["problem"]
        host.path.chmod(0o755)


def test_what_one_user_installs_under_a_strict_umask_another_can_list(world):
    with directory_of_ordinary_user() as top:
        host = Host(top, world)
        with umask(0o077):
            host.install("piper", "llama-cpp")
        with ordinary_user():
            result = host.info()
        assert [row["name"] for row in result["backends"]] == ["cpu-llama-cpp", "llama-cpp", "piper"]
        assert result["problems"] == []


def test_disk_usage_counts_what_is_there(host):
    host.install("piper", "llama-cpp")
    found = rows(host.info(disk_usage=True))
    assert found["piper"]["disk_usage"] > 5000
    assert all("disk_usage" not in row for row in host.info()["backends"])


def test_a_meta_has_its_own_disk_usage(host):
    host.place("target", {"name": "target"})
    (host.path / "target/big").write_bytes(b"x" * 100_000)
    host.place("meta", {"name": "meta", "meta_backend_for": "target"}, run_file=False)
    found = rows(host.info(disk_usage=True))
    assert found["target"]["disk_usage"] >= 100_000 > found["meta"]["disk_usage"] > 0


def test_what_a_gallery_offers_is_listed(host):
    host.install("piper")
    result = host.info(available=True)
    offered = {row["name"]: row for row in result["available"]}
    assert offered["piper"]["installed"] is True
    assert (offered["piper"]["kind"], offered["piper"]["resolves_to"]) == ("concrete", "piper")
    assert (offered["llama-cpp"]["kind"], offered["llama-cpp"]["resolves_to"]) == ("meta", "cpu-llama-cpp")
    assert (offered["vllm"]["compatible"], offered["vllm"]["resolves_to"]) == (False, None)
    assert offered["cuda12-vllm"]["compatible"] is False
    assert offered["archived"]["version"] == "1"
    assert offered["silero-vad"]["tags"] == ["voice-activity-detection", "CPU"]
    assert {row["gallery"] for row in result["available"]} == {"test"}
    assert [row["name"] for row in host.info("PIPER", available=True)["available"]] == ["piper"]
    offered = {row["name"]: row for row in host.info(available=True, capability="nvidia")["available"]}
    assert offered["vllm"]["resolves_to"] == "cuda12-vllm"


def test_entries_that_cannot_be_used_are_warned_of(host, tmp_path):
    (tmp_path / "odd.yaml").write_text("- name: good\n  uri: x/y\n- name: ../bad\n- 7\n")
    result = host.info(available=True, galleries=[{"name": "odd", "url": str(tmp_path / "odd.yaml")}])
    assert [row["name"] for row in result["available"]] == ["good"]
    assert len([warning for warning in result["warnings"] if "gallery odd" in warning]) == 2


def test_a_gallery_that_cannot_be_read_is_a_failure(host):
    host.install("piper")
    result = host.info(available=True, galleries=[{"name": "dead", "url": "http://127.0.0.1:1/"}])
    assert result["failed"]
    assert "gallery dead could not be read" in result["msg"]


def test_a_missing_library_is_named(host, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    result = host.info(available=True)
    assert result["failed"]
    assert "(PyYAML)" in result["msg"]


def test_secrets_in_addresses_are_not_shown(host):
    host.world.files.pages["/index.yaml"] = (
        f"- name: mine\n  uri: {host.world.files.url}/archived.tar.gz?token=hunter2\n".encode()
    )
    galleries = [{"name": "web", "url": host.world.files.url + "/index.yaml?key=hunter2"}]
    host.install("mine", galleries=galleries)
    result = host.info(available=True, galleries=galleries)
    assert rows(result)["mine"]["metadata"]["uri"] == f"{host.world.files.url}/archived.tar.gz"
    assert "hunter2" not in json.dumps(result)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"name": [""]}, "the name of a backend is empty"),
        ({"name": ["../x"]}, "dot"),
        ({"backends_path": "relative"}, "is not an absolute path"),
        ({"backends_system_path": "{path}"}, "are both"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(host, options, match):
    filled = {key: str(host.path) if value == "{path}" else value for key, value in options.items()}
    result = host.info(**filled)
    assert result["failed"]
    assert match in result["msg"]


def test_a_name_on_disk_that_is_no_text_is_listed(host):
    host.path.mkdir()
    os.mkdir(os.fsencode(host.path) + b"/broken-\xff")
    (host.path / os.fsdecode(b"broken-\xff") / "run.sh").touch()
    result = host.info()
    assert [row["name"] for row in result["backends"]] == ["broken-\\udcff"]

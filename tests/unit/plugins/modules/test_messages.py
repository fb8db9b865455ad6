# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run tells: all mistakes of a task at once, warnings also when it fails, and one line about its changes."""

from __future__ import annotations

import json

import pytest

from ansible_collections.localai.core.tests.support.faults import Status
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY

CHECKS = pytest.mark.parametrize("check", [True, False])
OTHER_GALLERY = """
- name: broken
  alias: [x]
  uri: y
- name: whisper
  uri: ${repository}:latest-cpu-whisper
"""


@CHECKS
def test_all_unknown_names_are_reported_with_similar_ones(host, check):
    result = host.backend("pipr", "llama-cpp", "foo/bar", "tset@kokoro", check=check)
    assert result["failed"]
    assert result["msg"].startswith("pipr and foo/bar are in no gallery; looked in test (")
    assert "for pipr: piper" in result["msg"]
    assert "tset@kokoro: there is no gallery 'tset'. The galleries of this task: test. Similar: test." in result["msg"]
    assert not host.path.exists()


@CHECKS
def test_all_names_without_an_image_of_the_release_are_reported_before_anything_is_installed(host, check):
    host.world.registry.put(REPOSITORY, "v91-piper", host.world.content.images["latest-piper"])
    host.world.registry.faults.append(Status(path="v91-kokoro", status=403))
    result = host.backend("piper", "whisper", "llama-cpp", "kokoro", release="v91", check=check)
    assert result["failed"]
    missing, _then, unknown = result["msg"].partition("The image of release")
    for name, build in ("whisper", "cpu-whisper"), ("llama-cpp", "cpu-llama-cpp"):
        assert f"{name} ({build}, {host.world.repository}:v91-{build})" in missing
    assert "the registry has no such tag" in missing
    assert "piper" not in missing
    assert f"kokoro (Kokoro, {host.world.repository}:v91-kokoro)" in unknown
    assert not host.path.exists()


def test_a_registry_that_is_down_is_not_a_missing_tag(host):
    rows = [{"name": name, "uri": f"127.0.0.1:1/x/{name}:latest-{name}"} for name in ("a", "b")]
    (host.system.parent / "dead.yaml").write_text(json.dumps(rows), encoding="utf-8")
    galleries = [{"name": "dead", "url": str(host.system.parent / "dead.yaml")}]
    result = host.backend("a", "b", release="v9", galleries=galleries)
    assert result["failed"]
    assert result["msg"].count("the registry could not be reached, refused to answer") == 2
    assert "no such tag" not in result["msg"]


def test_the_info_module_reports_builds_without_an_image_for_all_capabilities(host):
    result = host.info("whisper", "piper", pins=True, release="v92", pin_capabilities=["default", "nvidia-cuda-12"])
    assert result["failed"]
    for name, capability, build, tag in (
        ("whisper", "default", "cpu-whisper", "cpu-whisper"),
        ("whisper", "nvidia-cuda-12", "cuda12-whisper", "gpu-nvidia-cuda-12-whisper"),
        ("piper", "default and nvidia-cuda-12", "piper", "piper"),
    ):
        assert f"{name} for {capability} ({build}, {host.world.repository}:v92-{tag})" in result["msg"]


@CHECKS
def test_warnings_survive_a_failure(host, check):
    text = OTHER_GALLERY.replace("${repository}", host.world.repository)
    (host.system.parent / "other.yaml").write_text(text, encoding="utf-8")
    galleries = [{"name": "other", "url": str(host.system.parent / "other.yaml")}]
    result = host.backend("whispr", check=check, galleries=galleries, capability="cuda12")
    assert result["failed"]
    assert any("gallery other: its entry 1 is skipped" in warning for warning in result["warnings"])
    assert any("LocalAI knows no capability 'cuda12'" in warning for warning in result["warnings"])


def test_warnings_of_a_plan_survive_a_failure_of_its_first_step(host):
    host.world.registry.faults.append(Status(path="blobs/", status=500))
    result = host.backend("llama-cpp", capability="cuda12")
    assert result["failed"]
    assert any("LocalAI knows no capability 'cuda12'" in warning for warning in result["warnings"])


def test_an_unknown_capability_is_a_warning_in_every_run(host):
    for check, changed in (True, True), (False, True), (True, False), (False, False):
        result = host.backend("llama-cpp", check=check, capability="nvida-cuda-12")
        assert result["changed"] is changed
        (warning,) = (warning for warning in result["warnings"] if "LocalAI knows no capability" in warning)
        assert "Similar: nvidia-cuda-12" in warning


def test_a_capability_of_a_gallery_is_no_warning_also_in_a_run_without_network(host):
    gallery = host.system.parent / "own.yaml"
    builds = [{"name": name, "uri": f"{host.world.repository}:latest-{name}"} for name in ("cpu-whisper", "piper")]
    own = {"name": "own", "capabilities": {"default": "cpu-whisper", "farm": "piper"}}
    gallery.write_text(json.dumps([own, *builds]), encoding="utf-8")
    options = {"capability": "farm", "galleries": [{"name": "own", "url": str(gallery)}]}
    for _run in range(2):
        result = host.install("own", **options)
        assert not any("LocalAI knows no capability" in warning for warning in result["warnings"])
    host.world.registry.requests.clear()
    gallery.unlink()
    assert host.install("own", **options)["warnings"] == []
    assert host.world.registry.requests == []


@CHECKS
def test_all_unknown_accounts_are_reported(host, check):
    result = host.backend("piper", owner="no-such-user", group="no-such-group", check=check)
    if check:
        told = [warning for warning in result["warnings"] if "an earlier task has to create it" in warning]
        assert [warning.partition(":")[0] for warning in told] == ["owner", "group"]
    else:
        assert "owner: this host has no 'no-such-user'; group: this host has no 'no-such-group'" in result["msg"]


def test_the_line_about_the_changes_is_that_of_check_mode_in_the_past(host):
    host.install("piper")
    (host.path / "piper" / "run.sh").unlink()
    check, real = (host.backend("piper", "llama-cpp", check=check) for check in (True, False))
    assert real["msg"] == (
        "Installed llama-cpp (cpu-llama-cpp, 0.1 MiB); repaired piper (0.1 MiB, it was damaged: its directory has no "
        "run.sh)."
    )
    assert check["msg"] == real["msg"].replace("Installed", "Would install").replace("repaired", "repair")
    assert host.install("piper", "llama-cpp")["msg"] == "Nothing to change."
    assert check["diff"] == real["diff"]
    (change,) = (change for change in real["diff"] if change["after_header"] == "piper")
    assert change["before"]["problem"] == "its directory has no run.sh"

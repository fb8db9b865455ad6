# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_model_info`: a report that changes nothing and asks nobody unless that is requested."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.model_lab import PROJECTOR, REPO, ModelLab, model_lab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelLab]:
    with model_lab(tmp_path, monkeypatch) as lab:
        yield lab


def test_a_missing_models_path_is_an_empty_report_that_needs_no_library(
    lab: ModelLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("yaml", "requests", "urllib3"):
        monkeypatch.setitem(sys.modules, module, None)
    assert lab.info() == {
        "changed": False,
        "failed": False,
        "warnings": [],
        "models": [],
        "backends": [],
        "problems": [],
        "unused": [],
        "in_progress": None,
    }
    assert not lab.path.exists()


def test_a_report_asks_nobody_and_changes_nothing(lab: ModelLab) -> None:
    lab.install("chat", "web")
    lab.hub.requests.clear()
    lab.files.requests.clear()
    before = snapshot(lab.path)
    dead = [{"name": "dead", "url": "http://127.0.0.1:1/"}]
    for check in (True, False):
        result = lab.info(check=check, galleries=dead, verify=True)
        assert [(row["name"], row["complete"]) for row in result["models"]] == [("chat", True), ("web", True)]
        assert (result["problems"], result["unused"], result["warnings"]) == ([], [], [])
    assert snapshot(lab.path) == before
    assert [*lab.hub.requests, *lab.files.requests] == []


def test_only_the_requested_models_are_listed_and_the_rest_is_about_all(lab: ModelLab) -> None:
    lab.install("chat", "web")
    lab.put("mine.yaml", {"name": "served", "backend": "whisper"})
    lab.put("left.gguf", b"left")
    for names, listed in ((("WEB",), ["web"]), (("served",), ["mine"]), (("test@chat", "no"), ["chat"]), (("no",), [])):
        result = lab.info(*names)
        assert [row["name"] for row in result["models"]] == listed
        assert result["backends"] == ["llama-cpp", "whisper"]
        assert [row["path"] for row in result["unused"]] == ["left.gguf"]
        assert [row["path"] for row in result["problems"]] == ["mine.yaml"]


def test_the_content_of_files_is_verified_on_request(lab: ModelLab) -> None:
    lab.install("web")
    lab.put("w/p.gguf", b"x" * len(PROJECTOR))
    assert lab.info()["models"][0]["complete"]
    (row,) = lab.info(verify=True)["models"]
    assert not row["complete"]
    assert "w/p.gguf has the sha256" in row["problems"][0]


def test_files_that_the_user_of_the_service_may_not_read_are_problems(lab: ModelLab) -> None:
    lab.install("web")
    os.chmod(lab.path / "w/p.gguf", 0o600)
    os.chmod(lab.path, 0o755)
    assert lab.info()["problems"] == []
    result = lab.info(service_user="3141592")
    assert [row["path"] for row in result["problems"]] == ["w/p.gguf"]
    assert "3141592" in result["problems"][0]["problem"]
    assert result["models"][0]["problems"] == [result["problems"][0]["problem"]]


def test_an_unknown_user_is_an_error_and_only_a_warning_in_check_mode(lab: ModelLab) -> None:
    failed = lab.info(service_user="no-such-user")
    assert failed["failed"]
    assert "service_user: this host has no user 'no-such-user'" in failed["msg"]
    checked = lab.info(service_user="no-such-user", check=True)
    assert not checked["failed"]
    assert checked["warnings"] == [failed["msg"]]


def test_everything_can_be_asked_for_at_once(lab: ModelLab) -> None:
    lab.install("chat")
    result = lab.info(available=True, upgrades=True, pins=True)
    assert [row["name"] for row in result["available"]] == ["chat", "web"]
    assert result["upgrades"] == []
    assert [row["name"] for row in result["pins"]["models"]] == ["chat"]
    assert f"/api/models/{REPO}/revision/main" in lab.paths_asked


def test_options_that_cannot_be_meant_are_refused(lab: ModelLab) -> None:
    assert "starts with a dot" in lab.info("../x")["msg"]
    assert "Unsupported parameters" in lab.info(release="v4.9.0")["msg"]

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `state=latest` would change, as the planner of `localai_model` decides it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._module.models.upgrades import upgrades_of
from ansible_collections.localai.core.tests.support.model_lab import PROJECTOR, WEIGHTS, ModelLab, model_lab, sha256


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelLab]:
    with model_lab(tmp_path, monkeypatch) as lab:
        yield lab


def upgrades(lab: ModelLab, *names: str, warnings: list[str] | None = None, **options: Any) -> list[dict[str, Any]]:
    return upgrades_of(*lab.asked(*names, **options), [] if warnings is None else warnings)


def next_version(lab: ModelLab, **keys: Any) -> None:
    """Let the gallery have another file and another configuration of `web`."""
    lab.files.pages["/new.gguf"] = WEIGHTS
    file = {"filename": "w/p.gguf", "uri": f"{lab.files.url}/new.gguf", "sha256": sha256(WEIGHTS)}
    lab.publish(lab.entry("web", file, overrides={"f16": True}, **keys))


def test_the_row_of_an_upgrade_has_what_it_would_be(lab: ModelLab) -> None:
    lab.install("web", config={"context_size": 1})
    assert upgrades(lab) == []
    next_version(lab)
    assert upgrades(lab) == [
        {
            "name": "web",
            "action": "upgrade",
            "reason": "its gallery or its source has another version; w/p.gguf has another content",
            "model": "web",
            "gallery": "test",
            "variant": None,
            "backend": "llama-cpp",
            "config": {
                "backend": "llama-cpp",
                "context_size": 1,
                "f16": True,
                "name": "web",
                "parameters": {"model": "w/p.gguf"},
            },
            "files": [
                {
                    "filename": "w/p.gguf",
                    "uri": f"{lab.files.url}/new.gguf",
                    "installed": sha256(PROJECTOR),
                    "available": sha256(WEIGHTS),
                }
            ],
        }
    ]


@pytest.mark.parametrize("options", [{}, {"config": {"context_size": 1}}, {"name": ["mine"], "model": "test@web"}])
def test_what_is_reported_is_what_the_module_does(lab: ModelLab, options: dict[str, Any]) -> None:
    task = {"name": ["web"], **options}
    lab.install(**task)
    next_version(lab)
    (row,) = upgrades(lab)
    (done,) = lab.install(**task, state="latest")["models"]
    keys = ("name", "action", "reason", "variant", "backend", "config")
    assert {key: done[key] for key in keys} == {key: row[key] for key in keys}
    assert row["model"] == "web"
    assert upgrades(lab) == []


def test_a_file_without_a_digest_is_compared_with_the_version_of_its_server(lab: ModelLab) -> None:
    lab.publish(lab.entry("any", {"filename": "p.gguf", "uri": f"{lab.files.url}/p.gguf"}))
    lab.install("any")
    assert upgrades(lab) == []
    lab.files.pages["/p.gguf"] = WEIGHTS
    (row,) = upgrades(lab)
    assert (row["name"], row["reason"]) == ("any", "the server of p.gguf has another version")
    assert row["files"][0]["available"] is None


def test_a_model_of_ones_own_is_checked_without_a_gallery(lab: ModelLab) -> None:
    lab.install("own", uri=f"{lab.files.url}/p.gguf", galleries=[])
    assert upgrades(lab, galleries=[]) == []
    lab.files.pages["/p.gguf"] = WEIGHTS
    assert [row["name"] for row in upgrades(lab, galleries=[])] == ["own"]


def test_pinned_models_and_those_made_by_hand_are_not_checked(lab: ModelLab) -> None:
    lab.install("web")
    pins = lab.info(pins=True)["pins"]
    lab.install("web", pins=pins)
    lab.put("chat.yaml", {"name": "chat"})
    next_version(lab)
    assert upgrades(lab) == []


def test_a_model_of_localai_would_be_replaced_if_the_gallery_differs(lab: ModelLab) -> None:
    lab.put("w/p.gguf", PROJECTOR)
    file = {"filename": "w/p.gguf", "uri": f"{lab.files.url}/p.gguf", "sha256": sha256(PROJECTOR)}
    lab.put_as_localai("web", {"backend": "llama-cpp", "parameters": {"model": "w/p.gguf"}}, file)
    (row,) = upgrades(lab)
    # Our form of the gallery file is written, and nothing is transferred.
    assert (row["action"], row["files"]) == ("replace", [])
    next_version(lab)
    (row,) = upgrades(lab)
    assert (row["action"], row["config"]["f16"]) == ("replace", True)
    assert [file["available"] for file in row["files"]] == [sha256(WEIGHTS)]


def test_files_are_read_only_with_verify(lab: ModelLab) -> None:
    lab.put("w/p.gguf", b"x" * len(PROJECTOR))
    file = {"filename": "w/p.gguf", "uri": f"{lab.files.url}/p.gguf", "sha256": sha256(PROJECTOR)}
    lab.put_as_localai("web", {"backend": "llama-cpp", "parameters": {"model": "w/p.gguf"}}, file)
    assert [row["files"] for row in upgrades(lab)] == [[]]
    (row,) = upgrades(lab, verify=True)
    assert [file["filename"] for file in row["files"]] == ["w/p.gguf"]


def test_a_file_whose_size_is_wrong_is_read(lab: ModelLab) -> None:
    lab.install("web")
    lab.put("w/p.gguf", b"short")
    (row,) = upgrades(lab)
    assert (row["action"], row["reason"]) == ("repair", "w/p.gguf has another content")


def test_a_model_that_its_gallery_lost_causes_a_warning_and_the_others_are_checked(lab: ModelLab) -> None:
    lab.install("web", "chat")
    next_version(lab)
    warnings: list[str] = []
    assert [row["name"] for row in upgrades(lab, warnings=warnings)] == ["web"]
    (warning,) = warnings
    assert warning.startswith("upgrades: chat is in no gallery")


def test_names_select_models(lab: ModelLab) -> None:
    lab.install("web")
    next_version(lab)
    assert [row["name"] for row in upgrades(lab, "WEB")] == ["web"]
    assert upgrades(lab, "chat") == []


def test_a_gallery_that_cannot_be_read_is_an_error(lab: ModelLab) -> None:
    lab.install("web")
    lab.gallery.unlink()
    with pytest.raises(GalleryError, match="test"):
        upgrades(lab)


def test_a_variant_stays_the_variant(lab: ModelLab) -> None:
    file = {"filename": "w/p.gguf", "uri": f"{lab.files.url}/p.gguf", "sha256": sha256(PROJECTOR)}
    small = lab.entry("small", file)
    lab.publish(lab.entry("big", file, variants=[{"model": "small"}]), small)
    lab.install("big", variant="small")
    assert upgrades(lab) == []
    small["overrides"] = {**small["overrides"], "f16": True}
    lab.publish(lab.entry("big", file, variants=[{"model": "small"}]), small)
    (row,) = upgrades(lab)
    assert (row["model"], row["variant"], row["config"]["f16"]) == ("big", "small", True)

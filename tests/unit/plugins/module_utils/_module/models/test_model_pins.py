# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of pins: installed models as they are, others as their gallery has them, and all files at fixed versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, LocalAIError
from ansible_collections.localai.core.plugins.module_utils._module.models.model_pins import pins_of_models
from ansible_collections.localai.core.plugins.module_utils._module.models.pins import pins_of
from ansible_collections.localai.core.tests.support.hub import COMMIT
from ansible_collections.localai.core.tests.support.model_lab import (
    PROJECTOR,
    REPO,
    WEIGHTS,
    ModelLab,
    model_lab,
    sha256,
)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelLab]:
    with model_lab(tmp_path, monkeypatch) as lab:
        yield lab


def pins(lab: ModelLab, *names: str, warnings: list[str] | None = None, **options: Any) -> dict[str, Any]:
    """The set of pins, for which each warning is an error unless a list takes it."""
    seen: list[str] = []
    result = pins_of_models(*lab.asked(*names, **options), seen)
    pins_of(result)
    if warnings is None:
        assert seen == []
    else:
        warnings += seen
    return result


AT_COMMIT = f"https://huggingface.co/{REPO}/resolve/{COMMIT}/chat.gguf"
CHAT = {
    "name": "chat",
    "model": "chat",
    "gallery": "test",
    "variant": None,
    "config": {"backend": "llama-cpp", "name": "chat", "parameters": {"model": "chat.gguf"}},
    "definition": {
        "description": "",
        "icon": "",
        "license": "",
        "urls": [],
        "name": "chat",
        "config_file": "",
        "files": [{"filename": "chat.gguf", "sha256": sha256(WEIGHTS), "uri": AT_COMMIT}],
        "prompt_templates": [],
    },
    "files": [{"filename": "chat.gguf", "uri": AT_COMMIT, "sha256": sha256(WEIGHTS), "size": len(WEIGHTS)}],
}


def test_a_model_of_a_gallery_is_pinned_as_it_would_be_installed(lab: ModelLab) -> None:
    assert pins(lab, "CHAT") == {"format": 2, "models": [CHAT]}
    assert not lab.path.exists()


def test_an_installed_model_is_pinned_as_it_is_installed(lab: ModelLab) -> None:
    lab.install("mine", model="test@chat", config={"f16": True})
    lab.publish()
    (row,) = pins(lab)["models"]
    assert (row["name"], row["model"], row["gallery"]) == ("mine", "chat", "test")
    assert row["config"] == {**CHAT["config"], "name": "mine", "f16": True}
    assert row["files"] == CHAT["files"]
    assert pins(lab, "mine")["models"] == [row]


def test_a_gallery_in_a_name_pins_what_the_gallery_has_now(lab: ModelLab) -> None:
    lab.install("web", config={"f16": True})
    lab.files.pages["/new.gguf"] = WEIGHTS
    file = {"filename": "new.gguf", "uri": f"{lab.files.url}/new.gguf", "sha256": sha256(WEIGHTS)}
    lab.publish(lab.entry("web", file))
    (installed,) = pins(lab, "web")["models"]
    assert (installed["config"]["f16"], installed["files"][0]["sha256"]) == (True, sha256(PROJECTOR))
    (current,) = pins(lab, "test@web")["models"]
    assert current["config"] == {"backend": "llama-cpp", "name": "web", "parameters": {"model": "new.gguf"}}
    assert current["files"][0] == {**file, "size": None}


def test_rows_are_sorted_by_name(lab: ModelLab) -> None:
    assert [row["name"] for row in pins(lab, "web", "chat")["models"]] == ["chat", "web"]


def test_a_model_of_localai_is_pinned_by_its_own_record(lab: ModelLab) -> None:
    lab.put("chat.gguf", WEIGHTS)
    file = {"filename": "chat.gguf", "sha256": sha256(WEIGHTS), "uri": f"huggingface://{REPO}/chat.gguf"}
    lab.put_as_localai("chat", {"backend": "llama-cpp", "parameters": {"model": "chat.gguf"}}, file)
    (row,) = pins(lab)["models"]
    assert row == {**CHAT, "model": None, "gallery": None}


def test_a_model_made_by_hand_cannot_be_pinned(lab: ModelLab) -> None:
    lab.install("chat")
    lab.put("mine.yaml", {"name": "mine"})
    warnings: list[str] = []
    assert [row["name"] for row in pins(lab, warnings=warnings)["models"]] == ["chat"]
    assert warnings == [
        (
            "pins: mine was not installed from a gallery or by localai_model, so it is not known where its files come "
            "from. It cannot be pinned. Install it with localai_model."
        )
    ]
    with pytest.raises(GalleryError, match=r"mine is in no gallery.*mine was not installed from"):
        pins(lab, "mine")


def test_all_names_that_are_nowhere_are_reported_together(lab: ModelLab) -> None:
    with pytest.raises(LocalAIError, match="no-one and nobody are in no gallery"):
        pins(lab, "no-one", "chat", "nobody")


def test_a_model_that_is_requested_twice_is_an_error(lab: ModelLab) -> None:
    with pytest.raises(LocalAIError, match="The model chat is requested twice"):
        pins(lab, "chat", "test@CHAT")


def test_a_repository_that_does_not_answer_is_an_error_that_names_the_model(lab: ModelLab) -> None:
    lab.publish(lab.entry("lost", {"filename": "x.gguf", "uri": "huggingface://acme/none/x.gguf"}))
    with pytest.raises(LocalAIError, match=r"lost cannot be pinned\. .*acme/none"):
        pins(lab, "lost")


def test_secrets_of_a_task_are_left_out_with_a_warning_and_texts_of_galleries_stay(lab: ModelLab) -> None:
    described = "see https://x.example/a?b=c"
    file = {"filename": "p.gguf", "uri": f"{lab.files.url}/p.gguf?token=secret", "sha256": sha256(PROJECTOR)}
    lab.publish(lab.entry("web", file, overrides={"description": described}))
    lab.install("web", config={"system_prompt": "ask https://me:secret@x.example/mcp?key=secret"})
    warnings: list[str] = []
    result = pins(lab, warnings=warnings)
    assert warnings == [
        (
            "pins: web: credentials and queries of addresses are left out of the pins, because they may be secret. "
            "If they are needed, add them to the pins, or set them with config."
        )
    ]
    assert "secret" not in json.dumps(result).replace("may be secret", "")
    (row,) = result["models"]
    assert row["config"]["description"] == described
    assert row["config"]["system_prompt"] == "ask https://x.example/mcp"
    assert row["files"][0]["uri"] == row["definition"]["files"][0]["uri"] == f"{lab.files.url}/p.gguf"


def test_pins_of_pinned_models_are_the_same_pins(lab: ModelLab, tmp_path: Path) -> None:
    first = pins(lab, "chat", "web")
    lab.install("chat", "web", pins=first, galleries=[])
    again = pins(lab, galleries=[])
    sizes = {file["filename"]: file.pop("size") for row in again["models"] for file in row["files"]}
    assert sizes == {"chat.gguf": len(WEIGHTS), "w/p.gguf": len(PROJECTOR)}
    for row in first["models"]:
        for file in row["files"]:
            file.pop("size")
        row["gallery"] = None
    assert again == first


def test_templates_and_texts_of_a_base_file_are_part_of_a_pin(lab: ModelLab, tmp_path: Path) -> None:
    template = {"name": "base-chat", "content": "{{.Input}}"}
    base = {"name": "base", "config_file": "backend: whisper\n", "prompt_templates": [template]}
    (tmp_path / "base.yaml").write_text(json.dumps(base), encoding="utf-8")
    lab.publish(lab.entry("based", url="base.yaml"))
    (row,) = pins(lab, "based")["models"]
    assert row["config"] == {"backend": "whisper", "name": "based"}
    assert row["definition"]["config_file"] == "backend: whisper\n"
    assert row["definition"]["prompt_templates"] == [template]


SNAPSHOT = {"backend": "transformers", "artifacts": [{"source": {"type": "huggingface", "repo": REPO}}]}


def test_snapshots_are_pinned_at_their_commits(lab: ModelLab) -> None:
    lab.publish({"name": "whole", "overrides": SNAPSHOT})
    (current,) = pins(lab, "whole")["models"]
    (entry,) = current["config"]["artifacts"]
    assert entry["resolved"]["revision"] == COMMIT
    lab.install("whole", config={"note": "https://x.example/a"})
    (installed,) = pins(lab)["models"]
    assert installed["config"] == {**current["config"], "note": "https://x.example/a"}
    assert installed["files"] == []


def test_a_snapshot_that_only_a_server_would_download_is_a_warning(lab: ModelLab) -> None:
    overrides = {"backend": "transformers", "parameters": {"model": "acme/none"}}
    lab.publish({"name": "guessed", "overrides": overrides})
    warnings: list[str] = []
    (row,) = pins(lab, "guessed", warnings=warnings)["models"]
    assert row["config"] == {"name": "guessed", **overrides}
    assert warnings[0].startswith("pins: guessed: guessed: the server will download acme/none itself")

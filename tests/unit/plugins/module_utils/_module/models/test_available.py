# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of the galleries of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._module.models.available import available_models
from ansible_collections.localai.core.tests.support.model_lab import ModelLab, model_lab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelLab]:
    with model_lab(tmp_path, monkeypatch) as lab:
        yield lab


def available(lab: ModelLab, *names: str, **options: Any) -> list[dict[str, Any]]:
    return available_models(*lab.asked(*names, **options))


def test_an_entry_has_what_its_gallery_says(lab: ModelLab) -> None:
    files = [{"filename": name, "uri": f"https://x.example/{name}"} for name in ("a.gguf", "b.gguf")]
    lab.publish(
        lab.entry(
            "Big",
            *files,
            description="A model",
            license="mit",
            tags=["chat", "gguf"],
            size="2.3GB",
            urls=["https://me:secret@x.example/model"],
            variants=[{"model": "small"}],
        ),
        lab.entry("small"),
    )
    big, small = available(lab)
    assert big == {
        "name": "Big",
        "gallery": "test",
        "backend": "llama-cpp",
        "description": "A model",
        "license": "mit",
        "tags": ["chat", "gguf"],
        "size": "2.3GB",
        "variants": ["small"],
        "file_count": 2,
        "urls": ["https://x.example/model"],
        "installed": False,
    }
    assert (small["description"], small["license"], small["size"], small["file_count"]) == (None, None, None, 0)


def test_a_backend_that_only_the_base_file_has_is_unknown_and_the_file_is_not_read(lab: ModelLab) -> None:
    lab.publish(
        {"name": "based", "url": "missing.yaml", "config_file": {"backend": "ignored"}},
        {"name": "own", "config_file": {"backend": "piper"}},
        {"name": "over", "url": "missing.yaml", "overrides": {"backend": "whisper"}},
    )
    assert [row["backend"] for row in available(lab)] == [None, "piper", "whisper"]


def test_installed_are_models_of_that_name_and_those_from_the_entry(lab: ModelLab) -> None:
    assert [row["installed"] for row in available(lab)] == [False, False]
    lab.install("mine", model="web")
    lab.put("CHAT.yaml", {"name": "CHAT"})
    assert [row["installed"] for row in available(lab)] == [True, True]
    (lab.path / "mine.yaml").unlink()
    assert [row["installed"] for row in available(lab)] == [True, False]


def test_names_select_entries_with_and_without_their_gallery(lab: ModelLab) -> None:
    galleries = [{"name": name, "url": str(lab.gallery)} for name in ("one", "two")]
    rows = available(lab, "two@Chat", "web", galleries=galleries)
    assert [(row["gallery"], row["name"]) for row in rows] == [("one", "web"), ("two", "chat"), ("two", "web")]


def test_a_gallery_that_cannot_be_read_is_an_error(lab: ModelLab) -> None:
    with pytest.raises(GalleryError, match="missing"):
        available(lab, galleries=[{"name": "missing", "url": "/nowhere/index.yaml"}])

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in a models path, and the models that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.localai.core.tests.support.model_lab import PROJECTOR, ModelLab, model_lab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelLab]:
    with model_lab(tmp_path, monkeypatch) as lab:
        yield lab


def test_a_missing_models_path_has_nothing(lab: ModelLab) -> None:
    inventory = lab.inventory()
    assert inventory.models == ()
    assert inventory.listing.problems == ()
    assert inventory.unused() == ()
    assert not lab.path.exists()


def test_each_configured_model_is_one_and_has_the_name_of_its_file(lab: ModelLab) -> None:
    lab.put("b.yaml", {"name": "served", "backend": "whisper"})
    lab.put("a.yml", {"name": "a"})
    lab.put("many.yaml", "- name: x\n  backend: piper\n- backend: other\n")
    lab.put("._gallery_gone.yaml", {"name": "gone"})
    lab.put("index.yaml", "- name: m\n  url: x\n  files: []\n")
    lab.put("note.yaml.off", "name: off\n")
    models = lab.inventory().models
    assert [(model.name, model.served_name, model.file, (model.config or {}).get("backend")) for model in models] == [
        ("a", "a", "a.yml", None),
        ("b", "served", "b.yaml", "whisper"),
        ("many", "many", "many.yaml", "other"),
        ("x", "x", "many.yaml", "piper"),
    ]


def test_a_model_keeps_its_records_if_its_yaml_file_is_broken_or_missing(lab: ModelLab) -> None:
    lab.install("web")
    lab.put_as_localai("theirs", {})
    lab.put("theirs.yaml", "a: [")
    lab.put("broken.yaml", "a: [")
    (lab.path / "web.yaml").unlink()
    models = {model.name: model for model in lab.inventory().models}
    assert sorted(models) == ["theirs", "web"]
    assert models["web"].record is not None
    assert models["web"].config is None
    assert models["web"].definition is not None
    assert models["theirs"].config is None


def test_a_gallery_file_that_cannot_be_used_is_none(lab: ModelLab) -> None:
    lab.put_as_localai("x", {}, {"filename": "../out", "uri": "https://x.example/out", "sha256": ""})
    (model,) = lab.inventory().models
    assert model.definition is None


def test_sizes_are_those_of_files_links_and_whole_directories(lab: ModelLab) -> None:
    lab.put("d/a", b"123")
    lab.put("d/sub/b", b"45")
    (lab.path / "link").symlink_to("d")
    (lab.path / "dead").symlink_to("nowhere")
    inventory = lab.inventory()
    assert [inventory.size_of(path) for path in ("d", "d/", "d/a", "./d//sub/b", "link", "dead", "no")] == [
        5,
        5,
        3,
        2,
        5,
        None,
        None,
    ]


def test_files_of_removed_models_are_unused_and_those_of_installed_ones_are_not(lab: ModelLab) -> None:
    lab.install("web")
    assert lab.inventory().unused() == ()
    for name in ("web.yaml", "._gallery_web.yaml"):
        (lab.path / name).unlink()
    (unused,) = lab.inventory().unused()
    assert (unused.path, unused.size, unused.prunable) == ("w/p.gguf", len(PROJECTOR), True)


def test_the_survey_has_what_the_planner_asks_for(lab: ModelLab) -> None:
    lab.install("web")
    survey = lab.inventory().survey
    assert list(survey.records) == ["web"]
    assert survey.documents["web.yaml"]["parameters"] == {"model": "w/p.gguf"}
    assert survey.sizes["w/p.gguf"] == len(PROJECTOR)
    assert survey.mentions.of("w/p.gguf") == ["._gallery_web.yaml", "web.yaml"]

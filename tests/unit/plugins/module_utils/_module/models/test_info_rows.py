# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of installed models: who installed them, their files, and what they lack."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Finding
from ansible_collections.localai.core.plugins.module_utils._localai.models.findings import findings_of
from ansible_collections.localai.core.plugins.module_utils._localai.models.unused import Unused
from ansible_collections.localai.core.plugins.module_utils._module.models.info_rows import (
    files_of_model,
    model_row,
    problem_rows,
    progress_row,
    unused_rows,
)
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


def row(lab: ModelLab, name: str, *findings: Finding, **options: Any) -> dict[str, Any]:
    """The row of the model of that name."""
    inventory = lab.inventory()
    (model,) = [model for model in inventory.models if model.name == name]
    return model_row(model, inventory, findings, **options)


def test_a_model_of_this_collection_has_all_that_was_recorded(lab: ModelLab) -> None:
    lab.install("web", config={"context_size": 4096})
    assert row(lab, "web") == {
        "name": "web",
        "served_name": "web",
        "file": "web.yaml",
        "installed_by": "collection",
        "model": "web",
        "gallery": "test",
        "variant": None,
        "backend": "llama-cpp",
        "config": {
            "backend": "llama-cpp",
            "context_size": 4096,
            "name": "web",
            "parameters": {"model": "w/p.gguf"},
        },
        "files": [
            {
                "filename": "w/p.gguf",
                "uri": f"{lab.files.url}/p.gguf",
                "sha256": sha256(PROJECTOR),
                "size": len(PROJECTOR),
                "present": True,
            }
        ],
        "complete": True,
        "problems": [],
        "pinned": False,
        "size": len(PROJECTOR),
    }


def test_a_model_of_localai_has_what_its_gallery_file_says(lab: ModelLab) -> None:
    lab.put("w.gguf", WEIGHTS)
    file = {"filename": "w.gguf", "sha256": sha256(WEIGHTS), "uri": "https://user:secret@x.example/w.gguf?token=secret"}
    lab.put_as_localai("theirs", {"backend": "whisper"}, file, file, entry_name="big", resolved_variant="small")
    result = row(lab, "theirs")
    assert (result["installed_by"], result["model"], result["variant"]) == ("localai", "big", "small")
    assert (result["complete"], result["gallery"], result["pinned"]) == (True, None, False)
    assert result["files"] == [
        {
            "filename": "w.gguf",
            "uri": "https://x.example/w.gguf",
            "sha256": sha256(WEIGHTS),
            "size": len(WEIGHTS),
            "present": True,
        }
    ]
    assert "secret" not in json.dumps(result)


def test_a_model_made_by_hand_has_the_files_that_it_names(lab: ModelLab) -> None:
    lab.put("w.bin", WEIGHTS)
    lab.put("repo/config.json", "{}")
    lab.put(
        "mine.yaml",
        {"name": "mine", "parameters": {"model": "w.bin"}, "mmproj": "gone.gguf", "draft_model": "owner/repository"},
    )
    lab.put("tree.yaml", {"name": "tree", "parameters": {"model": "repo"}, "mmproj": "https://x.example/m.gguf"})
    mine = row(lab, "mine")
    assert (mine["installed_by"], mine["complete"], mine["size"]) == ("hand", False, len(WEIGHTS))
    assert mine["problems"] == ["gone.gguf is missing."]
    assert [(file["filename"], file["present"], file["size"]) for file in mine["files"]] == [
        ("w.bin", True, len(WEIGHTS)),
        ("gone.gguf", False, None),
    ]
    tree = row(lab, "tree")
    assert [(file["filename"], file["size"]) for file in tree["files"]] == [("repo", 2)]
    assert tree["complete"]


def test_missing_and_short_files_and_a_missing_yaml_file_are_problems(lab: ModelLab) -> None:
    lab.install("web")
    lab.put("w/p.gguf", b"short")
    assert row(lab, "web")["problems"] == [f"w/p.gguf has 5 bytes, and {len(PROJECTOR)} were installed."]
    (lab.path / "w/p.gguf").unlink()
    (lab.path / "web.yaml").unlink()
    result = row(lab, "web")
    assert result["problems"] == ["web.yaml is missing.", "w/p.gguf is missing."]
    assert (result["complete"], result["config"], result["backend"], result["size"]) == (False, None, None, 0)
    lab.put("web.yaml", "a: [")
    assert row(lab, "web")["problems"][0] == "web.yaml cannot be read as the configuration of a model."


def test_digests_are_compared_only_on_request(lab: ModelLab) -> None:
    lab.install("web")
    lab.put("w/p.gguf", b"x" * len(PROJECTOR))
    assert row(lab, "web")["complete"]
    result = row(lab, "web", digest_of=lambda path: sha256((lab.path / path).read_bytes()))
    assert not result["complete"]
    assert result["problems"] == [
        f"w/p.gguf has the sha256 {sha256(b'x' * len(PROJECTOR))}, and {sha256(PROJECTOR)} is recorded."
    ]


def test_a_file_that_cannot_be_read_is_a_problem_and_no_failure(lab: ModelLab) -> None:
    lab.install("web")

    def refuse(_path: str) -> str:
        raise HostError("w/p.gguf: Permission denied.")

    result = row(lab, "web", digest_of=refuse)
    assert result["problems"] == ["The content of w/p.gguf cannot be verified. w/p.gguf: Permission denied."]
    assert not result["complete"]


def test_findings_about_the_files_of_a_model_are_its_problems_and_say_nothing_twice(lab: ModelLab) -> None:
    lab.install("web")
    (lab.path / "w/p.gguf").unlink()
    findings = [
        *findings_of(lab.inventory().listing, lab.inventory().documents, lambda _config: "", 0.0),
        Finding("w", "The user of the service may not enter the directory w.", "Change it."),
        Finding("other.yaml", "Something else.", ""),
    ]
    result = row(lab, "web", *findings)
    assert result["problems"] == [
        "The model web: the file w/p.gguf, which parameters.model names, is not in the models path.",
        "The user of the service may not enter the directory w.",
    ]
    assert not result["complete"]


def test_two_digests_of_one_file_do_not_fail(lab: ModelLab) -> None:
    rows = [{"filename": "w", "uri": "https://x.example/w", "sha256": digest * 64} for digest in "ab"]
    lab.put_as_localai("theirs", {}, *rows)
    inventory = lab.inventory()
    (file,) = files_of_model(inventory.models[0], inventory)
    assert file.filename == "w"


def test_a_snapshot_counts_and_must_be_complete(lab: ModelLab) -> None:
    artifacts = [{"source": {"type": "huggingface", "repo": REPO, "allow_patterns": ["*.gguf"]}}]
    lab.publish({"name": "whole", "overrides": {"backend": "transformers", "artifacts": artifacts}})
    lab.install("whole")
    whole = row(lab, "whole")
    assert (whole["complete"], whole["problems"]) == (True, [])
    assert whole["size"] > len(WEIGHTS) + len(PROJECTOR)
    (weights,) = lab.path.glob(".artifacts/huggingface/*/snapshot/chat.gguf")
    weights.write_bytes(b"x" * len(WEIGHTS))
    assert row(lab, "whole")["complete"]
    assert not row(lab, "whole", digest_of=lambda _path: "")["complete"]
    weights.unlink()
    cut = row(lab, "whole")
    key = weights.parents[1].name
    assert (cut["complete"], cut["problems"]) == (
        False,
        [f"The snapshot .artifacts/huggingface/{key} is missing, or files of it are missing or changed."],
    )


def test_what_cannot_be_listed_is_a_problem_without_a_path(lab: ModelLab) -> None:
    lab.path.write_text("no directory", encoding="utf-8")
    finding = Finding("a.yaml", "It names https://me:secret@x.example/y.", "Correct it.")
    unread, row = problem_rows(lab.inventory(), [finding])
    assert unread["path"] is None
    assert str(lab.path) in unread["problem"]
    assert row == {"path": "a.yaml", "problem": "It names https://x.example/y.", "advice": "Correct it."}


def test_unused_files_are_rows() -> None:
    assert unused_rows([Unused("a", 1, False, "Why.")]) == [
        {"path": "a", "size": 1, "prunable": False, "reason": "Why."}
    ]


def test_the_progress_of_another_run_names_the_model(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    assert progress_row(str(path)) is None
    path.write_text(json.dumps({"backend": "chat", "bytes_done": 5, "source": "hub.example"}), encoding="ascii")
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert progress_row(str(path)) == {
            "model": "chat",
            "source": "hub.example",
            "bytes_done": 5,
            "bytes_total": None,
            "bytes_per_second": None,
            "seconds_left": None,
        }
    assert progress_row(str(path)) is None

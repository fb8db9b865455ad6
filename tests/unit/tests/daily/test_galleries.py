# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daily check tells what this collection cannot install from what the authors of a gallery got wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._localai.capability import CAPABILITIES
from ansible_collections.localai.core.tests.daily.galleries import NEEDED, Outcome, check_backends, check_models


def backends_of(tmp_path: Path, *entries: dict[str, Any]) -> Outcome:
    """The outcome for a gallery with the needed backends and more."""
    needed = [{"name": name, "uri": f"quay.io/x/y:{name}"} for name in NEEDED]
    path = tmp_path / "backends.yaml"
    path.write_text(json.dumps([*needed, *entries]), encoding="utf-8")
    return check_backends(f"file://{path}", tmp_path / "empty")


def models_of(tmp_path: Path, *entries: dict[str, Any], backends: frozenset[str] = frozenset()) -> Outcome:
    """The outcome for a gallery of models."""
    path = tmp_path / "models.yaml"
    path.write_text(json.dumps(entries), encoding="utf-8")
    (tmp_path / "empty").mkdir(exist_ok=True)
    return check_models(f"file://{path}", tmp_path / "empty", backends)


def test_all_names_for_all_capabilities(tmp_path: Path) -> None:
    outcome = backends_of(tmp_path, {"name": "rocm-vllm", "uri": "quay.io/x/y:rocm"})
    assert (outcome.problems, outcome.mistakes) == ([], [])
    count = 2 * len(CAPABILITIES) + 1
    assert outcome.counts == f"3 backends, {count} builds for {len(CAPABILITIES)} capabilities"
    assert "rocm-vllm" in outcome.backends


def test_a_new_capability_is_a_problem(tmp_path: Path) -> None:
    new = {"name": "vllm", "capabilities": {"nvidia-cuda-99": "cuda-vllm", "cuda": "cuda-vllm"}}
    outcome = backends_of(tmp_path, new, {"name": "cuda-vllm", "uri": "quay.io/x/y:z"})
    assert outcome.problems == ["vllm: this collection does not know the capability 'nvidia-cuda-99'."]
    assert outcome.mistakes == ["vllm: this collection does not know the capability 'cuda'."]


def test_a_missing_build_is_a_mistake_and_a_problem_where_it_is_needed(tmp_path: Path) -> None:
    outcome = backends_of(tmp_path, {"name": "vllm", "capabilities": {"amd": "rocm-vllm"}})
    assert outcome.problems == []
    assert outcome.mistakes == ["vllm: its target 'rocm-vllm' for 'amd' is in no gallery. (capability amd)"]
    path = tmp_path / "other.yaml"
    path.write_text(json.dumps([{"name": "llama-cpp", "capabilities": {"amd": "rocm-llama-cpp"}}]), encoding="utf-8")
    needed = check_backends(f"file://{path}", tmp_path / "empty")
    assert len(needed.problems) == len(CAPABILITIES) + 1
    assert needed.problems[-1] == "whisper: it is not in the gallery."


def test_an_entry_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    outcome = backends_of(tmp_path, {"name": "../out", "uri": "quay.io/x/y:z"})
    assert len(outcome.problems) == 1
    assert "../out" in outcome.problems[0]


def test_an_unreachable_gallery_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LocalAIError, match="nowhere"):
        check_backends(f"file://{tmp_path}/nowhere.yaml", tmp_path)


def test_models_are_planned(tmp_path: Path) -> None:
    overrides = {"backend": "Llama-cpp", "parameters": {"model": "x.gguf"}}
    chat = {"name": "chat", "overrides": overrides, "files": [{"filename": "x.gguf", "uri": "https://x.example/x"}]}
    outcome = models_of(tmp_path, chat, {**chat, "name": "other"}, backends=frozenset({"llama-cpp"}))
    assert (outcome.problems, outcome.mistakes) == ([], [])
    assert outcome.counts == "2 models, 0 of them not planned, because they need the Hub"
    unknown = models_of(tmp_path, chat, {**chat, "name": "other"}, backends=frozenset({"whisper"}))
    assert unknown.mistakes == ["Llama-cpp is not in the gallery of backends. Models that need it: 2, such as chat."]


def test_a_model_that_this_collection_refuses_is_a_problem(tmp_path: Path) -> None:
    file = {"filename": "../x", "uri": "https://x.example/x"}
    outside = {"name": "outside", "overrides": {"backend": "llama-cpp"}, "files": [file]}
    wrong = {"name": "wrong", "overrides": {"backend": "llama-cpp", "parameters": {"model": "../x"}}}
    outcome = models_of(tmp_path, {"name": "good", "overrides": {"backend": "llama-cpp"}}, outside, wrong)
    assert len(outcome.problems) == 2
    assert "outside" in outcome.problems[0]
    assert "wrong" in outcome.problems[1]


def test_models_of_the_hub_are_counted(tmp_path: Path) -> None:
    artifact = {"name": "model", "target": "model", "source": {"type": "huggingface", "repo": "owner/repository"}}
    hub = {"name": "chat", "overrides": {"backend": "diffusers", "artifacts": [artifact]}}
    outcome = models_of(tmp_path, hub)
    assert outcome.problems == []
    assert outcome.counts == "1 models, 1 of them not planned, because they need the Hub"

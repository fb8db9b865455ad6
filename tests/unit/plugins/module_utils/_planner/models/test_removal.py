# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is removed with a model, and what stays for others."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._model_request import ModelSpec
from ansible_collections.localai.core.tests.support.model_plans import A, B, ModelsPath, entry, row, want

BY_LOCALAI = {
    "m.yaml": b"mmproj: p.gguf\nparameters: {model: w.gguf}\n",
    "._gallery_m.yaml": b"files: [{filename: w.gguf}, {filename: ../outside}, {filename: other.yaml}]\n"
    b"prompt_templates: [{name: chat}]\n",
    **dict.fromkeys(("w.gguf", "p.gguf", "chat.tmpl", "other.yaml", "mine.gguf"), b"x"),
}


def removed(path, *names, **options):
    plan = path.run(*(ModelSpec(name, state="absent") for name in names), **options)
    return [row.path for row in plan.removed]


def test_all_that_localai_has_written_for_a_model_is_removed():
    path = ModelsPath(files=dict(BY_LOCALAI))
    assert sorted(removed(path, "m")) == ["chat.tmpl", "m.yaml", "p.gguf", "w.gguf"]
    assert sorted(path.files) == ["mine.gguf", "other.yaml"]


@pytest.mark.parametrize(
    "document", [b": {", b"", b"[1, 2]", b"parameters: x\nmmproj: [1]", b"files: x", b"files: [x]"]
)
def test_files_that_are_no_configurations_harm_nothing(document):
    path = ModelsPath(files={"m.yaml": document, "._gallery_m.yaml": document, "mine.gguf": b"x"})
    assert removed(path, "m") == ["m.yaml"]
    assert sorted(path.files) == ["mine.gguf"]


@pytest.mark.parametrize(
    "mention",
    [b"draft_model: w.gguf", b"options: ['lora:w.gguf']", b"x: ./w.gguf", b"x: /m/w.gguf", b"broken: { w.gguf"],
)
def test_what_another_document_mentions_stays(mention):
    path = ModelsPath(files={**BY_LOCALAI, "hand.yaml": mention})
    assert "w.gguf" not in removed(path, "m")
    assert path.files["w.gguf"] == b"x"


def test_a_model_without_a_configuration_can_be_removed():
    path = ModelsPath([entry("one", row("a.gguf", A))])
    path.run(want("one"))
    del path.files["one.yaml"]
    removed(path, "one")
    assert (path.files, path.records) == ({}, {})


def test_prune_spares_what_the_task_needs():
    path = ModelsPath([entry("one", row("a.gguf", A)), entry("two", row("b.gguf", B))])
    path.run(want("one"), want("two"))
    del path.files["one.yaml"], path.files["two.yaml"]
    plan = path.run(want("one"), prune=True)
    assert "a.gguf" in path.files
    assert [row.path for row in plan.removed if row.path == "b.gguf"] == ["b.gguf"]

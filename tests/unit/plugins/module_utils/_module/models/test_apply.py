# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps that are applied to the disk: in which order, and what remembers them."""

from __future__ import annotations

import json

import pytest
import yaml

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.definition import Definition, Parts
from ansible_collections.localai.core.plugins.module_utils._module.models.apply import ModelApplier, documents_of
from ansible_collections.localai.core.plugins.module_utils._planner.models.desired import Desired
from ansible_collections.localai.core.plugins.module_utils._planner.models.steps import (
    Install,
    Prune,
    Remove,
    SetAttributes,
)
from ansible_collections.localai.core.plugins.module_utils._store.store import open_store
from ansible_collections.localai.core.plugins.module_utils._store.tree_files import TreeFiles
from ansible_collections.localai.core.tests.support.host import ANYBODY
from ansible_collections.localai.core.tests.support.model_plans import want

CONFIG = {"name": "m", "backend": "whisper"}
DESIRED = Desired("m", want("m"), Parts(Definition("d", name="m")), CONFIG)
INSTALL = Install(DESIRED, writes_yaml=True, writes_gallery_file=True)


def nobody():
    pytest.fail("no server is needed")


def apply(path, *steps, noted=False):
    """Apply steps to a models path."""
    with open_store(str(path), ANYBODY, TreeFiles(), 5) as store:
        applier = ModelApplier(store, store.files(0o644, 0o755), nobody, FileAttributes())
        if noted:
            applier.note_left(steps)
        for step in steps:
            applier.apply(step)


def ledger(path):
    return json.loads((path / ".localai-core/models/.left.json").read_text())["paths"]


def test_a_model_without_files_is_two_yaml_files_and_a_record(tmp_path):
    apply(tmp_path, INSTALL)
    assert yaml.safe_load((tmp_path / "m.yaml").read_text()) == CONFIG
    assert yaml.safe_load((tmp_path / "._gallery_m.yaml").read_text())["description"] == "d"
    record = json.loads((tmp_path / ".localai-core/models/m.json").read_text())
    assert (record["name"], record["config"]) == ("m", CONFIG)


def test_only_the_documents_that_differ_are_written():
    assert set(documents_of(INSTALL)) == {"m.yaml", "._gallery_m.yaml"}
    assert set(documents_of(Install(DESIRED, writes_yaml=True))) == {"m.yaml"}
    assert documents_of(Install(DESIRED)) == {}


def test_what_is_obsolete_is_removed_last_and_forgotten(tmp_path):
    (tmp_path / "old.gguf").write_bytes(b"x")
    apply(tmp_path, Install(DESIRED, writes_yaml=True, kept={"old.gguf": 1}, obsolete=("old.gguf",)))
    assert not (tmp_path / "old.gguf").exists()
    text = (tmp_path / ".localai-core/models/m.json").read_text()
    assert "old.gguf" not in text


def test_a_model_is_removed_with_its_record(tmp_path):
    apply(tmp_path, INSTALL)
    (tmp_path / "a.gguf").touch()
    (tmp_path / "theirs.gguf").touch()
    apply(tmp_path, Remove("m", ("a.gguf", "gone.gguf")))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".localai-core", "theirs.gguf"]
    assert not (tmp_path / ".localai-core/models/m.json").exists()


def test_modes_are_set_and_unused_files_removed(tmp_path):
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).touch(0o600)
    attributes = {"owner": "", "group": "", "mode": "0640"}
    apply(tmp_path, SetAttributes("m", {}, {"a.gguf": attributes}), Prune(("b.gguf",)))
    assert (tmp_path / "a.gguf").stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "b.gguf").exists()


def test_what_is_left_to_others_is_noted_until_it_is_gone(tmp_path):
    (tmp_path / "shared.gguf").touch()
    apply(tmp_path, Remove("m", (), left=("shared.gguf", "gone.gguf")), noted=True)
    assert ledger(tmp_path) == ["shared.gguf"]
    (tmp_path / "shared.gguf").unlink()
    apply(tmp_path, Remove("n", ()), noted=True)
    assert ledger(tmp_path) == []

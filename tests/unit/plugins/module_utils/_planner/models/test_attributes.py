# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.artifacts import Spec
from ansible_collections.localai.core.plugins.module_utils._localai.models.definition import Definition, Parts
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import FileState, InstalledModel
from ansible_collections.localai.core.plugins.module_utils._localai.models.record import InstalledFile
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec, ModelSpec
from ansible_collections.localai.core.plugins.module_utils._planner.models.attributes import attributes_step
from ansible_collections.localai.core.plugins.module_utils._planner.models.desired import Desired, DesiredSnapshot
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.questions import FileOnDisk, ListTree
from ansible_collections.localai.core.plugins.module_utils._planner.models.steps import Install
from ansible_collections.localai.core.plugins.module_utils._planner.unanswered import Unanswered

KEY = "a" * 64
TREE = f".artifacts/huggingface/{KEY}"
OLD, NEW = FileAttributes("root", "root", "0600"), FileAttributes("ai", "ai", "0644")
OF_DIRECTORIES = FileAttributes("ai", "ai", "0755")


def file(attributes=OLD):
    return FileState(4, attributes)


def directory(attributes=OLD):
    return FileState(-1, attributes, is_directory=True)


def step(**changes):
    spec = FileSpec("deep/a.gguf", Address("https://h.example/a.gguf"))
    snapshot = DesiredSnapshot(Spec("o/r"), KEY, "b" * 40, {})
    desired = Desired("m", ModelSpec("m"), Parts(Definition()), {}, files=(spec,), snapshots=(snapshot,))
    return Install(desired, present=(InstalledFile(spec.filename, spec.uri),), **changes)


def facts(**answers):
    known = {
        FileOnDisk(".artifacts"): directory(OF_DIRECTORIES),
        FileOnDisk(".artifacts/huggingface"): directory(OF_DIRECTORIES),
        ListTree(TREE): {TREE: directory(), f"{TREE}/manifest.json": file(NEW)},
        **answers.get("answers", {}),
    }
    return ModelFacts(requested=NEW, directories=OF_DIRECTORIES, answers=known)


INSTALLED = InstalledModel(
    "m", yaml=file(NEW), gallery_file=file(), files={"deep/a.gguf": file()}, directories={"deep": directory()}
)


def test_files_their_directories_and_snapshots_get_what_is_requested():
    change = attributes_step(step(), INSTALLED, facts())
    assert change is not None
    of_file = {"owner": "ai", "group": "ai", "mode": "0644"}
    of_directory = {"owner": "ai", "group": "ai", "mode": "0755"}
    assert change.after == {
        "deep": of_directory,
        "deep/a.gguf": of_file,
        TREE: of_directory,
        "._gallery_m.yaml": of_file,
    }
    assert change.before["deep"] == {"owner": "root", "group": "root", "mode": "0600"}


def test_what_a_step_writes_or_fetches_needs_no_change():
    writing = step(writes_gallery_file=True, snapshots=step().desired.snapshots)
    change = attributes_step(writing, INSTALLED, facts())
    assert change is not None
    assert set(change.after) == {"deep", "deep/a.gguf"}


def test_a_directory_that_is_not_known_is_asked_for_and_a_missing_one_is_created_later():
    unknown = InstalledModel("m", yaml=file(NEW), gallery_file=file(NEW), files={"deep/a.gguf": file(NEW)})
    with pytest.raises(Unanswered) as e:
        attributes_step(step(), unknown, facts())
    assert e.value.question == FileOnDisk("deep")
    known = facts(answers={FileOnDisk("deep"): None, ListTree(TREE): {}})
    assert attributes_step(step(), unknown, known) is None

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each question is answered by a walk, from this host's accounts, or by the resolver."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Index
from ansible_collections.localai.core.plugins.module_utils._module.answers import Answers, walk
from ansible_collections.localai.core.plugins.module_utils._module.attributes import of_new_trees
from ansible_collections.localai.core.plugins.module_utils._planner.questions import (
    NewTreeAttributes,
    Question,
    ReadGallery,
    WalkTree,
)
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection
from ansible_collections.localai.core.tests.support.local_host import BUILDS, LocalHost


class Elsewhere:
    """A resolver that returns the question."""

    def answer(self, question: Question) -> Any:
        return question


def test_a_walk_and_the_attributes_come_from_this_host_and_the_rest_from_the_resolver(local: LocalHost) -> None:
    local.install("piper")
    task, answers = local.task("piper"), Answers(Elsewhere())  # type: ignore[arg-type]
    installed = task.scan()
    assert answers.answer(task, installed, ReadGallery("g")) == ReadGallery("g")
    assert answers.answer(task, installed, NewTreeAttributes()) == of_new_trees(task)
    assert answers.answer(task, installed, WalkTree("piper")) == Inspection()


def test_the_gallery_of_a_task_is_read(local: LocalHost) -> None:
    task = local.task("piper")
    index = local.answers.answer(task, task.scan(), ReadGallery("g"))
    assert isinstance(index, Index)
    assert set(index.entries) == {"speech", *BUILDS}


@pytest.mark.parametrize("verify", [False, True])
def test_contents_are_compared_only_to_verify_them(local: LocalHost, verify: bool) -> None:
    local.install("piper")
    (local.path / "piper/lib/x").write_text("changed")
    task = local.task("piper", verify=verify)
    inspection = local.answers.answer(task, task.scan(), WalkTree("piper"))
    assert ("lib/x" in inspection.damage) is verify


def test_a_walk_counts_paths_with_other_attributes(local: LocalHost) -> None:
    local.install("piper")
    task = local.task("piper", directory_mode=0o700)
    assert task.requested == FileAttributes(mode="0700")
    inspection = walk(task, task.scan(), "piper", contents=False)
    assert inspection == Inspection("", 1)


def test_a_tree_without_a_record_has_nothing_to_compare_with(local: LocalHost) -> None:
    local.install("piper")
    (local.path / "piper/.localai-core.json").unlink()
    (local.path / "piper/lib/x").write_text("changed")
    task = local.task("piper", verify=True)
    assert walk(task, task.scan(), "piper", contents=True) == Inspection()


def test_the_walk_of_a_tree_that_is_gone_has_no_result(local: LocalHost) -> None:
    local.install("piper")
    task = local.task("piper")
    installed = task.scan()
    shutil.rmtree(local.path / "piper")
    assert walk(task, installed, "piper", contents=True) is None

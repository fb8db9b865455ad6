# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode tells what it assumes, unless the task states that an earlier one prepares it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.assumptions import (
    missing_parent,
    unknown_file_system,
)
from ansible_collections.localai.core.plugins.module_utils._module.runner import Run
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Remove

NOT_PENDING, PENDING = (Run({"pending": pending}, check_mode=True) for pending in (["owner"], ["backends_path"]))
WRITES = Plan(steps=(Remove("piper", {}, {"mode": "0755"}),))
REMOVES = Plan(steps=(Remove("piper", {"mode": "0755"}, {}),))


def test_a_parent_that_does_not_exist_is_told_unless_it_is_pending(tmp_path: Path) -> None:
    path = str(tmp_path / "deep" / "backends")
    assert list(missing_parent(path, NOT_PENDING)) == [
        f"backends_path: {tmp_path}/deep does not exist yet. It will be created."
    ]
    assert list(missing_parent(path, PENDING)) == []
    assert list(missing_parent(str(tmp_path / "backends/"), NOT_PENDING)) == []


@pytest.mark.parametrize(("plan", "count"), [(WRITES, 1), (REMOVES, 0), (Plan(), 0)])
def test_a_diff_that_depends_on_the_file_system_is_told(tmp_path: Path, plan: Plan, count: int) -> None:
    assert len(list(unknown_file_system(str(tmp_path), plan, NOT_PENDING))) == count
    assert len(list(unknown_file_system(str(tmp_path), plan, PENDING))) == count
    assert list(unknown_file_system(str(tmp_path / "new"), plan, PENDING)) == []

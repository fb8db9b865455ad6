# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes of one model; more is in the tests of plans."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import FileState, InstalledModel
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.model import check_no_directory
from ansible_collections.localai.core.tests.support.model_plans import A, B, ModelsPath, entry, row, want

DIRECTORY = FileState(-1, FileAttributes(), is_directory=True)


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (InstalledModel("m", yaml=DIRECTORY), "m.yaml"),
        (InstalledModel("m", gallery_file=DIRECTORY), "._gallery_m.yaml"),
    ],
)
def test_a_directory_in_the_way_of_a_configuration_is_an_error(model, path):
    with pytest.raises(HostError, match=f"{path} is a directory, and the configuration of a model has to be there"):
        check_no_directory(model, ModelFacts())


def test_links_and_missing_files_are_not_in_the_way():
    check_no_directory(InstalledModel("m", yaml=FileState(-1, FileAttributes())), ModelFacts())


def test_a_reason_has_at_most_two_parts_and_none_twice():
    path = ModelsPath([entry("m", row("a", A), row("b", B), row("c", A))])
    path.run(want("m"))
    assert path.plan(want("m"), force=True).outcomes[0].reason == "force is set"
    for name in "abc":
        del path.files[name]
    assert path.plan(want("m")).outcomes[0].reason == "a is missing; b is missing"


def test_only_files_with_other_attributes_are_changed():
    path = ModelsPath([entry("m", row("a", A))])
    path.run(want("m"))
    path.requested = FileAttributes("root", "root", "0600")
    step = path.plan(want("m")).steps[0]
    assert step.before["m.yaml"] == {"mode": "0644"}
    assert step.after == {path: {"mode": "0600"} for path in ("a", "m.yaml", "._gallery_m.yaml")}
    path.requested = path.attributes
    assert path.plan(want("m")).steps == ()

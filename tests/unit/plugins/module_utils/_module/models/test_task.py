# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task, and when it is planned again."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._model_request import ModelHost, ModelOptions, ModelSpec
from ansible_collections.localai.core.plugins.module_utils._module.models.task import ModelDecider, ModelTask, task_of
from ansible_collections.localai.core.plugins.module_utils._module.runner import Run
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._store.file_system import KeptAttributes

ABSENT = ModelOptions((ModelSpec("m", state="absent"),))


def task(path, options=ABSENT):
    return ModelTask(ModelHost(str(path)), options, KeptAttributes(), FileAttributes())


def test_modes_have_defaults():
    assert (task("/m").mode, task("/m").directory_mode) == (0o644, 0o755)
    other = task("/m", ModelOptions((), mode=0o600, directory_mode=0o700))
    assert (other.mode, other.directory_mode) == (0o600, 0o700)


def test_only_requested_models_are_scanned_unless_the_task_is_exclusive(tmp_path):
    for name in ("m", "n"):
        (tmp_path / f"{name}.yaml").touch()
    assert list(task(tmp_path).scan().models) == ["m"]
    assert list(task(tmp_path, ModelOptions((ModelSpec("m"),), exclusive=True)).scan().models) == ["m", "n"]


def test_what_a_file_system_does_not_store_is_not_requested():
    options = ModelOptions((), owner="root", group="root", mode=0o600, directory_mode=0o700)
    run = Run({}, check_mode=True)
    host = ModelHost("/m")
    assert task_of(host, options, KeptAttributes(), run).requested == FileAttributes("root", "root", "0600")
    bare = task_of(host, options, KeptAttributes(owners=False, modes=False), run)
    assert (bare.requested, bare.options) == (FileAttributes(), ModelOptions(()))


def test_a_task_is_planned_for_the_disk_as_it_is_now(tmp_path):
    asked: list = []

    def answer(_task, question):
        asked.append(question)
        raise HostError("nobody answers")

    decider = ModelDecider(ModelFacts(), answer)
    assert decider.decide(task(tmp_path)).steps == ()
    (tmp_path / "m.yaml").touch()
    with pytest.raises(HostError, match="nobody answers"):
        decider.decide(task(tmp_path))
    assert len(asked) == 1


def test_a_path_that_cannot_be_read_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="The installed models cannot be read"):
        ModelDecider(ModelFacts(), lambda _task, _question: None).decide(task(tmp_path / "file"))

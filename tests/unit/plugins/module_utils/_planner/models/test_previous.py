# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which models can become again what they were, and that they do."""

from __future__ import annotations

import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._model_request import ModelSpec
from ansible_collections.localai.core.plugins.module_utils._module.models.model_pins import pins_of_records
from ansible_collections.localai.core.plugins.module_utils._module.models.pins import with_pins
from ansible_collections.localai.core.tests.support.model_plans import A, B, ModelsPath, entry, row, want

TEMPLATES = {"config_file": "backend: llama-cpp", "prompt_templates": [{"name": "chat", "content": "x"}]}


@pytest.fixture
def path():
    return ModelsPath(
        [
            entry("one", row("a.gguf", A)),
            entry("two", row("a.gguf", A), row("p.gguf", B)),
            entry("chatty", row("c.gguf", A), url="base.yaml"),
        ],
        {"base.yaml": TEMPLATES},
    )


def names(plan):
    return [record.name for record in plan.previous]


def undo(path, plan):
    """Apply the pins of what was before, without a gallery and without a transfer."""
    path.gallery.clear()
    pins = json.loads(json.dumps(pins_of_records(plan.previous)))
    specs = with_pins(tuple(ModelSpec(record.name) for record in plan.previous), pins)
    done = path.run(*specs)
    assert done.fetched == []


@pytest.mark.parametrize("name", ["one", "two", "chatty"])
def test_another_configuration_is_undone(path, name):
    path.run(want(name, config={"threads": 1}))
    before = {key: value for key, value in path.files.items() if not key.startswith(".localai")}
    plan = path.run(want(name, config={"threads": 2, "context_size": 7}))
    assert names(plan) == [name]
    undo(path, plan)
    assert {key: value for key, value in path.files.items() if not key.startswith(".localai")} == before


def test_a_new_model_was_nothing_before(path):
    assert names(path.run(want("one"))) == []


def test_a_model_that_does_not_change_is_not_undone(path):
    path.run(want("one"))
    assert names(path.run(want("one"))) == []
    path.files["one.yaml"] = b"name: one"
    assert names(path.run(want("one"))) == [], "a repair does not change what is wanted"


def test_a_model_whose_weights_are_replaced_cannot_be_undone(path):
    path.run(want("one"), want("chatty"))
    path.gallery[0] = entry("one", row("a.gguf", B))
    plan = path.run(want("one", state="latest"), want("chatty", config={"threads": 3}))
    assert names(plan) == ["chatty"]


def test_a_model_whose_files_are_removed_cannot_be_undone(path):
    path.run(want("two"))
    assert names(path.run(want("two", model="one"))) == []


def test_nothing_is_a_set_of_pins_too():
    assert pins_of_records(()) == {"format": 2, "models": []}

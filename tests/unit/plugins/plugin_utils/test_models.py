# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each mistake in a list of models is named, and what the module accepts is accepted."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.models.argspec import MODEL
from ansible_collections.localai.core.plugins.plugin_utils._models import KEYS, problems

FILE = {"filename": "a.gguf", "uri": "https://files.example.com/a.gguf"}
OWN = {"name": "mine", "files": [FILE], "config": {"backend": "llama-cpp"}}


def wrong(*items: Any, state: str = "present", pinned: bool = False) -> list[str]:
    """The mistakes in one list, without its name."""
    found = problems({"localai_models": list(items)}, state, pinned)
    return [text.replace("localai_models, item 1", "").partition(": ")[2] for text in found]


def test_the_keys_are_those_of_the_module() -> None:
    assert set(KEYS) == set(MODEL["argument_spec"]["models"]["options"])


@pytest.mark.parametrize(
    "item",
    [
        "qwen3-4b",
        "gallery@qwen3-4b",
        OWN,
        {"name": "mine", "uri": "hf://a/b/c.gguf", "revision": "v1", "config": {}},
        {"name": "mine", "model": "g@qwen3-4b", "variant": "q8", "files": [{**FILE, "sha256": "0" * 64}]},
        {"name": "old", "state": "absent", "config": {"threads": 4}, "model": "x"},
        {"name": "a", "state": "latest"},
        {"name": "a", "files": [], "config": {"backend": "x"}},
    ],
)
def test_what_the_module_takes_is_right(item: Any) -> None:
    assert wrong(item) == []


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"name": "a", "uri": 7}, "uri must be text in quotes"),
        ({"name": "a", "state": "gone"}, "its state is gone, not one of present, latest, absent"),
        ({"name": "a", "config": "threads=4"}, "config must be a mapping with LocalAI's keys"),
        ({"name": "a", "files": "a.gguf"}, "files must be a list of mappings with filename and uri"),
        ({"name": "a", "files": ["a.gguf"]}, "files must be a list of mappings with filename and uri"),
        (
            {**OWN, "files": [{**FILE, "sha": "0"}]},
            "files has the unknown key sha; the keys are filename, uri, sha256",
        ),
        (
            {**OWN, "files": [{"filename": "a"}]},
            "files has an entry without filename or uri, which must be text in quotes",
        ),
        ({**OWN, "files": [{**FILE, "sha256": 123}]}, "sha256 in files must be text in quotes"),
        ({"name": "a", "uri": "/x.gguf", "state": "absent"}, "uri cannot be used with the state absent"),
        ({"name": "a", "uri": "/x.gguf", "model": "b"}, "uri and model cannot be used together"),
        ({"name": "a", "revision": "v1"}, "revision needs uri"),
        (
            {"name": "a", "files": [FILE]},
            "files without model or uri are those of a model of your own, which needs config",
        ),
        ({"name": "g@a", "model": "b"}, "the gallery before the @ belongs in model"),
    ],
)
def test_a_mistake_is_named(item: Any, says: str) -> None:
    assert wrong(item) == [says]


def test_the_state_and_the_pins_of_the_role_count() -> None:
    pinned = "localai_pins pins it, so the state cannot be latest"
    assert wrong("a", state="latest", pinned=True) == [pinned]
    assert wrong({"name": "a", "state": "present"}, state="latest", pinned=True) == []
    assert wrong({"name": "a", "variant": "b"}, state="absent") == ["variant cannot be used with the state absent"]

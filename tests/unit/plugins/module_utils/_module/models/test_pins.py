# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A set of pins."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec, ModelSpec
from ansible_collections.localai.core.plugins.module_utils._module.models.pins import pins_of, with_pins

FILE = {"filename": "a", "uri": "u", "sha256": "ab" * 32, "size": 5, "verified": True}
ROW = {
    "name": "One",
    "model": "g@one",
    "variant": None,
    "config": {"a": 1},
    "definition": {"name": "x"},
    "files": [FILE],
}


def document(*rows, **more):
    return {"format": 2, "models": list(rows), "backends": [{"any": "thing"}], "created": "now", **more}


def test_a_row_has_what_was_rendered_and_unknown_keys_are_ignored():
    pin = pins_of(document({**ROW, "other": 1}))["one"]
    assert (pin.name, pin.model, pin.variant, pin.config) == ("One", "g@one", "", {"a": 1})
    assert pin.files == (FileSpec("a", Address("u"), "ab" * 32),)


def test_a_model_is_spelled_as_in_its_row_and_one_to_remove_needs_none():
    absent = ModelSpec("two", state="absent")
    pinned, same = with_pins((ModelSpec("ONE", model="ONE", follows_entry=True), absent), document(ROW))
    assert (pinned.name, pinned.follows_entry, pinned.pin.name) == ("One", False, "One")
    assert same is absent


def test_two_sets_with_other_contents_have_other_sources():
    one, other = (
        with_pins((ModelSpec("one"),), document({**ROW, "config": config}))[0].source for config in ({"a": 1}, {"a": 2})
    )
    assert one != other


def test_a_set_of_backends_only_has_no_models():
    assert pins_of({"format": 1, "backends": []}) == {}
    with pytest.raises(OptionError, match="there is no row for one"):
        with_pins((ModelSpec("one"),), {"format": 1})


@pytest.mark.parametrize("key", ["name", "config", "definition", "files"])
def test_a_row_needs_its_keys(key):
    with pytest.raises(OptionError, match=f"pins: row 2 of models: {key} is missing"):
        pins_of(document(ROW, {name: value for name, value in ROW.items() if name != key}))

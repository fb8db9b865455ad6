# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a requested model is made of, as hashes that tell whether a request has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._model_request import (
    FileSpec,
    ModelPin,
    ModelSpec,
    digest_of,
)

SPEC = ModelSpec("m", model="g@m", config={"f16": True})
FILE = FileSpec("a.gguf", Address("https://h/a.gguf"), "0" * 64)
PIN = ModelPin("m", {"backend": "x"}, {"name": "m"})


@pytest.mark.parametrize(
    "change",
    [
        {"model": "g@n"},
        {"variant": "small"},
        {"uri": Address("https://h/a.gguf")},
        {"revision": "v2"},
        {"files": (FILE,)},
        {"pin": PIN},
    ],
)
def test_what_a_model_is_made_of_changes_its_source(change):
    assert replace(SPEC, **change).source != SPEC.source
    assert replace(SPEC, **change).overrides == SPEC.overrides


def test_each_part_of_a_file_and_of_a_pin_counts():
    other = FileSpec("a.gguf", FILE.uri, "1" * 64)
    assert replace(SPEC, files=(FILE,)).source != replace(SPEC, files=(other,)).source
    assert replace(SPEC, pin=PIN).source != replace(SPEC, pin=replace(PIN, config={"backend": "y"})).source


def test_the_config_changes_only_the_overrides():
    changed = replace(SPEC, config={"f16": False})
    assert (changed.source, changed.overrides != SPEC.overrides) == (SPEC.source, True)
    assert replace(SPEC, config=None).overrides == replace(SPEC, config={}).overrides


def test_the_order_of_keys_does_not_matter_and_that_of_lists_does():
    assert digest_of({"a": 1, "b": {"c": [1, 2], "d": None}}) == digest_of({"b": {"d": None, "c": [1, 2]}, "a": 1})
    assert digest_of([1, 2]) != digest_of([2, 1])
    assert len({digest_of(value) for value in (1, True, "1", 1.0, None, [], {}, "")}) == 8


def test_any_text_has_a_digest():
    assert digest_of("\ud800") != digest_of("é")

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lookups in several galleries, for models; those of backends are in the tests of the catalog."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import (
    GalleryError,
    UnknownGalleryError,
    UnknownNameError,
)
from ansible_collections.localai.core.plugins.module_utils._localai.lookup import Lookup
from ansible_collections.localai.core.plugins.module_utils._localai.models.gallery import model_index_of
from ansible_collections.localai.core.plugins.module_utils._resolver.config_yaml import to_yaml

ROWS = {
    "first": [{"name": "Qwen3-4b", "license": "first"}, {"name": "../wrong"}, {"name": "bad", "files": "x"}],
    "Second": [{"name": "qwen3-4b", "license": "second"}, {"name": "gemma"}],
}


def lookup(read=None):
    def index_of(name):
        if read is not None:
            read.append(name)
        return model_index_of(ROWS[name], name, to_yaml)

    return Lookup(tuple(ROWS), index_of)


def test_the_first_gallery_wins_and_case_is_ignored():
    assert lookup().find("QWEN3-4B").license == "first"
    assert lookup().find("second@qwen3-4b").license == "second"
    assert lookup().has("GEMMA")
    assert not lookup().has("none")


def test_later_galleries_are_read_only_if_they_are_needed():
    read: list = []
    lookup(read).find("qwen3-4b")
    assert read == ["first"]


def test_all_entries_are_listed_in_order():
    assert [entry.name for entry in lookup().entries()] == ["Qwen3-4b", "qwen3-4b", "gemma"]


def test_an_unknown_name_is_an_error_with_similar_ones():
    with pytest.raises(UnknownNameError, match=r"looked in first \(1 entries\), Second \(2 entries\)") as error:
        lookup().find("gemna")
    assert error.value.similar == ("gemma",)
    with pytest.raises(UnknownNameError, match="galleries is empty"):
        Lookup((), lambda _name: None).find("x")


def test_an_unknown_gallery_and_a_skipped_entry_are_errors():
    with pytest.raises(UnknownGalleryError, match=r"no gallery 'third'\. The galleries of this task: first, Second"):
        lookup().find("third@gemma")
    with pytest.raises(GalleryError, match="bad: the gallery first has it, but its entry 3 is skipped"):
        lookup().find("bad")

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How configurations are merged: the results are those of dario.cat/mergo v1.0.2, tried with Go."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._localai.models.merge import merged

KEYS = st.sampled_from("abc")
VALUES = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.5, "", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
CONFIGS = st.dictionaries(KEYS, VALUES, max_size=3)


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        ({"a": 1}, {"a": 0}, {"a": 0}),
        ({"a": True}, {"a": False}, {"a": False}),
        ({"a": "x"}, {"a": ""}, {"a": ""}),
        ({"a": "x"}, {"a": None}, {"a": None}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": [1, 2]}, {"a": []}, {"a": []}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": 1}, {"a": 1}),
        ({"a": {}}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": None}}}, {"a": {"b": {"c": None, "d": 2}}}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({}, {"a": {}}, {"a": {}}),
    ],
)
def test_mappings_are_merged_and_everything_else_replaces(old, new, result):
    assert merged(old, new) == result


@given(CONFIGS, CONFIGS)
def test_neither_side_is_changed_or_shared(old, new):
    before = copy.deepcopy((old, new))
    result = merged(old, new)
    assert merged(result, new) == result
    _spoil(result, old)
    assert new == before[1]
    assert old == before[0]


def _spoil(result, old):
    """Change all that a merge has put into a result; what it took from the old side may be shared."""
    for key, value in list(result.items()):
        if isinstance(value, list) and value is not old.get(key):
            value.append("spoilt")
        elif isinstance(value, dict) and value is not old.get(key):
            _spoil(value, old[key] if isinstance(old.get(key), dict) else {})
            value["spoilt"] = True


@given(CONFIGS)
def test_an_empty_side_changes_nothing(config):
    assert merged(config, {}) == config
    assert merged({}, config) == config

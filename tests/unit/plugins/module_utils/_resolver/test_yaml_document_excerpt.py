# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The excerpt of a gallery means what its entries meant in the whole one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._resolver.config_yaml import parse_typed
from ansible_collections.localai.core.plugins.module_utils._resolver.yaml_document import excerpt, parse_yaml
from ansible_collections.localai.core.tests.support.indexes import REAL

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["on", "1.10", "0x1F", "~", "null", "2024-01-01", "#x", "- a", "a: b", "\u2028", "1e3", "="]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ENTRY = st.fixed_dictionaries({"name": st.sampled_from(["One", "two", "three"])}, optional={"a": VALUES, "b": VALUES})


@given(st.lists(ENTRY, min_size=1, max_size=6), st.sets(st.sampled_from(["one", "two", "three", "four"])))
@example([{"name": "two", "a": "1.10"}], {"two"})
def test_it_means_the_same_as_filtering_what_was_parsed(rows: list[Any], names: set[str]) -> None:
    shared = {"shared": [1, "1"]}
    rows = [{**row, "c": shared, "d": shared} for row in rows]
    data = yaml.safe_dump(rows, allow_unicode=True).encode()
    expected = [row for row in parse_yaml(data) if row["name"].lower() in names]
    assert (parse_yaml(excerpt(data, names)) or []) == expected
    typed = [row for row in parse_typed(data) if str(row["name"]).lower() in names]
    assert (parse_typed(excerpt(data, names)) or []) == typed


@pytest.mark.parametrize("names", [{"llama-cpp"}, {"piper"}, {"cuda12-llama-cpp"}, {"vllm", "cuda12-vllm"}, set()])
def test_anchors_and_merges_are_kept_also_of_entries_that_go(names: set[str]) -> None:
    expected = [row for row in parse_yaml(REAL) if row["name"].lower() in names]
    assert (parse_yaml(excerpt(REAL, names)) or []) == expected


TEXT = b"""
- name: a
  x: &x {one: 1, two: "2"}
  plain: on
  quoted: "on"
  version: 1.10
  text: |
    lines
      of text
  folded: >-
    a
    b
- <<: *x
  name: b
  tagged: !!str 5
  own: !thing [a]
- name: c
"""


def test_quoting_and_types_stay() -> None:
    for names in ({"a"}, {"b"}, {"a", "b"}):
        found = yaml.load(excerpt(TEXT.replace(b"!thing ", b""), names), yaml.SafeLoader)
        rows = yaml.load(TEXT.replace(b"!thing ", b""), yaml.SafeLoader)
        assert found == [row for row in rows if row["name"] in names]
    assert parse_yaml(excerpt(TEXT, {"b"})) == parse_yaml(TEXT)[1:2]
    assert b'"on"' in excerpt(TEXT, {"a"})
    assert b"1.10" in excerpt(TEXT, {"a"})


def test_entries_without_a_name_are_left_out() -> None:
    assert parse_yaml(excerpt(b"- 5\n- {x: y}\n- {name: [a]}\n- {name: a}\n", {"a"})) == [{"name": "a"}]


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"- [", b"<html>"])
def test_what_is_no_gallery_is_an_error(data: bytes) -> None:
    with pytest.raises(GalleryError):
        excerpt(data, {"a"})


def test_without_libyaml_the_same_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = excerpt(REAL, {"piper", "cuda12-vllm"})
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert parse_yaml(excerpt(REAL, {"piper", "cuda12-vllm"})) == parse_yaml(fast)

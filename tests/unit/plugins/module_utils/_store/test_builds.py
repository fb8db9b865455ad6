# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""builds.json is read back as it was written, and anything else in its place is no memory."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._store.builds import Build, parse_builds

BUILDS = st.dictionaries(st.text(), st.builds(Build, st.text(), st.booleans(), st.booleans(), st.text()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_file_that_cannot_be_read_has_no_builds(data: bytes) -> None:
    assert parse_builds(data) == {}


@given(st.dictionaries(st.text(), JSON, max_size=3))
def test_rows_that_cannot_be_read_are_left_out(rows: dict[str, object]) -> None:
    good = {"digest": "sha256:1", "requested": True, "fixed": False, "meta": "x"}
    document = {"format": 1, "builds": {**rows, "good": good}}
    assert parse_builds(json.dumps(document).encode())["good"] == Build("sha256:1", True, False, "x")


def test_keys_of_a_later_version_are_ignored() -> None:
    document = {"format": 1, "builds": {"x": {"digest": "d", "signed": "by"}}, "more": 1}
    assert parse_builds(json.dumps(document).encode()) == {"x": Build("d")}


@pytest.mark.parametrize("value", [1, None, [], {}])
def test_a_row_with_a_value_of_another_type_is_ignored(value: object) -> None:
    document = {"format": 1, "builds": {"x": {"digest": value}, "y": {"digest": "d"}}}
    assert parse_builds(json.dumps(document).encode()) == {"y": Build("d")}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that finds mistakes in lists of backends and models."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.wrong_rows import FilterModule


def test_the_filter_finds_mistakes() -> None:
    (wrong_rows,) = (FilterModule().filters()[name] for name in ("wrong_rows",))
    assert wrong_rows({"x": ["a"]}, "backends") == []
    assert wrong_rows({"x": [{"name": "a", "uri": "/a"}]}, "backends", state="absent") == [
        "x, item 1 (a): uri cannot be used with the state absent"
    ]
    assert wrong_rows({"x": [{"name": "a", "revision": "v1"}]}, "models") == ["x, item 1 (a): revision needs uri"]

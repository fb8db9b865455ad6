# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that merges lists of backends or models."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.merged_rows import FilterModule


def test_the_filter_merges_lists() -> None:
    (merged_rows,) = (FilterModule().filters()[name] for name in ("merged_rows",))
    assert merged_rows({"x": ["a"], "y": [{"name": "b", "alias": None}]}) == [{"name": "a"}, {"name": "b"}]

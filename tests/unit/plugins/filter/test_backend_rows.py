# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that merges lists of backends."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.backend_rows import FilterModule


def test_the_filter_merges_lists() -> None:
    (backend_rows,) = (FilterModule().filters()[name] for name in ("backend_rows",))
    assert backend_rows({"x": ["a"], "y": [{"name": "b", "alias": None}]}) == [{"name": "a"}, {"name": "b"}]

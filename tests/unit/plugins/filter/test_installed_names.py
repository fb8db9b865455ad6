# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that returns the names on the host."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.installed_names import FilterModule


def test_the_filter_returns_names_that_can_be_compared() -> None:
    (installed_names,) = (FilterModule().filters()[name] for name in ("installed_names",))
    assert installed_names([{"name": " g@A/b "}, {"name": "c"}]) == ["a__b", "c"]

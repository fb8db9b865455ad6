# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that combines what hosts want."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.survey import FilterModule


def test_the_filter_combines_rows_and_counts_hosts_without_one() -> None:
    survey = FilterModule().filters()["survey"]
    document = survey({"a": {}}, hosts=["a", "b"])["document"]
    assert (document["targets"], document["unreachable"]) == ([], 1)

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that makes the row of a host."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.report_row import FilterModule
from ansible_collections.localai.core.tests.support import fleets


def test_the_filter_returns_the_row_and_takes_the_limit_of_the_disks() -> None:
    report_row = FilterModule().filters()["report_row"]
    seen = fleets.healthy("host")
    assert report_row(seen)["findings"] == []
    assert {finding["condition"] for finding in report_row(seen, least_free=99)["findings"]} == {"disk"}

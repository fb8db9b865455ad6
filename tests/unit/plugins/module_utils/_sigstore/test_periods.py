# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times: what a period covers, and how times are printed."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._sigstore.periods import Period, printable, seconds_of_day


@pytest.mark.parametrize(
    ("period", "covered", "not_covered"),
    [
        (Period(10, 20), [10, 15.5, 20], [9.9, 20.1]),
        (Period(10), [10, 1e12], [9]),
        (Period(0, 0), [0], [1, -1]),
        (Period(20, 10), [], [10, 15, 20]),
        (Period(None), [], [0, 10]),
        (Period(None, 20), [], [0, 20]),
    ],
)
def test_a_period_covers_its_ends_and_nothing_without_a_start(period, covered, not_covered):
    assert all(map(period.covers, covered))
    assert not any(map(period.covers, not_covered))


def test_a_day_starts_at_midnight_in_utc():
    assert seconds_of_day("1970-01-02") == 86400
    assert printable(seconds_of_day("2026-09-01")) == "2026-09-01T00:00:00Z"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1780315200.9, "2026-06-01T12:00:00Z"),
        (1e300, "seconds after 1970"),
        (2.0**63, "9223372036854775808 seconds after 1970"),
    ],
)
def test_any_time_can_be_printed(moment, text):
    assert printable(moment).endswith(text)

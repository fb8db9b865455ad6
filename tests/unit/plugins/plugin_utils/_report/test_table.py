# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as CSV."""

from __future__ import annotations

import csv
import io

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._report.table import COLUMNS, csv_of
from ansible_collections.localai.core.tests.support import fleets


def lines(fleet: list[fleets.Seen]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_of(fleets.document(fleet)), newline="")))


def test_each_host_has_one_line_with_all_columns() -> None:
    rows = lines(fleets.troubled())
    assert len(rows) == 16
    assert all(tuple(row) == COLUMNS for row in rows)
    assert rows[0]["conditions"] == "unreachable"
    assert rows[0]["findings"] == ("It cannot be reached. Failed to connect to the host via ssh: Connection timed out")
    assert rows[3]["is_ready"] == "false"
    assert rows[13]["conditions"] == ""
    assert rows[13]["least_free_percent"] == "45"
    digest = fleets.digest("llama-cpp", "default", 0)
    assert rows[13]["backends"].split("; ")[0] == f"llama-cpp=cpu-llama-cpp@{digest} (as pinned)"


@pytest.mark.parametrize("value", fleets.HOSTILE)
def test_no_cell_is_a_formula_or_breaks_a_line(value: str) -> None:
    rows = lines([fleets.hostile(value, host=value), fleets.healthy("other")])
    assert [row["host"] for row in rows][1:] == ["other"]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())


def test_an_empty_fleet_has_a_header() -> None:
    assert csv_of(fleets.document([])) == ",".join(COLUMNS) + "\r\n"

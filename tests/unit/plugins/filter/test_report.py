# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that writes the report."""

from __future__ import annotations

import json

from ansible_collections.localai.core.plugins.filter.report import FilterModule
from ansible_collections.localai.core.tests.support import fleets


def test_the_three_files_have_the_same_hosts() -> None:
    report = FilterModule().filters()["report"]
    rows = fleets.rows([fleets.healthy("host1"), fleets.unreachable("host2")])
    found = report(rows, hosts=["host1", "host2", "host3"], created=fleets.CREATED, fail_on=["unreachable"])
    assert (found["hosts"], found["need_action"]) == (3, 2)
    assert found["failures"] == ["unreachable on 1 of 3 hosts: host2."]
    assert [row["host"] for row in json.loads(found["json"])["hosts"]] == ["host1", "host2", "host3"]
    assert [line.partition(",")[0] for line in found["csv"].splitlines()] == ["host", "host1", "host2", "host3"]
    assert all(f'<th scope="row">{name}<' in found["html"] for name in ("host1", "host2", "host3"))

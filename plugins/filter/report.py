# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report on a fleet, as a page, as JSON and as CSV."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._report.document import document_of, failures
from ansible_collections.localai.core.plugins.plugin_utils._report.page import page_of
from ansible_collections.localai.core.plugins.plugin_utils._report.table import csv_of
from ansible_collections.localai.core.plugins.plugin_utils._values import untrusted

DOCUMENTATION = r"""
name: report
short_description: Combine the rows of all hosts into the report on a fleet
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role), for the playbook C(localai.core.report).
positional: _input
options:
  _input:
    description: The rows that P(localai.core.report_row#filter) returned, by the names of the hosts.
    type: dict
    required: true
  hosts:
    description: The names of all hosts, including those without a row.
    type: list
    elements: str
    required: true
  created:
    description: When the report is written.
    type: str
    required: true
  fail_on:
    description: The names of conditions, or V(any).
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show the report on a host that could not be read
  ansible.builtin.debug:
    msg: "{{ {} | localai.core.report(hosts=['host1'], created='2026-11-29T20:00:00Z') }}"
"""

RETURN = r"""
_value:
  description:
    - C(html), C(json) and C(csv) are the contents of the files.
    - C(hosts) and C(need_action) are numbers of hosts.
    - C(failures) has a sentence for each condition of O(fail_on) that a host meets.
  type: dict
"""


def report(rows: t.Mapping[str, t.Any], hosts: t.Sequence[str], created: str, fail_on: t.Sequence[str] = ()) -> t.Any:
    """Return the files of the report, the numbers of hosts, and the failures."""
    document = document_of(rows, [str(host) for host in hosts], created)
    return untrusted(
        {
            "html": page_of(document),
            "json": json.dumps(document, indent=1) + "\n",
            "csv": csv_of(document),
            "hosts": document["counts"]["hosts"],
            "need_action": document["counts"]["need_action"],
            "failures": failures(document, [str(condition) for condition in fail_on]),
        }
    )


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"report": report}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The row of one host in the report."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._report.row import row_of_host
from ansible_collections.localai.core.plugins.plugin_utils._values import untrusted

DOCUMENTATION = r"""
name: report_row
short_description: Reduce the results of the modules for a host to a row of the report
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role), for the playbook C(localai.core.report).
  - It keeps only keys that it knows. Users, passwords and queries are removed from addresses, and characters that
    cannot be printed become escapes.
positional: _input
options:
  _input:
    description:
      - C(host) is the name of the host, and C(groups) are the names of its groups.
      - C(results) are the results of C(ansible.builtin.setup), P(localai.core.localai_host_info#module),
        P(localai.core.localai_backend_info#module), P(localai.core.localai_model_info#module) and
        P(localai.core.localai_server_info#module), by the names of the modules. Each of them can be missing or failed.
      - C(variables) are the errors in the variables of the host.
      - C(wanted) has the declared state, and the reasons for a pending restart.
      - All of them but C(host) can be left out.
    type: dict
    required: true
  least_free:
    description: A file system is full if less than this percentage of it is free.
    type: float
    default: 10
"""

EXAMPLES = r"""
- name: Build the row of the host
  ansible.builtin.set_fact:
    row: "{{ seen | localai.core.report_row }}"
"""

RETURN = r"""
_value:
  description: The row of the host. C(findings) are the conditions that need action there.
  type: dict
"""


def report_row(seen: t.Mapping[str, t.Any], least_free: float = 10) -> t.Any:
    """Return the row of a host. Its texts are those of the host, and must not be taken for templates."""
    return untrusted(row_of_host(seen, least_free))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"report_row": report_row}

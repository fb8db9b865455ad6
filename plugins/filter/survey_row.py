# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The row of one host in the survey, with the data that may leave the site."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._survey import row_of_host

DOCUMENTATION = r"""
name: survey_row
short_description: Reduce the declared state of a host to the data that may leave the site
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role), for the playbook C(localai.core.survey).
  - It keeps only the data that determines the files that a host needs. Users, passwords and queries are removed from
    addresses.
positional: _input
options:
  _input:
    description:
      - C(capability), which is null if it is unknown, C(platform), C(server_version), C(backends), C(backends_state),
        C(release), C(models), C(galleries), C(model_galleries) and C(pins) of a host.
      - C(galleries) and C(model_galleries) are null if the host uses those of LocalAI.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Build the row of the host
  ansible.builtin.set_fact:
    row: "{{ wanted | localai.core.survey_row }}"
  vars:
    wanted:
      capability: default
      platform: linux/amd64
      server_version: v4.11.0
      backends: [{name: whisper}]
      backends_state: present
      models: [{name: chat, model: qwen3-4b, config: {system_prompt: Be brief.}}]
"""

RETURN = r"""
_value:
  description:
    - C(target) is a row for the survey, or null if the capability is unknown. C(galleries), C(model_galleries) and
      C(pins) are those of the host.
    - C(shortened) names the rows with addresses from which something was removed, and C(malformed) those with addresses
      that are not valid.
  type: dict
"""


def survey_row(wanted: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the row of a host."""
    return row_of_host(wanted)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"survey_row": survey_row}

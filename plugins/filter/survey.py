# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The survey of a site: the declared state and the capabilities of all hosts in one document."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._survey import survey_of

DOCUMENTATION = r"""
name: survey
short_description: Combine the rows of all hosts of a site into one document
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role), for the playbook C(localai.core.survey).
  - Hosts that are equal become one row with their number. The order does not depend on that of the hosts.
positional: _input
options:
  _input:
    description:
      - The rows that P(localai.core.survey_row#filter) returned, by the names of the hosts. A row is empty for a host
        that needs nothing.
    type: dict
    required: true
  hosts:
    description: The names of all hosts, including those that could not be read.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Combine the rows of two hosts, one of which cannot be read
  ansible.builtin.debug:
    msg: "{{ {'host1': row} | localai.core.survey(hosts=['host1', 'host2']) }}"
  vars:
    row:
      target:
        capability: default
        platform: linux/amd64
        server_version: v4.11.0
        hosts: 1
        backends: [{name: whisper}]
        models: []
      galleries: null
      model_galleries: null
      pins: null
      shortened: []
      malformed: []
"""

RETURN = r"""
_value:
  description:
    - C(document) is the content of the file.
    - C(unread) and C(unknown_capability) are names of hosts.
    - C(conflicts) has the galleries of the same name that differ. C(malformed) has the rows with addresses that are not
      valid. Both name hosts. C(shortened) has the rows with addresses from which something was removed.
  type: dict
"""


def survey(rows: t.Mapping[str, t.Any], hosts: t.Iterable[str]) -> dict[str, t.Any]:
    """Return the document, and the problems that the operator has to know."""
    return survey_of(rows, hosts)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"survey": survey}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variable `localai_endpoints` of the role, with a mirror."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._mirror import endpoints_with_mirror

DOCUMENTATION = r"""
name: mirrored_endpoints
short_description: Add a mirror to endpoints
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - Adds entries for the hosts that a mirror has, and for the mirror itself. The keys of an entry that is there already
    win.
positional: _input, mirror, hosts
options:
  _input:
    description: Entries of O(localai.core.localai_backend#module:endpoints).
    type: list
    elements: dict
    required: true
  mirror:
    description: A valid value of O(localai.core.localai#role:main:localai_mirror).
    type: dict
    required: true
  hosts:
    description: The web servers that C(files) of the mirror has.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
# => [{'host': 'huggingface.co', 'mirrors': [{'url': 'https://mirror.example.com/huggingface.co'}], 'token': 'secret'}]
- name: Add a mirror
  ansible.builtin.debug:
    msg: "{{ endpoints | localai.core.mirrored_endpoints(mirror, ['huggingface.co']) }}"
  vars:
    endpoints: [{host: huggingface.co, token: secret}]
    mirror: {files: "https://mirror.example.com"}
"""

RETURN = r"""
_value:
  description: The entries that were there, in their order, and the new ones.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"mirrored_endpoints": endpoints_with_mirror}

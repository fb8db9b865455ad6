# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mistakes in the variable `localai_mirror` of the role."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._mirror import mirror_problems

DOCUMENTATION = r"""
name: wrong_mirror
short_description: Find mistakes in localai_mirror
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
positional: _input
options:
  _input:
    description: The value of O(localai.core.localai#role:main:localai_mirror).
    type: dict
    required: true
"""

EXAMPLES = r"""
# => ['files must be the URL of a web server, such as https://mirror.example.com:8090']
- name: Find a mistake
  ansible.builtin.debug:
    msg: "{{ {'files': 'mirror.example.com'} | localai.core.wrong_mirror }}"
"""

RETURN = r"""
_value:
  description: The mistakes, with the correction of each.
  type: list
  elements: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"wrong_mirror": mirror_problems}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends or models of several variables as one list of mappings."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._rows import merged

DOCUMENTATION = r"""
name: merged_rows
short_description: Merge the backends or models of several variables
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - A name becomes a mapping with the key C(name). A later entry replaces an earlier one with the same name. Case, the
    gallery before an C(@), and the spelling of C(/) as C(__) make no difference.
  - Null values and everything that is not a name or a mapping with one are left out.
positional: _input
options:
  _input:
    description: The lists by the names of their variables, in the order in which they are merged.
    type: dict
    required: true
"""

EXAMPLES = r"""
# => [{'name': 'llama-cpp', 'state': 'latest'}, {'name': 'whisper'}]
- name: Merge the backends of two variables
  ansible.builtin.debug:
    msg: "{{ {'all': ['llama-cpp', 'whisper'], 'gpu': [upgraded]} | localai.core.merged_rows }}"
  vars:
    upgraded: {name: llama-cpp, state: latest}
"""

RETURN = r"""
_value:
  description:
    - A value for O(localai.core.localai_backend#module:backends) or O(localai.core.localai_model#module:models).
  type: list
  elements: dict
"""


def merged_rows(lists: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return the merged rows."""
    return merged(lists)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"merged_rows": merged_rows}

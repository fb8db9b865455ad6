# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment of the service, as texts."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._values import environment_text

DOCUMENTATION = r"""
name: environment_texts
short_description: Turn the values of environment variables into text
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - Booleans become V(true) or V(false), and lists and mappings become JSON. Variables that are null are left out.
positional: _input
options:
  _input:
    description: The environment variables.
    type: dict
    required: true
  lists:
    description: The variables whose items are separated by commas. A list becomes such a text, and not JSON.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
# => {'LOCALAI_DEBUG': 'true', 'LOCALAI_LOAD_TO_MEMORY': 'a,b'}
- name: Turn three variables into text
  ansible.builtin.debug:
    msg: "{{ variables | localai.core.environment_texts(lists=['LOCALAI_LOAD_TO_MEMORY']) }}"
  vars:
    variables:
      LOCALAI_DEBUG: true
      LOCALAI_LOAD_TO_MEMORY: [a, b]
      LOCALAI_THREADS: null
"""

RETURN = r"""
_value:
  description: The variables in the order of their names, with text for each.
  type: dict
"""


def environment_texts(variables: t.Mapping[str, t.Any], lists: t.Iterable[str] = ()) -> dict[str, str]:
    """Return the texts of environment variables."""
    names = set(map(str, lists))
    return {
        str(name): environment_text(value, "," if str(name) in names else "")
        for name, value in sorted(variables.items(), key=lambda item: str(item[0]))
        if value is not None
    }


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"environment_texts": environment_texts}

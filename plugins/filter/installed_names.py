# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names that backends or models have on the host."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._rows import installed_name

DOCUMENTATION = r"""
name: installed_names
short_description: Return the names that backends or models have on the host
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - The names are in lower case, without a gallery, and with C(__) in place of C(/), so that they can be compared.
positional: _input
options:
  _input:
    description: Mappings with the key C(name).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
# => ['org__whisper']
- name: Show the name of a backend on the host
  ansible.builtin.debug:
    msg: "{{ [{'name': 'gallery@Org/Whisper'}] | localai.core.installed_names }}"
"""

RETURN = r"""
_value:
  description: The names, in the order of the mappings.
  type: list
  elements: str
"""


def installed_names(rows: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Return the names."""
    return [installed_name(row["name"]) for row in rows]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"installed_names": installed_names}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mistakes in the lists of backends, models, galleries and endpoints in the role's variables."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils import _backends, _models, _sources

DOCUMENTATION = r"""
name: wrong_rows
short_description: Find mistakes in lists of backends, models, galleries or endpoints
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - It finds values of a wrong type, unknown keys, keys that contradict each other, and names of backends that no model
    could use.
positional: _input
options:
  _input:
    description: The lists by the names of their variables.
    type: dict
    required: true
  kind:
    description: The kind of the items in the lists.
    type: str
    choices: [backends, models, galleries, endpoints]
    required: true
  state:
    description: The state of items without one.
    type: str
    default: present
  pinned:
    description: Whether there are pins for these backends or models.
    type: bool
    default: false
"""

EXAMPLES = r"""
# => ['localai_backends, item 1 (mine): alias needs uri']
- name: Find a backend with an alias and without a source
  ansible.builtin.debug:
    msg: "{{ {'localai_backends': [{'name': 'mine', 'alias': 'chat'}]} | localai.core.wrong_rows(kind='backends') }}"

# => ['localai_models, item 1 (mine): revision needs uri']
- name: Find a model with a revision and without a source
  ansible.builtin.debug:
    msg: "{{ {'localai_models': [{'name': 'mine', 'revision': 'main'}]} | localai.core.wrong_rows(kind='models') }}"
"""

RETURN = r"""
_value:
  description: The mistakes, each with its variable and item.
  type: list
  elements: str
"""

_PROBLEMS = {
    "backends": _backends.problems,
    "models": _models.problems,
    "galleries": _sources.problems_of_galleries,
    "endpoints": _sources.problems_of_endpoints,
}


def wrong_rows(lists: t.Mapping[str, t.Any], kind: str, state: str = "present", pinned: bool = False) -> list[str]:
    """Return the mistakes."""
    return list(_PROBLEMS[kind](lists, state, pinned))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"wrong_rows": wrong_rows}

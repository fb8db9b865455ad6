# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directives that cannot be in the drop-in of the service: systemd refuses them, or they break the role."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._values import is_text, plain

DOCUMENTATION = r"""
name: wrong_unit_overrides
short_description: Find directives that cannot be in the drop-in of the service
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - Values are text, numbers, booleans, null, or lists of them.
positional: _input
options:
  _input:
    description: The directives by section.
    type: dict
    required: true
  reserved:
    description: The directives of the section V(Service) that the role sets, with the replacement for each.
    type: dict
    default: {}
"""

EXAMPLES = r"""
# => ['Service.User belongs to the role (use localai_user)']
- name: Find a directive that belongs to the role
  ansible.builtin.debug:
    msg: "{{ {'Service': {'User': 'me'}} | localai.core.wrong_unit_overrides(reserved={'User': 'use localai_user'}) }}"
"""

RETURN = r"""
_value:
  description: The mistakes, one text for each directive.
  type: list
  elements: str
"""

_SECTIONS = ("Unit", "Service", "Install")


def wrong_unit_overrides(overrides: t.Mapping[str, t.Any], reserved: t.Mapping[str, str] | None = None) -> list[str]:
    """Return the mistakes, in the order of the drop-in."""
    found = []
    for section, directives in overrides.items():
        if str(section) not in _SECTIONS:
            found.append(f"{section} is not one of the sections {', '.join(_SECTIONS)}")
        elif not isinstance(directives, t.Mapping):
            found.append(f"{section} is not a mapping of directives")
        else:
            for name, value in directives.items():
                wrong = _wrong(str(name), value, (reserved or {}) if str(section) == "Service" else {})
                found += [f"{section}.{name} {wrong}"] if wrong else []
    return found


def _wrong(name: str, value: t.Any, reserved: t.Mapping[str, str]) -> str:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*|X-[A-Za-z0-9-]+", name):
        return "is not the name of a directive, such as MemoryMax"
    if name in reserved:
        return f"belongs to the role ({reserved[name]})"
    values = value if isinstance(value, (list, tuple)) else [value]
    if not all(item is None or is_text(item) or isinstance(item, (bool, int, float)) for item in values):
        return "is not text, a number, a boolean or a list of them"
    # A backslash at the end of a line continues it.
    if any(re.search(r"[\r\n\0]|\\$", str(plain(item))) for item in values):
        return "has more than one line, or ends with a backslash"
    return ""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"wrong_unit_overrides": wrong_unit_overrides}

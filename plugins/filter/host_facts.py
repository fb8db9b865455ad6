# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts about a host that the role publishes as Ansible's local facts."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._values import plain, untrusted

DOCUMENTATION = r"""
name: host_facts
short_description: Return the local facts of a host
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role), which writes its result into
    C(/etc/ansible/facts.d/localai.fact).
positional: _input
options:
  _input:
    description:
      - C(backends) are the rows of P(localai.core.localai_backend_info#module), and C(predicted) those of
        P(localai.core.localai_backend#module) in check mode.
      - C(capability), C(server_version), C(models) and C(last_good_start) become facts as they are. Empty text becomes
        null.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the facts of a host without backends
  ansible.builtin.debug:
    msg: "{{ known | localai.core.host_facts }}"
  vars:
    known:
      capability: default
      server_version: v4.11.0
      backends: []
      predicted: []
      models: [qwen3-4b]
      last_good_start: "2026-11-29T20:00:00Z"
"""

RETURN = r"""
_value:
  description: The facts. C(backends) has the C(backend), its C(digest) and whether it is C(runnable), by the name.
  type: dict
"""


def host_facts(known: t.Mapping[str, t.Any]) -> t.Any:
    """Return the facts of a host. Its texts must not be taken for templates."""
    seen = plain(known)
    digests = {row["name"]: (row["metadata"] or {}).get("digest") for row in seen["backends"]}
    backends = {
        row["name"]: {
            "backend": row["backend"],
            "digest": digests.get(row["backend"]) or None,
            "runnable": row["runnable"],
        }
        for row in seen["backends"]
        if row["usable"]
    }
    for row in seen["predicted"]:
        if row["run_file"]:
            backends[row["name"]] = {"backend": row["backend"], "digest": row["digest"], "runnable": True}
    return untrusted(
        {
            "format": 1,
            "capability": seen["capability"] or None,
            "server_version": seen["server_version"] or None,
            "backends": dict(sorted(backends.items())),
            "models": sorted(seen["models"]),
            "last_good_start": seen["last_good_start"] or None,
        }
    )


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"host_facts": host_facts}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts about a host that the role publishes as metrics for Prometheus."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._values import plain

DOCUMENTATION = r"""
name: host_metrics
short_description: Return the facts of a host as metrics for Prometheus
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role), see C(localai_textfile_directory).
  - The result is in the text format of Prometheus, for the textfile collector of node_exporter.
positional: _input
options:
  _input:
    description: The content of the local facts of the role.
    type: dict
    required: true
  service:
    description: The name of the service, for the label C(service) of all metrics.
    type: str
    default: localai
"""

EXAMPLES = r"""
- name: Show the metrics of this host
  ansible.builtin.debug:
    msg: "{{ ansible_facts['ansible_local'].localai | localai.core.host_metrics }}"
"""

RETURN = r"""
_value:
  description: The metrics, one in each line.
  type: str
"""

_HELP = {
    "localai_info": "The version and the capability of the server that Ansible last started.",
    "localai_backend_info": "A name of a backend, and the build that answers to it.",
    "localai_backend_runnable": "Whether the build that answers to a name has its run file.",
    "localai_model_info": "A model that is declared for this host.",
    "localai_last_good_start_timestamp_seconds": "When Ansible last saw the server become ready after a change.",
}


def host_metrics(facts: t.Mapping[str, t.Any], service: str = "localai") -> str:
    """Return the metrics of a host."""
    known = plain(facts)
    samples: list[tuple[str, dict[str, t.Any], float]] = [
        ("localai_info", {"version": known["server_version"], "capability": known["capability"]}, 1)
    ]
    for name, build in known["backends"].items():
        labels = {"name": name, "backend": build["backend"], "digest": build["digest"]}
        samples.append(("localai_backend_info", {**labels, "capability": known["capability"]}, 1))
    for name, build in known["backends"].items():
        samples.append(("localai_backend_runnable", {"name": name}, int(build["runnable"])))
    samples += [("localai_model_info", {"name": name}, 1) for name in known["models"]]
    if known["last_good_start"]:
        started = dt.datetime.fromisoformat(known["last_good_start"].replace("Z", "+00:00"))
        samples.append(("localai_last_good_start_timestamp_seconds", {}, int(started.timestamp())))
    lines = []
    for metric, text in _HELP.items():
        of_metric = [(labels, value) for name, labels, value in samples if name == metric]
        if of_metric:
            lines += [f"# HELP {metric} {text}", f"# TYPE {metric} gauge"]
            lines += [f"{metric}{_labels({'service': service, **labels})} {value}" for labels, value in of_metric]
    return "\n".join(lines) + "\n"


def _labels(labels: t.Mapping[str, t.Any]) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{','.join(pairs)}}}"


def _escaped(value: t.Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"host_metrics": host_metrics}

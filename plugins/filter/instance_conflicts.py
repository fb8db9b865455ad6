# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance of LocalAI would share with the other instances of its host."""

from __future__ import annotations

import posixpath
import re
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._values import plain

DOCUMENTATION = r"""
name: instance_conflicts
short_description: Find what an instance of LocalAI shares with others of its host
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - A path conflicts with the path of another instance if they are the same, or one of them is in the other. The models
    directory of another instance conflicts only if it is not the O(models_path) of this one.
positional: _input
options:
  _input:
    description: The instances of the host, as RV(localai.core.localai_host_info#module:instances) has them.
    type: list
    elements: dict
    required: true
  unit:
    description: The unit of this instance. The instance with this unit is not compared.
    type: str
    required: true
  paths:
    description: The paths that this instance writes, or with O(removal) deletes, by the variables that contain them.
    type: dict
    required: true
  models_path:
    description: The directory of models of this instance, also if it only reads it.
    type: str
  address:
    description: The address of this instance. A port that another instance uses conflicts.
    type: str
  account:
    description: The user and the group that are removed. The user or the group of another instance conflicts.
    type: list
    elements: str
    default: []
  removal:
    description: Whether O(paths) are deleted. Then they conflict only with paths that are the same or in them.
    type: bool
    default: false
"""

EXAMPLES = r"""
# => ['localai_backends_path is /srv/backends, and localai-two.service uses /srv/backends']
- name: Find a shared directory
  ansible.builtin.debug:
    msg: "{{ instances | localai.core.instance_conflicts('localai.service', paths) }}"
  vars:
    paths: {localai_backends_path: /srv/backends}
    instances:
      - {unit: localai-two.service, backends_path: /srv/backends}
"""

RETURN = r"""
_value:
  description: The conflicts, one text for each.
  type: list
  elements: str
"""

_PATHS = ("home", "backends_path", "data_path", "config_path", "models_path")
_EVERY_INTERFACE = ""
_HOSTS = {"0.0.0.0": _EVERY_INTERFACE, "[::]": _EVERY_INTERFACE, "localhost": "127.0.0.1"}  # noqa: S104


def instance_conflicts(
    instances: t.Iterable[t.Mapping[str, t.Any]],
    unit: str,
    paths: t.Mapping[str, str],
    *,
    models_path: str = "",
    address: str = "",
    account: t.Iterable[str] = (),
    removal: bool = False,
) -> list[str]:
    """Return the conflicts, instance by instance."""
    others = [other for other in plain(instances) if other["unit"] != unit]
    conflicts: list[str] = []
    for other in others:
        conflicts += _path_conflicts(other, plain(paths), plain(models_path), removal)
        theirs = other.get("address") or ""
        if address and theirs and _same_socket(plain(address), theirs):
            conflicts.append(f"localai_address is {address}, and {other['unit']} listens on {theirs}")
        for name in dict.fromkeys(plain(account)):
            if name in (other.get("user"), other.get("group")):
                conflicts.append(f"{other['unit']} runs as {name}")
    return conflicts


def _path_conflicts(
    other: t.Mapping[str, t.Any], paths: t.Mapping[str, str], models_path: str, removal: bool
) -> t.Iterator[str]:
    theirs = [(key, _plain_path(other[key])) for key in _PATHS if other.get(key)]
    for option, path in paths.items():
        ours = _plain_path(path)
        for key, used in theirs:
            # One instance manages models that others only read.
            is_shared_on_purpose = key == "models_path" and used == _plain_path(models_path) and not removal
            is_conflict = _is_in(used, ours) or (not removal and _is_in(ours, used))
            if is_conflict and not (is_shared_on_purpose and option != "localai_models_path"):
                yield f"{option} is {path}, and {other['unit']} uses {used}"
                break


def _plain_path(path: str) -> str:
    return posixpath.normpath(re.sub("/+", "/", path)) if path else ""


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _same_socket(one: str, other: str) -> bool:
    (host, port), (their_host, their_port) = _socket(one), _socket(other)
    is_same_host = host == their_host or _EVERY_INTERFACE in (host, their_host)
    return port == their_port and is_same_host


def _socket(address: str) -> tuple[str, str]:
    host, _colon, port = address.rpartition(":")
    return _HOSTS.get(host.lower(), host), port


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"instance_conflicts": instance_conflicts}

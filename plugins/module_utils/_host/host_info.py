# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of the module `localai_host_info`: options -> one answer for each question that the role has."""

from __future__ import annotations

import re
import shutil
import typing as t

from .._errors import OptionError
from .._fs.utf8 import os
from .._module.runner import Run, run_module
from . import binaries, documents, kernel, port, repositories, units
from .account import account_of
from .instances import Instance, instances
from .interpreter import interpreter
from .mounts import PathMount, mount_of
from .small_files import fingerprint_of

# What systemd allows in the name of a unit.
_UNIT_NAME = re.compile(r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*")
_PATHS: dict[str, t.Any] = {"type": "list", "elements": "path", "default": []}

HOST_INFO_SPEC: dict[str, t.Any] = {
    "name": {"type": "str", "default": "localai"},
    "user": {"type": "str"},
    "group": {"type": "str"},
    "gpu_groups": {"type": "list", "elements": "str", "default": []},
    "home": {"type": "path"},
    "address": {"type": "str"},
    "paths": _PATHS,
    "executable_paths": _PATHS,
    "binary_link": {"type": "path"},
    "binary_directories": _PATHS,
    "files": _PATHS,
    "memory": {"type": "path", "default": "/var/lib/localai-core"},
    "config_path": {"type": "path"},
    "environment_file": {"type": "path"},
    "misc_devices": _PATHS,
}


def run_host_info() -> None:
    """Carry out the module `localai_host_info`."""
    run_module({"argument_spec": HOST_INFO_SPEC}, _carry_out)


def _carry_out(run: Run) -> None:
    name = run.params["name"]
    if not _UNIT_NAME.fullmatch(name):
        raise OptionError(f"name: {name!r} is not the name of a systemd unit without its suffix.")
    run.result.update(answers(run.params))


def answers(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the result of the module; what cannot be known is null or left out of a list."""
    name = options["name"]
    service, fapolicyd = units.units([f"{name}.service", "fapolicyd.service"])
    account = account_of(options["user"], options["group"], options["gpu_groups"], options["home"])
    checksums = binaries.Checksums()
    memory, config_path = options["memory"], options["config_path"] or ""
    executable = [mount for mount in map(mount_of, options["executable_paths"]) if mount and mount.noexec]
    writable = [mount for mount in map(mount_of, options["paths"]) if mount]
    return {
        "python": interpreter(),
        "epel": repositories.has_epel(),
        "zstd": shutil.which("zstd") is not None,
        "account": {
            "user_exists": account.user_exists,
            "group_exists": account.group_exists,
            "uid": account.uid,
            "gid": account.gid,
            "groups": list(account.groups),
            "is_right": account.is_right,
        },
        "user_home": account.home,
        "selinux": kernel.selinux(),
        "fapolicyd": fapolicyd.is_active,
        "noexec": [_mount_row(mount) for mount in executable],
        "read_only": [_mount_row(mount) for mount in writable if mount.read_only],
        "space": [{**_mount_row(mount), "size": mount.size, "free": mount.free} for mount in writable],
        "user_namespaces": kernel.has_user_namespaces(),
        "lowest_port": kernel.lowest_port(),
        "port": {
            "in_use": port.is_in_use(options["address"] or ""),
            "own": port.is_own(service, options["address"] or ""),
        },
        "unit": {
            "load_state": service.load_state,
            "active_state": service.active_state,
            "main_pid": service.main_pid,
            "enabled": service.enabled,
        },
        "upstream_unit": units.has_upstream_unit(name),
        "devices": units.devices(name, options["misc_devices"]),
        "link": _link_row(binaries.link_of(options["binary_link"] or "", checksums)),
        "binaries": [_binary_row(one) for one in binaries.binaries_in(options["binary_directories"], checksums)],
        "files": {path: fingerprint_of(path) for path in options["files"]},
        "drop_ins": units.drop_ins(name),
        "instances": [_instance_row(one) for one in instances()],
        "started": documents.record(os.path.join(memory, "started.json")),
        "good": documents.record(os.path.join(memory, "good/start.json")),
        "previous": documents.record(os.path.join(memory, "previous/start.json")),
        "models": documents.record(os.path.join(memory, "models.json")),
        "told_capability": documents.told_capability(options["environment_file"] or ""),
        "runtime_settings": documents.runtime_settings(config_path),
        "external_backends": documents.external_backends(config_path),
    }


def _mount_row(mount: PathMount) -> dict[str, t.Any]:
    return {"path": mount.path, "mount_point": mount.mount_point}


def _link_row(link: binaries.Link) -> dict[str, t.Any]:
    return {"exists": link.exists, "target": link.target, "checksum": link.checksum}


def _binary_row(binary: binaries.Binary) -> dict[str, t.Any]:
    return {
        "path": binary.path,
        "version": binary.version,
        "checksum": binary.checksum,
        "recorded": binary.recorded,
    }


def _instance_row(instance: Instance) -> dict[str, t.Any]:
    return {
        "unit": instance.unit,
        "user": instance.user,
        "group": instance.group,
        "home": instance.home,
        "address": instance.address,
        "backends_path": instance.backends_path,
        "models_path": instance.models_path,
        "data_path": instance.data_path,
        "config_path": instance.config_path,
    }

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What C(localai_backend_info) tells: what is installed, what is wrong with it, and what the galleries have."""

from __future__ import annotations

import os
import typing as t
from dataclasses import asdict

from ansible_collections.localai.core.plugins.module_utils._address import printable
from ansible_collections.localai.core.plugins.module_utils._capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._detect import detect
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._gallery import Galleries
from ansible_collections.localai.core.plugins.module_utils._installed import OWN_DIRECTORY, Installed, Kept
from ansible_collections.localai.core.plugins.module_utils._listing import Listing, Row, home, problems
from ansible_collections.localai.core.plugins.module_utils._machine import Machine
from ansible_collections.localai.core.plugins.module_utils._metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._observe import disk_usage, observe
from ansible_collections.localai.core.plugins.module_utils._offers import installed_names, pins, upgrades
from ansible_collections.localai.core.plugins.module_utils._options import HostOptions
from ansible_collections.localai.core.plugins.module_utils._progress import in_progress
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, InfoOptions
from ansible_collections.localai.core.plugins.module_utils._resolver import Resolver, platform_of
from ansible_collections.localai.core.plugins.module_utils._unreadable import check_known, resolve


def survey(host: HostOptions, options: InfoOptions, warnings: list[str]) -> dict[str, t.Any]:
    """Return what the module returns, what needs the network only if it is asked for; adds to C(warnings)."""
    installed = observe(host.backends_path, host.backends_system_path, as_next_run=False)
    capability = detect(Machine(), host.capability)
    rows = Listing(installed, capability.name)
    wanted = options.wanted
    builds = {row.backend for name, row in rows.items() if wanted is None or name.lower() in wanted}
    found: dict[str, t.Any] = {
        "capability": capability.known,
        "capability_evidence": asdict(capability.evidence),
        "backends": [
            _info_row(row, installed, options.disk_usage)
            for name, row in sorted(rows.items())
            if wanted is None or name.lower() in wanted
        ],
        "in_progress": in_progress(os.path.join(host.backends_path, OWN_DIRECTORY)),
        "problems": [{"name": name, "problem": problem} for name, problem in problems(installed, rows)],
        "kept": [
            _kept_row(kept, installed, options.disk_usage)
            for kept in installed.kept
            if wanted is None or kept.backend in builds or {name.lower() for name in _names_of(kept)} & wanted
        ],
    }
    resolver = Resolver(host, BackendOptions((), state="latest"), capability, platform_of(host))
    if options.available:
        found["available"] = _available(resolver.galleries, capability, installed, rows, wanted)
    if options.upgrades:
        names = options.names if options.names is not None else installed_names(installed)
        found["upgrades"] = upgrades(names, installed, resolver, warnings)
    if options.pins:
        capabilities = options.pin_capabilities or (check_known(capability),)
        found["pins"] = pins(
            options.names, capabilities, host=host, installed=installed, resolver=resolver, warnings=warnings
        )
    warnings += resolver.warnings
    return found


def _names_of(kept: Kept) -> tuple[str, ...]:
    metadata = kept.directory.metadata
    return (kept.backend, metadata.alias) if metadata else (kept.backend,)


def _kept_row(kept: Kept, installed: Installed, with_disk_usage: bool) -> dict[str, t.Any]:
    metadata = kept.directory.metadata or Metadata()
    path = os.path.join(installed.path, kept.place)
    row: dict[str, t.Any] = {
        "backend": kept.backend,
        "path": path,
        "uri": printable(metadata.uri),
        "digest": kept.directory.digest,
        "version": metadata.version or None,
    }
    if with_disk_usage:
        row["disk_usage"] = disk_usage(path)
    return row


def _info_row(row: Row, installed: Installed, with_disk_usage: bool) -> dict[str, t.Any]:
    info: dict[str, t.Any] = {
        "name": row.name,
        "kind": row.kind,
        "backend": row.backend,
        "run_file": row.run_file,
        "runnable": row.runnable,
        "metadata": printable(row.metadata.fields()) if row.metadata else None,
        "problem": row.problem or None,
    }
    if with_disk_usage:
        path = installed.system_path if row.kind == "system" else installed.path
        info["disk_usage"] = disk_usage(os.path.join(path, home(installed, row)))
    return info


def _available(
    galleries: Galleries,
    capability: HostCapability,
    installed: Installed,
    rows: t.Mapping[str, Row],
    wanted: frozenset[str] | None,
) -> list[dict[str, t.Any]]:
    found = []
    for entry in galleries.entries():
        if wanted is not None and entry.name.lower() not in wanted:
            continue
        try:
            resolution = resolve(galleries, f"{entry.gallery}@{entry.name}", installed, capability)
            resolves_to: str | None = resolution.concrete.name
        except LocalAIError:
            resolves_to = None
        found.append(
            {
                "name": entry.name,
                "kind": "meta" if entry.is_meta else "concrete",
                "gallery": entry.gallery,
                "compatible": resolves_to is not None,
                "installed": entry.name in rows,
                "resolves_to": resolves_to,
                "uri": printable(entry.uri),
                "alias": entry.alias or None,
                "version": entry.version or None,
                "tags": list(entry.tags),
                "license": entry.license or None,
                "description": entry.description or None,
            }
        )
    return found

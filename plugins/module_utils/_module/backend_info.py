# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What C(localai_backend_info) tells: what is installed, what is wrong with it, and what the galleries have."""

from __future__ import annotations

import os
import typing as t
from dataclasses import asdict

from .._address import printable
from .._errors import LocalAIError
from .._fs.usage import disk_usage
from .._localai.capability import HostCapability
from .._localai.detect import detect
from .._localai.installed import RUN_FILE, Directory, Installed, Kept
from .._localai.leftovers import is_temporary, leftover_of
from .._localai.listing import Listing, Row, home
from .._localai.machine import Machine
from .._localai.metadata import METADATA, Metadata
from .._localai.scan import observe
from .._planner.unreadable import check_known, resolve
from .._request import BackendOptions, HostOptions, InfoOptions
from .._resolver.galleries import Galleries
from .._resolver.resolver import Resolver, platform_of
from .._sources.progress import in_progress
from .._store.layout import OWN_DIRECTORY, PROGRESS
from .offers import installed_names, pins, upgrades


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
        "in_progress": in_progress(os.path.join(host.backends_path, OWN_DIRECTORY, PROGRESS)),
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


def problems(installed: Installed, rows: t.Mapping[str, Row]) -> list[tuple[str | None, str]]:
    """Return what is wrong with directories that have no row, and, under None, with the host as a whole."""
    found: list[tuple[str | None, str]] = [(None, problem) for problem in installed.problems]
    unreadable = [directory.name for directory in installed.directories if directory.problem]
    if unreadable:
        found.append(
            (None, f"LocalAI lists no backend at all while it cannot read {METADATA} of {', '.join(unreadable)}")
        )
    with_row = {row.backend for row in rows.values()} | set(rows)
    for directory in installed.directories:
        if leftover_of(directory.name):
            found.append((directory.name, _left_behind(directory)))
        if directory.name in with_row or leftover_of(directory.name):
            continue
        if directory.kind == "symlink":
            found.append((directory.name, "it is a symlink, which LocalAI does not list"))
        elif directory.kind == "directory" and not directory.target:
            found.append((directory.name, f"it has no {RUN_FILE} and is no meta backend"))
    return found


def _left_behind(directory: Directory) -> str:
    base = leftover_of(directory.name)
    if not is_temporary(directory.name):
        return f"it is what LocalAI moved aside of {base} and did not put back"
    state = "is installing, or was interrupted" if directory.busy else "was interrupted more than an hour ago"
    return f"LocalAI {state} while it filled this for {base}"

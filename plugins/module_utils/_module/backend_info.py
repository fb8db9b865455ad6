# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_backend_info`: the installed backends and their problems."""

from __future__ import annotations

import typing as t

from .._address import printable
from .._fs.utf8 import os
from .._fs.walk import disk_usage
from .._localai.evidence import Evidence
from .._localai.installed import RUN_FILE, Directory, Installed, PreviousVersion
from .._localai.leftovers import is_temporary, leftover_of
from .._localai.listing import Listing, Row
from .._localai.metadata import METADATA, Metadata
from .._localai.names import is_usable
from .._localai.scan import scan
from .._localai.server import lists_backends, rules_of
from .._sources.progress import in_progress
from .._store.layout import OWN_DIRECTORY, PROGRESS
from .host_capability import capability_of
from .info_options import BACKEND_INFO, InfoOptions, info_options
from .options import host_options
from .runner import Run, check_paths, run_module

_UNUSABLE = "no model can use it: a model names its backend with a-z, 0-9, - and _ only"


def run_info() -> None:
    """Run the module `localai_backend_info`."""
    run_module(BACKEND_INFO, _run)


def _run(run: Run) -> None:
    host, request = host_options(run.params), info_options(run.params)
    check_paths(host)
    installed = scan(
        host.backends_path,
        host.backends_system_path,
        as_next_run=False,
        rules=rules_of(host.server_version, os.environ),
    )
    capability = capability_of(host.capability)
    rows = Listing(installed, capability.name)
    run.result.update(
        capability=capability.known,
        capability_evidence=_evidence(capability.evidence),
        backends=_installed_rows(rows, installed, request),
        in_progress=in_progress(os.path.join(host.backends_path, OWN_DIRECTORY, PROGRESS)),
        problems=[{"name": name, "problem": problem} for name, problem in problems(installed, rows)],
        previous=[
            _previous_row(previous, installed, request) for previous in _wanted_previous(installed, rows, request)
        ],
    )
    is_forced = capability.evidence.forced_by is not None
    if request.available or request.upgrades or request.pins:
        from .available import Available

        sources = Available(host, request, capability, installed, warnings=run.warnings)
        try:
            if request.available:
                run.result["available"] = sources.available()
            if request.upgrades:
                run.result["upgrades"] = sources.upgrades()
            if request.pins:
                run.result["pins"] = sources.pins()
        finally:
            run.warnings += sources.unknown_capability() if is_forced else []
    elif is_forced:
        from .._planner.facts import Facts
        from .._planner.unknown_capability import warnings_of

        run.warnings += warnings_of(Facts(capability, scan=installed))


def _is_wanted(name: str, request: InfoOptions) -> bool:
    return request.wanted is None or name.lower() in request.wanted


def _evidence(evidence: Evidence) -> dict[str, t.Any]:
    return {
        "rule": evidence.rule,
        "forced_by": evidence.forced_by,
        "gpus": [{"vendor": gpu.vendor, "seen": gpu.seen} for gpu in evidence.gpus],
        "vram": evidence.vram,
        "cuda": list(evidence.cuda),
        "unreadable": [{"vendor": gpu.vendor, "probe": gpu.probe, "output": gpu.output} for gpu in evidence.unreadable],
    }


def _installed_rows(rows: Listing, installed: Installed, request: InfoOptions) -> list[dict[str, t.Any]]:
    usable = {row.backend for name, row in rows.items() if is_usable(name)}
    wanted = [rows[name] for name in sorted(rows) if _is_wanted(name, request)]
    listed = lists_backends(installed)
    return [_installed_row(row, row.backend in usable, listed, installed, request) for row in wanted]


def _installed_row(
    row: Row, has_usable_name: bool, listed: bool, installed: Installed, request: InfoOptions
) -> dict[str, t.Any]:
    path = installed.system_path if row.kind == "system" else installed.path
    return {
        "name": row.name,
        "kind": row.kind,
        "backend": row.backend,
        "is_meta": row.is_meta,
        "is_system": row.kind == "system",
        "listed": listed,
        "usable": is_usable(row.name),
        "run_file": row.run_file,
        "runnable": row.runnable,
        "metadata": printable(row.metadata.fields()) if row.metadata else None,
        "platform_digest": _platform_digest(installed.get(row.backend)) if row.kind != "system" else None,
        "signer": _signer(installed.get(row.backend)) if row.kind != "system" else None,
        "problem": row.problem or (None if has_usable_name else _UNUSABLE),
        **_usage(os.path.join(path, row.home), request),
    }


def _platform_digest(directory: Directory | None) -> str | None:
    """Return the digest of the manifest for this platform of an installed build, if it is recorded."""
    record = directory.record if directory is not None else None
    return record.platform_digest or None if record is not None else None


def _signer(directory: Directory | None) -> dict[str, t.Any] | None:
    """Return who signed an installed build, if that was verified."""
    record = directory.record if directory is not None else None
    return None if record is None or record.signer is None else record.signer._asdict()


def _wanted_previous(installed: Installed, rows: Listing, request: InfoOptions) -> list[PreviousVersion]:
    wanted = request.wanted
    builds = {row.backend for name, row in rows.items() if _is_wanted(name, request)}
    return [
        previous
        for previous in installed.previous
        if wanted is None
        or previous.backend in builds
        or not wanted.isdisjoint((previous.backend.lower(), previous.directory.alias.lower()))
    ]


def _previous_row(previous: PreviousVersion, installed: Installed, request: InfoOptions) -> dict[str, t.Any]:
    metadata = previous.directory.metadata or Metadata()
    path = os.path.join(installed.path, previous.path)
    return {
        "backend": previous.backend,
        "path": path,
        "uri": printable(metadata.uri),
        "digest": previous.directory.digest,
        "version": metadata.version or None,
        **_usage(path, request),
    }


def _usage(path: str, request: InfoOptions) -> dict[str, int]:
    return {"disk_usage": disk_usage(path)} if request.disk_usage else {}


def problems(installed: Installed, rows: t.Mapping[str, Row]) -> list[tuple[str | None, str]]:
    """Return the problems of directories that have no row, and those of the host, which have the name None."""
    result: list[tuple[str | None, str]] = [(None, problem) for problem in installed.problems]
    unreadable = [directory.name for directory in installed.directories if directory.problem]
    if unreadable:
        result.append(
            (None, f"LocalAI lists no backend at all while it cannot read {METADATA} of {', '.join(unreadable)}")
        )
    for directory in installed.system:
        if directory.problem and installed.rules.reads_system_metadata:
            path = os.path.join(installed.system_path, directory.name)
            result.append((None, f"{path}: LocalAI skips it, because its {METADATA} {directory.problem}"))
    with_row = {row.backend for row in rows.values()} | set(rows)
    for directory in installed.directories:
        if leftover_of(directory.name):
            result.append((directory.name, _leftover_problem(directory)))
        if directory.name in with_row or leftover_of(directory.name):
            continue
        if directory.kind == "symlink":
            result.append((directory.name, "it is a symlink, which LocalAI does not list"))
        elif directory.kind == "directory" and not directory.target:
            result.append((directory.name, f"it has no {RUN_FILE} and is not a meta backend"))
    return result


def _leftover_problem(directory: Directory) -> str:
    base = leftover_of(directory.name)
    if not is_temporary(directory.name):
        return f"it is LocalAI's backup of {base}, which LocalAI did not put back"
    if directory.busy:
        return f"LocalAI is installing {base} in it, or was interrupted less than an hour ago"
    return f"LocalAI was installing {base} in it, and was interrupted more than an hour ago"

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host in the report: what the modules returned about it, reduced to keys that are listed here."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import replace

from ansible_collections.localai.core.plugins.plugin_utils._report import findings, host_findings
from ansible_collections.localai.core.plugins.plugin_utils._report.findings import Finding, Row
from ansible_collections.localai.core.plugins.plugin_utils._report.texts import number_of, text_of, time_of
from ansible_collections.localai.core.plugins.plugin_utils._values import plain

# As the modules are named in texts.
SETUP, PREFLIGHT = "ansible.builtin.setup", "localai_host_info"
BACKENDS, MODELS, SERVER = "localai_backend_info", "localai_model_info", "localai_server_info"
_NOT_MANAGED = "The role does not manage this directory, so it has to be repaired where it is filled."
# What is compared with if the variables of a host cannot be used: it finds nothing.
_UNKNOWN: Row = {
    **dict.fromkeys(("capability", "last_good_start", "operating_system", "platform", "signatures", "version"), ""),
    **dict.fromkeys(("told_capability", "declared_version"), ""),
    **{key: [] for key in ("backends", "own_builds", "models", "expected_capabilities", "restart_reasons")},
    **{key: [] for key in ("names_to_register", "to_unload")},
    "pins": {},
    "state": "present",
    **dict.fromkeys(("is_started", "manages_service", "manages_backends", "manages_models", "reload_models"), False),
}


def row_of_host(seen: t.Mapping[str, t.Any], least_free: float) -> Row:
    """Return the row of one host.

    `seen` has the `host`, its `groups`, the registered `results` of the modules by their names, the errors in its
    `variables`, and what is `wanted` there: see the filter `report_row`. `least_free` is in percent of a file system.
    """
    host = plain(seen)
    given = host.get("results") or {}
    results: dict[str, Row] = {name: given.get(name) or {} for name in (SETUP, PREFLIGHT, BACKENDS, MODELS, SERVER)}
    wanted = {**_UNKNOWN, **(host.get("wanted") or {})}
    server, evidence = results[SERVER], results[BACKENDS].get("capability_evidence") or {}
    unit = server.get("unit") or {}
    backends = _backends(results[BACKENDS].get("backends") or [])
    models = _models(results[MODELS].get("models") or [])
    unread = list(host_findings.not_read(results, host.get("variables") or []))
    is_wanted = wanted["state"] == "present"
    row: Row = {
        "host": text_of(host["host"]),
        "groups": sorted(text_of(group) for group in host.get("groups") or []),
        "is_wanted": is_wanted,
        "is_reachable": not any(finding.condition == "unreachable" for finding in unread),
        "is_ready": server.get("ready") if isinstance(server.get("ready"), bool) else None,
        "capability": text_of(results[BACKENDS].get("capability")) or None,
        "capability_rule": text_of(evidence.get("rule")) or None,
        "gpus": sorted({text_of(gpu.get("vendor")) for gpu in evidence.get("gpus") or []}),
        "gpu_memory": number_of(evidence.get("vram")),
        "operating_system": text_of(wanted["operating_system"]) or None,
        "platform": text_of(wanted["platform"]) or None,
        "server_version": text_of(server.get("version")) or text_of(wanted["version"]) or None,
        "unit_state": _unit_state(unit),
        "restarts": number_of(unit.get("restarts")),
        "started": time_of(unit.get("started")) or None,
        "loaded_models": sorted(map(text_of, server.get("loaded_models") or [])),
        "space": [
            {
                "path": text_of(disk.get("path")),
                "size": number_of(disk.get("size")),
                "free": number_of(disk.get("free")),
            }
            for disk in results[PREFLIGHT].get("space") or []
        ],
        "least_free_percent": _least_free(results[PREFLIGHT].get("space") or []),
        "size": sum({row["build"]: row["size"] or 0 for row in backends}.values())
        + sum(row["size"] or 0 for row in models),
        "last_good_start": time_of(wanted["last_good_start"]) or None,
        "backends": _distinct(backends),
        "models": models,
    }
    times = [row["last_good_start"] or "", *(backend["installed_at"] or "" for backend in backends)]
    row["last_change"] = max(times) or None
    found = [*unread, *(_findings(backends, models, results, wanted, least_free) if is_wanted else [])]
    row["findings"] = [_finding(finding) for finding in found]
    return row


def _findings(
    backends: list[Row], models: list[Row], results: t.Mapping[str, Row], wanted: Row, least_free: float
) -> t.Iterator[Finding]:
    """Yield what needs action, as far as the host could be read; notes in the rows whether they are as pinned."""
    if results[SERVER].get("unit"):
        yield from host_findings.not_ready(results[SERVER], wanted)
    if "backends" in results[BACKENDS]:
        capability, expected = results[BACKENDS].get("capability"), wanted["expected_capabilities"]
        evidence, devices = results[BACKENDS].get("capability_evidence") or {}, results[SERVER].get("devices") or []
        yield from host_findings.unusable_gpus(evidence, capability, devices, expected)
        yield from host_findings.other_capability(evidence, capability, wanted)
        yield from _advised(_of_backends(backends, results[BACKENDS], wanted), wanted["manages_backends"])
    if "models" in results[MODELS]:
        yield from _advised(_of_models(models, results[MODELS], wanted), wanted["manages_models"])
    yield from host_findings.other_version(wanted)
    yield from host_findings.pending(wanted, results[SERVER].get("loaded_models"))
    yield from host_findings.full_disks(results[PREFLIGHT].get("space") or [], least_free)


def _of_backends(backends: list[Row], result: Row, wanted: Row) -> t.Iterator[Finding]:
    yield from findings.problems_of_backends(backends, result.get("problems") or [])
    yield from findings.missing("backend", wanted["backends"], (one["name"] for one in backends))
    agrees, off_pins = findings.pins_of_backends(backends, wanted)
    _note(backends, agrees)
    yield from off_pins
    yield from findings.unsigned(backends, wanted["signatures"])


def _of_models(models: list[Row], result: Row, wanted: Row) -> t.Iterator[Finding]:
    yield from findings.problems_of_models(result.get("problems") or [])
    yield from findings.missing("model", wanted["models"], (one["name"] for one in models))
    hashes = {text_of(model.get("name")): _hashes(model) for model in result["models"]}
    agrees, off_pins = findings.pins_of_models(models, hashes, wanted["pins"])
    _note(models, agrees)
    yield from off_pins


def _advised(found: t.Iterable[Finding], is_managed: bool) -> t.Iterator[Finding]:
    """Yield findings with other advice where the role does not manage what they are about."""
    for finding in found:
        yield finding if is_managed or finding.advice else replace(finding, advice=_NOT_MANAGED)


def _note(rows: t.Iterable[Row], agrees: t.Mapping[str, bool]) -> None:
    for row in rows:
        row["is_as_pinned"] = agrees.get(row["name"])


def _unit_state(unit: Row) -> str | None:
    """Return the state of the unit, or `not-found` if there is none, which systemd calls inactive."""
    return (
        text_of(unit.get("load_state") if unit.get("load_state") == "not-found" else unit.get("active_state")) or None
    )


def _least_free(space: t.Iterable[Row]) -> int | None:
    """Return how many percent of the fullest file system are free; None if none is known."""
    return min((100 * (disk.get("free") or 0) // disk["size"] for disk in space if disk.get("size")), default=None)


def _backends(rows: t.Sequence[Row]) -> list[Row]:
    """Return the installed names. What is about a build is in the row of its own name."""
    builds = {row.get("name"): row for row in rows}
    return [_backend(row, builds.get(row.get("backend"), row)) for row in rows]


def _distinct(backends: t.Sequence[Row]) -> list[Row]:
    """Return the names without those of builds that another name leads to."""
    targets = {row["build"] for row in backends if row["build"] != row["name"]}
    return [row for row in backends if row["name"] not in targets]


def _backend(row: Row, build: Row) -> Row:
    signer, metadata = row.get("signer") or {}, build.get("metadata") or {}
    return {
        "name": text_of(row.get("name")),
        "kind": text_of(row.get("kind")),
        "build": text_of(row.get("backend")),
        "digest": text_of(metadata.get("digest")),
        "platform_digest": text_of(row.get("platform_digest")),
        "version": text_of(metadata.get("version")),
        "uri": text_of(metadata.get("uri")),
        "is_as_pinned": None,
        "signer": text_of(signer.get("identity")),
        "size": number_of(build.get("disk_usage")),
        "installed_at": time_of(metadata.get("installed_at")),
        "problem": text_of(row.get("problem")).rstrip("."),
    }


def _models(rows: t.Sequence[Row]) -> list[Row]:
    return [
        {
            "name": text_of(row.get("name")),
            "model": text_of(row.get("model")),
            "gallery": text_of(row.get("gallery")),
            "backend": text_of(row.get("backend")),
            "digest": _digest_of_model(row),
            "is_as_pinned": None,
            "installed_by": text_of(row.get("installed_by")),
            "size": number_of(row.get("size")),
            "is_complete": row.get("complete") is True,
        }
        for row in rows
    ]


def _hashes(model: Row) -> dict[str, str]:
    files = model.get("files") or []
    return {str(file.get("filename")): str(file.get("sha256") or "") for file in files}


def _digest_of_model(model: Row) -> str:
    """Return one digest for all files of a model: that of its file, or a hash of all; empty if one is not recorded."""
    hashes = _hashes(model)
    if not hashes or not all(hashes.values()):
        return ""
    if len(hashes) == 1:
        return f"sha256:{text_of(next(iter(hashes.values())))}"
    lines = "".join(f"{name}\0{sha256}\n" for name, sha256 in sorted(hashes.items()))
    return f"sha256:{hashlib.sha256(lines.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _finding(finding: Finding) -> Row:
    return {
        "condition": finding.condition,
        "text": text_of(finding.text),
        "detail": finding.detail,
        "advice": finding.advice,
    }

# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions that need action on a host itself: its connection, its service, its GPU, its capability and its disks."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._report.findings import Finding, Row
from ansible_collections.localai.core.plugins.plugin_utils._report.texts import size_text, text_of

# LocalAI's words for a host whose GPU is not used.
_WITHOUT_GPU = ("default", "cpu")
# One of the role's reasons for a restart.
FIRST_START = "the first start"


def not_read(results: t.Mapping[str, Row], variables: t.Sequence[str]) -> t.Iterator[Finding]:
    """Yield why a host, or a part of it, could not be read. `results` are those of the modules, by their names.

    A module that was not run, because an earlier one failed, has no result.
    """
    unreachable = [result for result in results.values() if result.get("unreachable")]
    if unreachable:
        yield Finding("unreachable", "It cannot be reached.", text_of(unreachable[0].get("msg")))
        return
    for error in variables:
        text = "The variables of the host are not valid."
        yield Finding("unread", text, text_of(error), "Correct the variables of the host in the inventory.")
    for name, result in results.items():
        if result.get("failed"):
            yield Finding("unread", f"{name} failed.", text_of(result.get("msg")) or "It returned no reason.")


def not_ready(server: Row, wanted: Row) -> t.Iterator[Finding]:
    """Yield why a server that should be ready is not; `server` is the result of `localai_server_info`."""
    unit = server.get("unit") or {}
    exists = unit.get("load_state") not in ("not-found", None)
    if server.get("ready") or not wanted["is_started"] or not (wanted["manages_service"] or exists):
        return
    name = text_of(unit.get("name"))
    if not exists:
        yield Finding("not_ready", f"There is no unit {name}.", advice="Run localai.core.provision.")
        return
    state = " and ".join(dict.fromkeys((text_of(unit.get("active_state")), text_of(unit.get("sub_state")))))
    if unit.get("active_state") == "active":
        yield Finding("not_ready", f"{name} is {state}, but the server at {text_of(server.get('url'))} is not ready.")
        return
    result = text_of(unit.get("result"))
    reason = f"The result of its last run is {result}." if result and result != "success" else ""
    yield Finding("not_ready", f"{name} is {state}.", reason)


def unusable_gpus(
    evidence: Row, capability: t.Any, devices: t.Iterable[Row], expected: t.Sequence[str]
) -> t.Iterator[Finding]:
    """Yield why a GPU that is present cannot be used, unless somebody set or expects a capability without one."""
    if capability in _WITHOUT_GPU and (evidence.get("forced_by") or capability in expected):
        return
    unreadable = evidence.get("unreadable") or []
    for row in unreadable:
        text = f"The GPU of {text_of(row.get('vendor'))} cannot be read with {text_of(row.get('probe'))}."
        yield Finding("gpu", text, text_of(row.get("output")))
    vendors = sorted({text_of(row.get("vendor")) for row in evidence.get("gpus") or []})
    if vendors and capability in _WITHOUT_GPU and not unreadable:
        text = f"A GPU of {' and '.join(vendors)} is present, and the capability is {text_of(capability)}."
        yield Finding("gpu", text, text_of(evidence.get("rule")))
    for device in devices:
        if not device.get("allowed"):
            text = f"The service may not open {text_of(device.get('path'))}."
            yield Finding("gpu", text, text_of(device.get("reason")))


def other_capability(evidence: Row, capability: t.Any, wanted: Row) -> t.Iterator[Finding]:
    """Yield that the capability is not what is expected, or not what the service was told."""
    expected, told = wanted["expected_capabilities"], wanted["told_capability"]
    known, detail = text_of(capability) or "unknown", text_of(evidence.get("rule"))
    if expected and capability not in expected:
        yield Finding("capability", f"The capability is {known}, and {_any_of(expected)} is expected.", detail)
    elif told and capability and told != capability:
        yield Finding("capability", f"The service was told {text_of(told)}, and the host has {known}.", detail)


def _any_of(values: t.Iterable[t.Any]) -> str:
    return " or ".join(map(text_of, values))


def pending(wanted: Row, loaded_models: t.Sequence[t.Any] | None) -> t.Iterator[Finding]:
    """Yield what the running service does not know yet, as the role would decide it."""
    reasons = wanted["restart_reasons"]
    if FIRST_START in reasons:
        yield Finding("restart_pending", "The role has no record of this start, so its next run restarts the service.")
        return
    if reasons:
        what = ", ".join(map(text_of, reasons))
        yield Finding("restart_pending", f"The service was started before a change of: {what}.")
        return
    if wanted["names_to_register"]:
        names = ", ".join(sorted(map(text_of, wanted["names_to_register"])))
        yield Finding("reload_pending", f"The service does not know these backends: {names}.")
    if wanted["reload_models"]:
        yield Finding("reload_pending", "The service has not read its models again since they were changed.")
    if wanted["to_unload"] and loaded_models != []:
        names = ", ".join(sorted(map(text_of, wanted["to_unload"])))
        yield Finding("reload_pending", f"These may still be loaded from replaced files: {names}.")


def other_version(wanted: Row) -> t.Iterator[Finding]:
    """Yield that the binary on the host is not the one that the inventory wants; nothing if either is not known."""
    installed, declared = text_of(wanted["version"]), text_of(wanted["declared_version"])
    if installed and declared and installed != declared:
        yield Finding("off_pins", f"The server is {installed}, and localai_version is {declared}.")


def full_disks(space: t.Iterable[Row], least: float) -> t.Iterator[Finding]:
    """Yield the file systems of which less than `least` percent are free; `space` is that of `localai_host_info`."""
    seen = set()
    for row in space:
        size, free, mount = row.get("size") or 0, row.get("free") or 0, row.get("mount_point") or row.get("path")
        if not size or mount in seen or 100 * free >= least * size:
            continue
        seen.add(mount)
        text = f"Less than {least:g} % of {text_of(mount)} is free."
        yield Finding("disk", text, f"{size_text(free)} of {size_text(size)}")

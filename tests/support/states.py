# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installed backends, previous versions and pins as values, and the check that all tables of plans share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.installed import (
    Directory,
    Installed,
    PreviousVersion,
)
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._localai.server import server_mapping
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, Pin
from ansible_collections.localai.core.plugins.module_utils._store.record import Record

from .plans import CPU_HOST, DIGEST, OLD_DIGEST, carried_out, concrete, decide, short, want

NOTHING = "none: "
BY_NAME, BY_META = Record(requested=True), Record()
RECORDED = Record(listed=True)
ROOTS = FileAttributes("root", "root", "0755")
PIN_M = {"m": Pin("m", "default", "linux/amd64", "cpu-m", Address("quay.io/cpu-m"), DIGEST)}
PIN_X = {"x": Pin("x", "default", "linux/amd64", "cuda12-x", Address("quay.io/cuda12-x"), OLD_DIGEST, "x")}
PIN_PIPER = {"piper": Pin("piper", "default", "linux/amd64", "piper", Address("quay.io/piper"), DIGEST)}


def current(name: str, alias: str = "", **more: Any) -> Directory:
    """A build as the gallery has it now."""
    old = concrete(name, alias)
    return replace(old, metadata=replace(old.metadata or Metadata(), digest=DIGEST), **more)


def previous_version(
    backend: str, number: int, digest: str = OLD_DIGEST, uri: str = "", alias: str = ""
) -> PreviousVersion:
    """Return a previous version; a higher number is a later one."""
    metadata = Metadata(alias, "", backend, Address("g"), "earlier", "", Address(uri or f"quay.io/{backend}"), digest)
    directory = Directory(str(number), "directory", True, True, metadata, attributes=ROOTS)
    return PreviousVersion(backend, f".localai-core/kept/{backend}/{number}", directory)


def having(state: Installed, *previous: PreviousVersion) -> Installed:
    """Return a state with these previous versions."""
    return replace(state, previous=previous)


def leftover(name: str, of: Directory, busy: bool = False) -> Directory:
    """Return a directory under the name of a leftover of LocalAI."""
    return replace(of, name=name, busy=busy)


def check_plan(options: BackendOptions, state: Installed, expected: str, host: HostCapability = CPU_HOST) -> Installed:
    """Check the plan in short, that it predicts a restart, and that nothing is left to do after it.

    Returns the state after the plan.
    """
    plan = decide(options, state, host)
    assert short(plan) == expected
    after = carried_out(plan.steps, state)
    assert plan.restart_required is (server_mapping(state, host.name) != server_mapping(after, host.name))
    again = decide(replace(options, force=False), after, host)
    assert (again.steps, again.removed, {outcome.action for outcome in again.outcomes}) == ((), (), {"none"})
    return after


def check_states(name: str, state: Installed, present: str, latest: str, absent: str) -> None:
    """Check the plan of a task with one name in each of the three states that an option `state` can have."""
    for wanted, expected in (("present", present), ("latest", latest), ("absent", absent)):
        check_plan(want(name, state=wanted), state, expected)

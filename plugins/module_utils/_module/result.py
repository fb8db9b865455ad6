# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan, and what came of it -> what the module returns. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._address import Address, printable
from .._localai.capability import HostCapability
from .._planner.changes import Step
from .._planner.plan import Outcome, Plan


@dataclass(frozen=True)
class Fetched:
    """What is known of a build only after it came; C(elapsed) in seconds."""

    uri: Address
    served_by: str
    transferred: int
    elapsed: float


def report(decided: Plan, capability: HostCapability, fetched: t.Mapping[str, Fetched]) -> dict[str, t.Any]:
    """Return the result of a run that did C(decided), or would do it; C(fetched) by the name of the build."""
    return {
        "changed": bool(decided.steps),
        "capability": capability.known,
        "backends": [_outcome_row(outcome, fetched) for outcome in decided.outcomes],
        "removed": [{"backend": backend, "reason": reason} for backend, reason in decided.removed],
        "unload": list(decided.replaced),
        "restart_required": decided.restart_required,
        "diff": [
            {
                "before_header": step.backend,
                "after_header": step.backend,
                "before": printable(step.before),
                "after": printable(step.after),
            }
            for step in decided.steps
        ],
    }


def _outcome_row(outcome: Outcome, fetched: t.Mapping[str, Fetched]) -> dict[str, t.Any]:
    came = fetched.get(outcome.backend or "") if outcome.action != "none" else None
    return {
        "name": outcome.name,
        "backend": outcome.backend,
        "action": outcome.action,
        "capability": outcome.capability,
        "reason": outcome.reason,
        "run_file": outcome.run_file,
        "uri": printable(came.uri if came else outcome.uri),
        "version": outcome.version,
        "digest": outcome.digest,
        "served_by": came.served_by if came else None,
        "bytes_transferred": came.transferred if came else 0,
        "elapsed": came.elapsed if came else 0.0,
    }


def first_steps(
    decided: Plan, count: int, partly: tuple[Step, ...], replaced: tuple[str, ...], restart_required: bool
) -> Plan:
    """Return the part of a plan that was carried out, with what that led to: C(count) steps, and C(partly) the next."""
    steps = (*decided.steps[:count], *partly)
    touched = {step.backend for step in steps}
    return replace(
        decided,
        outcomes=tuple(outcome for outcome in decided.outcomes if outcome.done_after <= count),
        steps=steps,
        removed=tuple((backend, why) for backend, why in decided.removed if backend in touched),
        replaced=replaced,
        restart_required=restart_required,
    )

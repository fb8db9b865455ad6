# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the result of `localai_backend` from a plan and its transfers, key by key."""

from __future__ import annotations

import typing as t

from .._address import printable
from .._localai.capability import HostCapability
from .._planner.plan import Outcome, Plan

if t.TYPE_CHECKING:
    from .apply import Transfer


def result_of(plan: Plan, host: HostCapability, transfers: t.Mapping[str, Transfer]) -> dict[str, t.Any]:
    """Return the result of a run that applies `plan`; `transfers` are by the name of the build."""
    return {
        "changed": bool(plan.steps),
        "capability": host.known,
        "backends": [_backend_row(outcome, transfers) for outcome in plan.outcomes],
        "removed": [{"backend": backend, "reason": reason} for backend, reason in plan.removed],
        "unload": list(plan.unload),
        "restart_required": plan.restart_required,
        "diff": [
            {
                "before_header": step.backend,
                "after_header": step.backend,
                "before": printable(step.before),
                "after": printable(step.after),
            }
            for step in plan.steps
        ],
    }


def _backend_row(outcome: Outcome, transfers: t.Mapping[str, Transfer]) -> dict[str, t.Any]:
    transfer = transfers.get(outcome.backend or "") if outcome.action != "none" else None
    return {
        "name": outcome.name,
        "backend": outcome.backend,
        "action": outcome.action,
        "capability": outcome.capability,
        "reason": outcome.reason,
        "run_file": outcome.run_file,
        "uri": printable(transfer.uri if transfer else outcome.uri),
        "version": outcome.version,
        "digest": outcome.digest,
        "served_by": transfer.served_by if transfer else None,
        "bytes_transferred": transfer.transferred if transfer else 0,
        "elapsed": transfer.elapsed if transfer else 0.0,
    }

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every run has to prove: check mode predicts it, it does that and no more, and nothing is left to do."""

from __future__ import annotations

from typing import Any

from .host import Snapshot, snapshot
from .world import Host

FORESEEN = ("changed", "diff", "removed", "unload", "restart_required", "capability", "warnings")
NOT_KNOWN_YET = "It is not known yet whether the file system of"
OF_A_BACKEND = ("name", "backend", "action", "capability", "reason", "run_file", "uri", "digest", "version")


def foreseen(result: dict[str, Any]) -> dict[str, Any]:
    """The part of a result that check mode must know already; it warns of what only a run that writes finds out."""
    backends = [{key: row[key] for key in OF_A_BACKEND} for row in result["backends"]]
    warnings = [warning for warning in result["warnings"] if NOT_KNOWN_YET not in warning]
    return {"backends": backends, **{key: result[key] for key in FORESEEN}, "warnings": warnings}


def actions(result: dict[str, Any]) -> dict[str, str]:
    """What is done about each name."""
    return {row["name"]: row["action"] for row in result["backends"]}


def installed(host: Host) -> Snapshot:
    """A snapshot of the backends; our own directory left out, and the path itself, whose time that changes."""
    found = snapshot(host.path) if host.path.exists() else {}
    return {name: entry for name, entry in found.items() if name and not name.startswith(".localai-core")}


def prove(host: Host, *names: str, action: str, **options: Any) -> dict[str, Any]:
    """Check, see that nothing was touched, run, and see that nothing is left to do. Returns what the run said.

    Only `latest` may use the network when nothing is left to do.
    """
    before = snapshot(host.path.parent)
    predicted = host.backend(*names, check=True, **options)
    assert not predicted["failed"], predicted["msg"]
    assert snapshot(host.path.parent) == before
    result = host.install(*names, **options)
    assert foreseen(result) == foreseen(predicted)
    assert (set(actions(result).values()), result["changed"]) == ({action}, bool(result["diff"]))
    assert action == "none" or result["changed"]
    after = installed(host)
    host.world.registry.requests.clear()
    host.world.files.requests.clear()
    again = {**options, "force": False} if "force" in options else options
    for check in (True, False):
        unchanged = host.backend(*names, check=check, **again)
        assert (unchanged["failed"], unchanged["changed"], unchanged["diff"]) == (False, False, [])
        assert set(actions(unchanged).values()) == {"none"}
        assert (unchanged["restart_required"], unchanged["unload"]) == (False, [])
    assert installed(host) == after
    assert host.world.requests == [] or options.get("state") == "latest"
    return result

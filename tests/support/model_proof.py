# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every run of `localai_model` has to prove: check mode predicts it, and nothing is left to do."""

from __future__ import annotations

from typing import Any

from .host import Snapshot, snapshot
from .model_world import ModelHost

FORESEEN = (
    *("failed", "changed", "diff", "removed", "unload", "reload_required", "restart_required", "backends", "warnings"),
)
# Only a run that writes finds out whether a file system stores owners.
_NOT_KNOWN_YET = "does not exist yet"


def foreseen(result: dict[str, Any]) -> dict[str, Any]:
    """The part of a result that check mode must know already; digests and sizes may be unknown before a transfer."""
    unknown = ("served_by", "bytes_transferred", "elapsed", "files")
    models = [
        {
            **{key: value for key, value in row.items() if key not in unknown},
            "files": [(file["filename"], file["uri"]) for file in row["files"]],
        }
        for row in result["models"]
    ]
    warnings = [warning for warning in result["warnings"] if _NOT_KNOWN_YET not in warning]
    return {**{key: result[key] for key in FORESEEN}, "warnings": warnings, "models": models}


def actions(result: dict[str, Any]) -> dict[str, str]:
    """What is done about each model."""
    return {row["name"]: row["action"] for row in result["models"]}


def installed(host: ModelHost) -> Snapshot:
    """A snapshot of the models path without our own directory, and without its own time."""
    taken = snapshot(host.path) if host.path.exists() else {}
    return {name: entry for name, entry in taken.items() if name and not name.startswith(".localai-core")}


def prove(host: ModelHost, *names: str, **options: Any) -> dict[str, Any]:
    """Check, see that nothing was touched, run, and see that nothing is left to do. Returns the result of the run.

    Only `latest` may use the network when nothing is left to do, and the warnings of the first run are not repeated.
    """
    before = snapshot(host.path.parent)
    predicted = host.model(*names, check=True, **options)
    assert snapshot(host.path.parent) == before
    result = host.model(*names, **options)
    assert not result["failed"], result["msg"]
    assert foreseen(result) == foreseen(predicted)
    assert result["changed"] == bool(result["diff"])
    assert (result["msg"] == "Nothing to change.") == (not result["changed"])
    assert ("none" in actions(result).values()) or result["changed"] or not actions(result)
    after = installed(host)
    host.world.files.requests.clear()
    again = {**options, "force": False} if "force" in options else options
    for check in (True, False):
        unchanged = host.model(*names, check=check, **again)
        assert (unchanged["failed"], unchanged["changed"], unchanged["diff"]) == (False, False, []), unchanged
        assert set(actions(unchanged).values()) <= {"none"}
        assert (unchanged["removed"], unchanged["unload"]) == ([], [])
        assert (unchanged["reload_required"], unchanged["restart_required"]) == (False, False)
        assert unchanged["backends"] == result["backends"]
    assert installed(host) == after
    assert host.requests == 0 or _asks(options)
    return result


def _asks(options: dict[str, Any]) -> bool:
    """Whether a converged run with these options asks servers."""
    states = [options.get("state"), *(row.get("state") for row in options.get("models", []))]
    return "latest" in states

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message of a run names what it did, or in check mode would do."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.message import message_of


def result(*actions: str, removed: tuple[str, ...] = (), changed: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "backends": [{"name": f"b{number}", "action": action} for number, action in enumerate(actions)],
        "removed": [{"backend": backend, "reason": "x"} for backend in removed],
        "diff": [{"after_header": name} for name in changed],
    }


MESSAGES = [
    (result(), "Nothing to change.", "Nothing to change."),
    (result("none", "none"), "Nothing to change.", "Nothing to change."),
    (result("install"), "Installed b0.", "Would install b0."),
    (result("install", "none", "install"), "Installed b0 and b2.", "Would install b0 and b2."),
    (result("upgrade", "upgrade", "upgrade"), "Upgraded b0, b1 and b2.", "Would upgrade b0, b1 and b2."),
    (
        result("remove", "install", removed=("old", "old")),
        "Installed b1; removed b0 and old.",
        "Would install b1; remove b0 and old.",
    ),
    (result("none", removed=("old",)), "Removed old.", "Would remove old."),
    (
        result("chown", "prune"),
        "Changed the owner, group or mode of b0; removed previous versions of b1.",
        "Would change the owner, group or mode of b0; remove previous versions of b1.",
    ),
    (result("none", changed=("x", "x")), "Changed x.", "Would change x."),
]


@pytest.mark.parametrize(("returned", "past", "future"), MESSAGES)
def test_the_message_names_the_actions(returned: dict[str, Any], past: str, future: str) -> None:
    assert message_of(returned, check_mode=False) == past
    assert message_of(returned, check_mode=True) == future


def rows(**builds: str) -> dict[str, Any]:
    return {
        "backends": [
            {"name": name, "backend": build, "action": "install", "reason": "x"} for name, build in builds.items()
        ],
        "removed": [],
        "diff": [],
    }


MIB = 1024**2
SIZED = [
    (rows(piper="piper"), {"piper": 42 * MIB}, "Installed piper (42.0 MiB)."),
    (rows(m="cpu-m"), {"cpu-m": 1500 * MIB}, "Installed m (cpu-m, 1500.0 MiB)."),
    (rows(piper="piper"), {"piper": 3}, "Installed piper (0.1 MiB)."),
    (rows(piper="piper"), {"piper": 0}, "Installed piper."),
    (rows(m="cpu-m", n="cpu-m"), {"cpu-m": MIB}, "Installed m (cpu-m, 1.0 MiB) and n."),
    (rows(**{f"b{n}": f"b{n}" for n in range(5)}), {}, "Installed b0, b1, b2, b3 and b4."),
    (rows(**{f"b{n}": f"b{n}" for n in range(6)}), {}, "Installed 6 backends."),
    (
        rows(**{f"b{n}": f"b{n}" for n in range(6)}),
        {f"b{n}": MIB for n in range(6)},
        "Installed 6 backends (6.0 MiB).",
    ),
]


@pytest.mark.parametrize(("returned", "sizes", "says"), SIZED)
def test_the_message_has_sizes_and_counts_many_names(
    returned: dict[str, Any], sizes: dict[str, int], says: str
) -> None:
    assert message_of(returned, False, sizes) == says
    assert message_of(returned, True, sizes) == f"Would i{says[1:]}".replace("installed", "install")


def test_the_message_has_the_reason_for_a_repair() -> None:
    row = {"name": "piper", "backend": "piper", "action": "repair", "reason": "it was damaged: lib/x is missing"}
    returned = {"backends": [row], "removed": [], "diff": []}
    assert message_of(returned, False) == "Repaired piper (it was damaged: lib/x is missing)."
    assert message_of(returned, True, {"piper": MIB}) == (
        "Would repair piper (1.0 MiB, it was damaged: lib/x is missing)."
    )

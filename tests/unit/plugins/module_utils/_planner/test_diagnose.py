# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found out about one name from the disk alone: contents, owner, group and mode."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.installed import Installed
from ansible_collections.localai.core.plugins.module_utils._localai.server import server_mapping
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection, Record
from ansible_collections.localai.core.tests.support.plans import (
    LOOK,
    carried_out,
    concrete,
    decide,
    installed,
    meta,
    short,
    want,
)
from ansible_collections.localai.core.tests.support.states import NOTHING, RECORDED, ROOTS, current

WALKED = {"piper": Inspection("not as it was installed: lib is missing", 3), "cpu-m": Inspection("", 2)}


CHECKED = [
    # what is installed, options, what a walk finds -> plan
    (installed(concrete("piper")), {}, WALKED, NOTHING),
    (installed(concrete("piper")), {"owner": "localai"}, WALKED, "repair: fetch piper"),
    (installed(concrete("piper")), {"owner": "localai"}, {"piper": Inspection("", 3)}, "chown: chown piper"),
    (installed(concrete("piper")), {"group": "users"}, {"piper": Inspection("", 3)}, "chown: chown piper"),
    (installed(concrete("piper")), {"directory_mode": 0o755}, {"piper": Inspection("", 1)}, "chown: chown piper"),
    (installed(concrete("piper").with_attributes(LOOK)), {"owner": "localai", "group": "users"}, {}, NOTHING),
    (
        installed(replace(concrete("piper").with_attributes(LOOK), run_file_attributes=replace(ROOTS, group="users"))),
        {"owner": "localai"},
        {"piper": Inspection("", 1)},
        "chown: chown piper",
    ),
    (
        installed(replace(concrete("piper"), record=RECORDED, metadata_attributes=replace(ROOTS, mode="0600"))),
        {},
        {"piper": Inspection("", 1)},
        "chown: chown piper",
    ),
    (
        installed(replace(concrete("piper"), record=RECORDED, run_file_attributes=replace(ROOTS, mode="0644"))),
        {},
        {"piper": Inspection("", 1)},
        "chown: chown piper",
    ),
    (installed(meta("m", "cpu-m"), concrete("cpu-m")), {"owner": "localai"}, WALKED, "chown: chown cpu-m"),
    (installed(concrete("piper")), {"verify": True}, WALKED, NOTHING),
    (installed(replace(concrete("piper"), record=RECORDED)), {"verify": True}, WALKED, "repair: fetch piper"),
    (installed(replace(concrete("piper"), record=RECORDED)), {"verify": True}, {}, NOTHING),
    (
        installed(replace(concrete("piper").with_attributes(LOOK), record=RECORDED)),
        {"verify": True, "owner": "localai"},
        {"piper": Inspection("", 1)},
        "chown: chown piper",
    ),
    (
        installed(meta("m", "cpu-m"), replace(concrete("cpu-m"), record=RECORDED)),
        {"verify": True},
        {"cpu-m": Inspection("not as it was installed: lib is missing")},
        "repair: fetch cpu-m",
    ),
    (
        installed(replace(concrete("cpu-x", "x"), record=RECORDED)),
        {"verify": True},
        {"cpu-x": Inspection("not as it was installed: lib is missing")},
        "repair: fetch cpu-x",
    ),
    (
        installed(replace(concrete("piper"), record=RECORDED)),
        {"state": "latest", "verify": True, "owner": "localai"},
        {"piper": Inspection("", 3)},
        "upgrade: fetch piper",
    ),
    (
        installed(current("piper")),
        {"state": "latest", "owner": "localai"},
        {"piper": Inspection("", 3)},
        "chown: chown piper",
    ),
]


@pytest.mark.parametrize(("state", "options", "walked", "expected"), CHECKED)
def test_contents_owner_group_and_mode_are_checked(
    state: Installed, options: dict[str, Any], walked: dict[str, Inspection], expected: str
) -> None:
    name = next(name for name in ("m", "x", "piper") if name == "piper" or server_mapping(state, "").get(name))
    decided = decide(want(name, **options), state, walked=walked)
    assert short(decided) == expected
    after = carried_out(decided.steps, state)
    assert short(decide(want(name, **options), after)) == NOTHING


def test_a_tree_that_is_gone_by_the_time_of_the_walk_is_installed() -> None:
    state = installed(current("piper", record=Record(listed=True)))
    assert short(decide(want("piper", verify=True), state, walked={"piper": None})) == "install: fetch piper"


def test_a_tree_without_a_manifest_cannot_be_verified_and_the_reason_says_so() -> None:
    (outcome,) = decide(want("piper", verify=True), installed(concrete("piper"))).outcomes
    assert outcome.reason == "it is installed; its files are not recorded, so they cannot be verified"

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that makes the local facts of a host."""

from __future__ import annotations

from typing import Any

from ansible_collections.localai.core.plugins.filter.host_facts import FilterModule

CONCRETE = {
    "name": "cpu-llama-cpp",
    "backend": "cpu-llama-cpp",
    "metadata": {"digest": "sha256:1"},
    "runnable": True,
    "usable": True,
}
ALIAS = {**CONCRETE, "name": "llama-cpp", "metadata": None}
KNOWN: dict[str, Any] = {
    "capability": "default",
    "server_version": "",
    "backends": [ALIAS, CONCRETE, {**CONCRETE, "name": "Upper", "usable": False}],
    "predicted": [],
    "models": ["b", "a"],
    "last_good_start": "",
}


def test_each_usable_name_has_its_build_and_the_digest_of_it() -> None:
    build = {"backend": "cpu-llama-cpp", "digest": "sha256:1", "runnable": True}
    assert FilterModule().filters()["host_facts"](KNOWN) == {
        "format": 1,
        "capability": "default",
        "server_version": None,
        "backends": {"cpu-llama-cpp": build, "llama-cpp": build},
        "models": ["a", "b"],
        "last_good_start": None,
    }


def test_what_check_mode_predicts_replaces_what_is_there() -> None:
    predicted = [
        {"name": "llama-cpp", "backend": "cuda12-llama-cpp", "digest": "sha256:2", "run_file": "/x/run.sh"},
        {"name": "gone", "backend": None, "digest": None, "run_file": None},
    ]
    facts = FilterModule().filters()["host_facts"]({**KNOWN, "predicted": predicted})
    assert facts["backends"]["llama-cpp"] == {"backend": "cuda12-llama-cpp", "digest": "sha256:2", "runnable": True}
    assert "gone" not in facts["backends"]

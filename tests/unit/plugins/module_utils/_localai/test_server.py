# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server that is started now knows, and which directory each name comes from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, ListingRules
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._localai.server import (
    lists_backends,
    rules_of,
    server_mapping,
)
from ansible_collections.localai.core.tests.support.plans import concrete, installed, meta, unreadable

CPU = concrete("cpu-x", "x")


def test_a_server_knows_the_run_file_of_every_name_that_is_listed() -> None:
    state = installed(meta("m", "cpu-x"), CPU, system=("piper",))
    mapping = server_mapping(state, "default")
    assert mapping == {
        "piper": "/s/piper/run.sh",
        "cpu-x": "/b/cpu-x/run.sh",
        "m": "/b/cpu-x/run.sh",
        "x": "/b/cpu-x/run.sh",
    }
    assert mapping == {name: row.run_file for name, row in Listing(state, "default").items()}


def test_a_server_that_cannot_read_the_backends_path_knows_nothing() -> None:
    state = installed(system=("piper",))
    assert lists_backends(state)
    assert not lists_backends(replace(state, readable=False))
    assert server_mapping(replace(state, readable=False), "default") == {}


def test_a_file_that_cannot_be_read_does_not_matter() -> None:
    assert lists_backends(installed(Directory("f", "other", problem="Permission denied")))


def test_the_capability_decides_which_build_of_an_alias_the_server_starts() -> None:
    state = installed(CPU, concrete("cuda12-x", "x"))
    assert server_mapping(state, "default")["x"] == "/b/cpu-x/run.sh"
    assert server_mapping(state, "nvidia")["x"] == "/b/cuda12-x/run.sh"


def test_one_unreadable_metadata_file_makes_the_server_know_nothing() -> None:
    state = installed(CPU, unreadable("d"), system=("piper",))
    assert server_mapping(state, "default") == {}
    assert set(Listing(state, "default")) == {"piper", "cpu-x", "x", "d"}
    assert server_mapping(state.without("d"), "default") != {}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (None, True),
        ((4, 11, 0), True),
        ((4, 10, 0), True),
        ((5, 0, 0), True),
        ((4, 9, 9), False),
        ((3, 12, 0), False),
    ],
)
def test_servers_since_4_10_read_the_metadata_of_the_system_path(
    version: tuple[int, ...] | None, expected: bool
) -> None:
    assert rules_of(version, {}) == ListingRules(reads_system_metadata=expected)


@pytest.mark.parametrize(
    ("version", "text", "expected"),
    [
        (None, "true", True),
        ((4, 10, 0), "1", True),
        ((4, 11, 0), "YES", True),
        (None, "false", False),
        (None, "0", False),
        (None, "", False),
        ((4, 9, 0), "true", False),
    ],
)
def test_a_variable_lets_servers_since_4_10_prefer_development_builds(
    version: tuple[int, ...] | None, text: str, expected: bool
) -> None:
    assert rules_of(version, {"LOCALAI_PREFER_DEV_BACKENDS": text}).prefers_development is expected

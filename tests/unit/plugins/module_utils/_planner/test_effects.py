# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names LocalAI has to unload, and when it has to be restarted."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._planner.effects import effects
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Fetch, Remove, SetAttributes
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    NVIDIA_HOST,
    OLD_DIGEST,
    concrete,
    decide,
    installed,
    meta,
    unreadable,
    want,
)
from ansible_collections.localai.core.tests.support.states import current, having, previous_version


@pytest.mark.parametrize(
    ("options", "state", "replaced"),
    [
        (want("piper", force=True), installed(concrete("piper")), ("piper",)),
        (want("m", force=True), installed(meta("m", "cpu-m"), concrete("cpu-m")), ("cpu-m", "m")),
        (want("cpu-x", force=True), installed(concrete("cpu-x", "x")), ("cpu-x", "x")),
        (want("piper"), installed(), ()),
        (want("piper"), installed(Directory("piper")), ()),
        (want("piper"), installed(concrete("piper")), ()),
        (want("m"), installed(concrete("cpu-m")), ()),
        (want("piper", uri=Address("/src"), alias="b"), installed(concrete("piper", uri="/src")), ()),
        (want("piper", state="absent"), installed(concrete("piper")), ()),
    ],
)
def test_names_whose_tree_changes_under_the_same_run_file_are_unloaded(
    options: BackendOptions, state: Installed, replaced: tuple[str, ...]
) -> None:
    assert decide(options, state).unload == replaced


@pytest.mark.parametrize(
    ("options", "state", "restart"),
    [
        (want("piper"), installed(), True),
        (want("piper"), installed(concrete("piper")), False),
        (want("piper", force=True), installed(concrete("piper")), False),
        (want("m"), installed(concrete("cpu-m")), True),
        (want("piper"), installed(Directory("piper")), True),
        (want("piper"), installed(unreadable("piper")), True),
        (want("piper"), installed(unreadable("other")), False),
        (want("piper", state="absent"), installed(concrete("piper")), True),
        (want("piper", state="absent"), installed(Directory("piper")), False),
        (want("piper", state="absent"), installed(Directory("piper", "symlink")), False),
        (want("piper", state="absent"), installed(concrete("piper"), system=("piper",)), True),
        (want("piper", uri=Address("/src"), alias="b"), installed(concrete("piper", uri="/src")), True),
        (want("cuda12-x"), installed(concrete("cpu-x", "x")), True),
    ],
)
def test_a_restart_is_required_when_a_name_maps_to_another_run_file(
    options: BackendOptions, state: Installed, restart: bool
) -> None:
    assert decide(options, state, NVIDIA_HOST).restart_required is restart


def test_a_change_of_attributes_unloads_nothing_and_needs_no_restart() -> None:
    state = installed(concrete("piper"))
    assert effects(state, state, [SetAttributes("piper", {}, {})], "default") == ((), False)


def test_only_steps_that_replace_a_tree_unload_its_names() -> None:
    state = installed(concrete("cpu-x", "x"), concrete("piper"))
    (fetch,) = decide(want("cpu-x", force=True), state).steps
    assert isinstance(fetch, Fetch)
    assert effects(state, state, [fetch], "default") == (("cpu-x", "x"), False)
    after = state.without("cpu-x")
    assert effects(state, after, [fetch, Remove("cpu-x", {}, {})], "default") == ((), True)


def test_the_effects_are_those_on_a_host_of_the_capability() -> None:
    before, after = installed(concrete("cpu-x", "x")), installed(concrete("cpu-x", "x"), concrete("cuda12-x"))
    shadowed = installed(concrete("cpu-x", "x"), concrete("cuda12-x", "x"))
    assert effects(after, shadowed, [], CPU_HOST.name) == ((), False)
    assert effects(after, shadowed, [], NVIDIA_HOST.name) == ((), True)
    assert effects(before, after, [], CPU_HOST.name) == ((), True)


def test_a_restored_previous_version_is_unloaded_too() -> None:
    state = having(installed(current("piper")), previous_version("piper", 1))
    decided = decide(want("piper", digest=OLD_DIGEST), state)
    assert (decided.unload, decided.restart_required) == (("piper",), False)

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is planned so far: names in any case, and the listing after the steps."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._planner.add import set_alias
from ansible_collections.localai.core.plugins.module_utils._planner.changes import Changes
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.tests.support.plans import CPU_HOST, NVIDIA_HOST, concrete, installed, want

STATE = installed(concrete("Kokoro"), concrete("cpu-x", "x"), concrete("cuda12-x", "x"))


def test_a_directory_is_named_with_or_without_its_gallery_and_in_any_case() -> None:
    changes = Changes(want("g@Kokoro", "x"), Facts(CPU_HOST), STATE)
    assert changes.is_named("kokoro")
    assert not changes.is_named("cpu-x")


def test_a_name_is_spelled_as_on_disk() -> None:
    changes = Changes(want(), Facts(CPU_HOST), STATE)
    assert [changes.spelling_of(name) for name in ("kokoro", "Kokoro", "other")] == ["Kokoro", "Kokoro", "other"]


def test_the_listing_is_that_of_the_host_after_the_steps() -> None:
    assert Changes(want(), Facts(NVIDIA_HOST), STATE).listing()["x"].backend == "cuda12-x"
    changes = Changes(want(), Facts(CPU_HOST), STATE)
    assert changes.listing()["x"].backend == "cpu-x"
    set_alias(changes, STATE.directories[1], "")
    assert changes.listing()["x"].backend == "cuda12-x"
    assert changes.facts.installed != changes.state

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sound name needs no step, and one that has to be verified first is a question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Installed
from ansible_collections.localai.core.plugins.module_utils._planner.diagnose import diagnose
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.findings import NotVerified, Sound
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan, plan
from ansible_collections.localai.core.plugins.module_utils._planner.questions import WalkTree
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection, Record
from ansible_collections.localai.core.tests.support.plans import CPU_HOST, concrete, installed, meta, want

WITH_MANIFEST = replace(concrete("cpu-m"), record=Record(listed=True))
SOUND = [
    # request, what is installed -> reason
    (want("piper"), installed(concrete("piper")), "it is installed"),
    (want("x"), installed(concrete("cpu-x", "x")), "it is installed as cpu-x"),
    (
        want("piper"),
        installed(system=("piper",)),
        "a system backend answers to it, and system backends are never changed",
    ),
]


@pytest.mark.parametrize(("options", "state", "reason"), SOUND)
def test_a_sound_name_has_its_reason_and_no_step(options: BackendOptions, state: Installed, reason: str) -> None:
    (name,) = options.names
    assert diagnose(name, options, state, CPU_HOST, FileAttributes()) == Sound(reason)
    result = plan(options, Facts(CPU_HOST, scan=state))
    assert isinstance(result, Plan)
    assert [(outcome.action, outcome.reason) for outcome in result.outcomes] == [("none", reason)]
    assert result.steps == ()


def test_a_name_that_is_not_verified_is_a_question_about_the_tree_of_its_build() -> None:
    state = installed(meta("m", "cpu-m"), WITH_MANIFEST)
    request = want("m", verify=True)
    assert diagnose("m", request, state, CPU_HOST, FileAttributes()) == NotVerified("cpu-m")
    assert plan(request, Facts(CPU_HOST, scan=state)) == (WalkTree("cpu-m"),)
    walked = Facts(CPU_HOST, scan=state).learn({WalkTree("cpu-m"): Inspection()})
    assert isinstance(plan(request, walked), Plan)

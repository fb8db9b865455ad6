# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A capability that neither LocalAI nor a gallery knows is a warning, in every run."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.capability import (
    CAPABILITIES,
    FILTER_OFF,
    HostCapability,
)
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Index
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan
from ansible_collections.localai.core.plugins.module_utils._planner.unknown_capability import warning_about
from ansible_collections.localai.core.plugins.module_utils._request import Pin
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build
from ansible_collections.localai.core.tests.support.plans import (
    DIGEST,
    carried_out,
    concrete,
    decide,
    entry,
    installed,
    meta,
    meta_entry,
    want,
)

GALLERY = Index("g", {"m": meta_entry("m", default="cpu-m", farm="farm-m"), "cpu-m": entry("cpu-m")}, {})


def forced(name: str, by: str = "option capability") -> HostCapability:
    return HostCapability(name, Evidence(rule="forced", forced_by=by))


@pytest.mark.parametrize("capability", [*(row.name for row in CAPABILITIES), FILTER_OFF])
def test_what_localai_knows_is_no_warning(capability: str) -> None:
    assert warning_about(capability, "capability", []) == []


@pytest.mark.parametrize(
    ("capability", "hint"),
    [
        ("nvida-cuda-12", "Similar: nvidia-cuda-12, "),
        ("cuda12", "Similar: nvidia-cuda-12."),
        ("cuda-13", "nvidia-cuda-13"),
        ("NVIDIA", "Similar: nvidia."),
        ("Amd", "Similar: amd."),
        ("default ", "Similar: default."),
        ("rocm", "LocalAI's own are nvidia-l4t-cuda-13, "),
    ],
)
def test_another_value_is_a_warning_with_similar_ones(capability: str, hint: str) -> None:
    (warning,) = warning_about(capability, "capability", [GALLERY])
    assert warning.startswith(f"capability: LocalAI knows no capability {capability!r}")
    assert hint in warning


def test_a_value_of_a_gallery_or_of_a_recorded_build_is_no_warning() -> None:
    assert len(warning_about("farm", "capability", [])) == 1
    assert warning_about("farm", "capability", [GALLERY]) == []
    assert warning_about("farm", "capability", [], [Build("d", capability="farm")]) == []
    assert len(warning_about("farm", "capability", [], [Build("d", capability="default")])) == 1


@pytest.mark.parametrize(
    ("by", "option"),
    [("option capability", "capability"), ("file /run/localai/capability", "file /run/localai/capability")],
)
def test_a_converged_run_warns_too_and_names_where_the_value_is_from(by: str, option: str) -> None:
    plan = decide(want("m"), installed(meta("m", "cpu-m"), concrete("cpu-m")), forced("cuda12", by))
    assert plan.steps == ()
    assert [warning.partition(": LocalAI")[0] for warning in plan.warnings] == [option]


def test_a_build_that_was_chosen_by_the_value_is_recorded_with_it() -> None:
    plan = decide(want("x"), installed(), forced("nvidia"))
    assert {build.capability for build in carried_out(plan.steps, installed()).builds.values()} == {"nvidia"}


def test_a_value_of_a_pin_is_no_warning() -> None:
    row = Pin("piper", "farm", "linux/amd64", "piper", Address("quay.io/piper"), DIGEST)
    assert decide(want("piper", pins={"piper": row}), installed(), forced("farm")).warnings == ()
    assert len(decide(want("piper", pins={"piper": row}), installed(), forced("fram")).warnings) == 1


def test_a_value_that_was_not_forced_is_not_checked() -> None:
    plan = decide(want("piper"), installed(), HostCapability("x", Evidence(rule="made up")))
    assert isinstance(plan, Plan)
    assert plan.warnings == ()
    assert Facts(forced("x")).answers == {}

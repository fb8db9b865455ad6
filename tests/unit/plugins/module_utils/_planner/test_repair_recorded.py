# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repair installs the recorded build, from a backup, a previous version or its source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._planner.diagnose import diagnose
from ansible_collections.localai.core.plugins.module_utils._planner.findings import Sound
from ansible_collections.localai.core.plugins.module_utils._planner.repair import (
    build_behind,
    cannot_run,
    is_from,
    missing,
    recorded_build,
)
from ansible_collections.localai.core.plugins.module_utils._planner.situation import situation_of
from ansible_collections.localai.core.plugins.module_utils._planner.work import Install, MetaMissing, RestorePrevious
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    NVIDIA_HOST,
    OLD_DIGEST,
    carried_out,
    concrete,
    decide,
    installed,
    meta,
    short,
    unreadable,
    want,
)
from ansible_collections.localai.core.tests.support.states import (
    PIN_M,
    check_plan,
    current,
    having,
    leftover,
    previous_version,
)

LOST_M = replace(installed(), builds={"cpu-m": Build(DIGEST, meta="m")})
BEHIND = [
    # what is installed, name -> the build behind it
    (installed(), "piper", "piper"),
    (installed(meta("m", "cpu-m")), "m", "cpu-m"),
    (installed(concrete("Kokoro")), "kokoro", "Kokoro"),
    (LOST_M, "m", "cpu-m"),
    (LOST_M, "M", "cpu-m"),
    (LOST_M, "CPU-M", "cpu-m"),
    (LOST_M.with_directory(Directory("m")), "m", "cpu-m"),
    (LOST_M.with_directory(concrete("m")), "m", "m"),
]


@pytest.mark.parametrize(("state", "name", "backend"), BEHIND)
def test_the_build_behind_a_name_is_known_also_after_its_meta_backend_is_lost(
    state: Installed, name: str, backend: str
) -> None:
    assert build_behind(name, state) == backend


def test_the_recorded_build_has_what_is_known_of_the_meta_backend_and_its_metadata() -> None:
    state = replace(installed(meta("m", "cpu-m"), concrete("cpu-m")), builds={"cpu-m": Build(OLD_DIGEST, True, True)})
    recorded = recorded_build("m", state, want("m"), CPU_HOST)
    assert recorded is not None
    assert (recorded.backend, recorded.digest, recorded.fixed, recorded.requested) == ("cpu-m", OLD_DIGEST, True, True)
    assert (recorded.meta, recorded.meta_url.text, recorded.metadata.uri.text) == ("m", "g", "quay.io/cpu-m")
    lost = recorded_build("m", LOST_M, want("m"), CPU_HOST)
    assert lost is not None
    assert (lost.backend, lost.digest, lost.fixed, lost.meta, lost.metadata) == (
        "cpu-m",
        DIGEST,
        False,
        "m",
        Metadata(),
    )


def test_metadata_that_can_be_read_counts_before_the_record_because_localai_upgrades_too() -> None:
    state = replace(installed(concrete("piper", runnable=False)), builds={"piper": Build(DIGEST, fixed=True)})
    recorded = recorded_build("piper", state, want("piper"), CPU_HOST)
    assert recorded is not None
    assert (recorded.digest, recorded.fixed) == (OLD_DIGEST, False)
    recorded = recorded_build("piper", state.with_directory(Directory("piper")), want("piper"), CPU_HOST)
    assert recorded is not None
    assert (recorded.digest, recorded.fixed) == (DIGEST, True)


@pytest.mark.parametrize(
    ("options", "is_recorded"),
    [
        ({}, True),
        ({"release": "v1"}, False),
        ({"uri": Address("oci://quay.io/piper")}, True),
        ({"uri": Address("quay.io/other")}, False),
        ({"state": "latest"}, False),
        ({"force": True}, False),
        ({"digest": DIGEST}, False),
        ({"pins": PIN_M}, False),
    ],
)
def test_a_task_that_determines_the_build_does_not_get_the_recorded_one(
    options: dict[str, Any], is_recorded: bool
) -> None:
    state = installed(concrete("piper", runnable=False))
    assert (recorded_build("piper", state, want("piper", **options), CPU_HOST) is not None) is is_recorded


def test_a_build_for_other_hardware_is_not_repaired_as_it_was() -> None:
    state = installed(concrete("cuda12-x", runnable=False))
    assert recorded_build("cuda12-x", state, want("cuda12-x"), CPU_HOST) is None
    assert recorded_build("cuda12-x", state, want("cuda12-x"), NVIDIA_HOST) is not None


def test_a_repair_takes_the_backup_then_a_previous_version_then_the_source() -> None:
    def finding(state: Installed, **options: Any) -> object:
        return missing(situation_of("piper", want("piper", **options), state, CPU_HOST, FileAttributes()))

    lost = replace(installed(), builds={"piper": Build(DIGEST)})
    fetched = finding(lost)
    assert isinstance(fetched, Install)
    assert (fetched.action, fetched.subject, fetched.recorded and fetched.recorded.digest) == (
        "install",
        "piper",
        DIGEST,
    )
    restored = finding(having(lost, previous_version("piper", 2), previous_version("piper", 1, DIGEST)))
    assert isinstance(restored, RestorePrevious)
    assert restored.previous.path == ".localai-core/kept/piper/1"
    backup = lost.with_directory(replace(concrete("piper"), name="piper.backup"))
    restored = finding(having(backup, previous_version("piper", 1, DIGEST)))
    assert isinstance(restored, RestorePrevious)
    assert (restored.previous.path, restored.action) == ("piper.backup", "repair")
    assert isinstance(finding(backup, force=True), Install)


def test_a_backup_that_is_older_than_our_build_is_not_restored() -> None:
    ours = replace(current("piper"), has_run_file=False, runnable=False, record=Record())
    state = installed(ours, leftover("piper.backup", concrete("piper")))
    finding = diagnose("piper", want("piper"), state, CPU_HOST, FileAttributes())
    assert isinstance(finding, Install)
    finding = diagnose(
        "piper", want("piper"), installed(ours, leftover("piper.backup", current("piper"))), CPU_HOST, FileAttributes()
    )
    assert isinstance(finding, RestorePrevious)


def test_a_meta_backend_that_an_interrupted_run_did_not_write_is_written() -> None:
    state = replace(installed(current("cpu-m")), builds={"cpu-m": Build(DIGEST, meta="m")})
    reason = "it was not installed before this run; its build cpu-m was already installed"
    expected = MetaMissing("install", reason, "m", "cpu-m")
    assert diagnose("M", want("M"), state, CPU_HOST, FileAttributes()) == expected
    assert check_plan(want("m"), state, "install: meta m").get("m") is not None


def test_what_localai_is_installing_at_this_moment_is_waited_for() -> None:
    state = installed(leftover("cpu-x.install-tmp", current("cpu-x", "x"), busy=True))
    situation = situation_of("x", want("x"), state, CPU_HOST, FileAttributes())
    assert situation.row is not None
    assert cannot_run(situation, situation.row) == Sound("LocalAI is currently installing it in cpu-x.install-tmp")


def test_a_previous_version_is_from_a_uri_in_any_spelling() -> None:
    assert is_from(previous_version("piper", 1, uri="/src"), Address("oci:///src"))
    assert not is_from(previous_version("piper", 1, uri="/src"), Address("/other"))
    bare = replace(previous_version("piper", 1), directory=Directory("1"))
    assert not is_from(bare, Address("/src"))


def test_a_build_that_cannot_run_here_is_no_reason_to_write_its_meta_backend() -> None:
    builds = {"cuda12-x": Build(DIGEST, meta="x")}
    state = replace(installed(replace(concrete("cuda12-x"))), builds=builds)
    assert isinstance(diagnose("x", want("x"), state, CPU_HOST, FileAttributes()), Install)
    assert isinstance(diagnose("x", want("x"), state, NVIDIA_HOST, FileAttributes()), MetaMissing)
    damaged = state.with_directory(unreadable("cuda12-x"))
    assert isinstance(diagnose("x", want("x"), damaged, NVIDIA_HOST, FileAttributes()), Install)


def test_a_backup_beside_a_sound_build_of_its_backend_is_left_alone() -> None:
    state = installed(leftover("cpu-y.backup", current("cpu-y", "y")), concrete("cpu-y"))
    situation = situation_of("y", want("y"), state, CPU_HOST, FileAttributes())
    assert situation.row is not None
    assert cannot_run(situation, situation.row) is None


def test_a_lost_build_comes_from_the_uri_of_the_task_and_from_nowhere_else() -> None:
    state = replace(installed(), builds={"piper": Build(OLD_DIGEST)})
    wanted = want("piper", uri=Address("/src"))
    for there in (state, having(state, previous_version("piper", 1))):
        plan = decide(wanted, there)
        assert short(plan) == "install: fetch piper"
        (step,) = plan.steps
        assert step.metadata.uri == Address("/src")
        assert decide(wanted, carried_out(plan.steps, there)).steps == ()

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each planned step changes: the state after it, the metadata, the record and the previous versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Installed
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Fetch
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection, Record
from ansible_collections.localai.core.tests.support.plans import (
    DIGEST,
    OLD_DIGEST,
    carried_out,
    concrete,
    decide,
    installed,
    meta,
    short,
    want,
)
from ansible_collections.localai.core.tests.support.states import current, having, previous_version


def test_a_build_that_two_forced_names_share_is_fetched_once() -> None:
    decided = decide(want("m", "cpu-m", force=True), installed())
    assert short(decided) == "install, replace: fetch cpu-m, meta m"


def test_metadata_is_what_localai_would_write() -> None:
    fetch, write = decide(want("x", force=True), installed()).steps
    assert fetch.metadata == Metadata(
        alias="x", name="cpu-x", gallery_url=Address("g"), uri=Address("quay.io/cpu-x"), digest=DIGEST
    )
    assert write.metadata == Metadata(meta_backend_for="cpu-x", name="x", gallery_url=Address("g"))
    (archive,) = decide(want("archived"), installed()).steps
    assert archive.metadata == Metadata(
        name="archived", gallery_url=Address("g"), version="1.10", uri=Address("https://example.com/archived.tar")
    )
    assert archive.record == Record(requested=True, sha256="cd" * 32)
    assert archive.after["digest"] == "sha256:" + "cd" * 32
    (pinned,) = decide(want("mine", uri=Address("/src"), alias="x"), installed()).steps
    assert pinned.metadata == Metadata(alias="x", name="mine", uri=Address("/src"))


@pytest.mark.parametrize(
    ("names", "force", "requested"),
    [
        (("m",), False, False),
        (("cpu-m",), False, True),
        (("m", "cpu-m"), False, True),
        (("m", "cpu-m"), True, True),
        (("cpu-m", "m"), False, True),
        (("cpu-m", "m"), True, True),
    ],
)
def test_the_record_tells_whether_a_task_named_the_build_itself(
    names: tuple[str, ...], force: bool, requested: bool
) -> None:
    (record,) = (
        step.record for step in decide(want(*names, force=force), installed()).steps if isinstance(step, Fetch)
    )
    assert record is not None
    assert record.requested is requested


def test_a_repair_through_a_meta_backend_keeps_that_a_task_named_the_build() -> None:
    asked = replace(concrete("cpu-m", runnable=False), record=Record(requested=True))
    (step,) = decide(want("m"), installed(meta("m", "cpu-m"), asked)).steps
    assert step.record is not None
    assert step.record.requested


KEEPING = [
    # what is installed, options -> the numbers of the previous versions afterwards, the latest first
    (installed(concrete("piper")), {"state": "latest"}, []),
    (installed(concrete("piper")), {"state": "latest", "keep_previous": 1}, ["1"]),
    (
        having(installed(concrete("piper")), previous_version("piper", 4)),
        {"state": "latest", "keep_previous": 2},
        ["5", "4"],
    ),
    (
        having(installed(concrete("piper")), previous_version("piper", 4)),
        {"state": "latest", "keep_previous": 1},
        ["5"],
    ),
    (having(installed(concrete("piper")), previous_version("piper", 4)), {"state": "latest"}, ["4"]),
    (installed(concrete("piper", runnable=False)), {"keep_previous": 2}, []),
    (
        having(installed(current("piper")), previous_version("piper", 2), previous_version("piper", 1, DIGEST)),
        {"digest": OLD_DIGEST, "keep_previous": 2},
        ["2", "1"],
    ),
    (having(installed(current("piper")), previous_version("piper", 2)), {"digest": OLD_DIGEST}, []),
    (having(installed(concrete("piper")), previous_version("piper", 1)), {"state": "absent"}, []),
]


@pytest.mark.parametrize(("state", "options", "numbers"), KEEPING)
def test_the_latest_previous_versions_are_kept(state: Installed, options: dict[str, Any], numbers: list[str]) -> None:
    (step,) = decide(want("piper", **options), state).steps
    after = carried_out([step], state)
    assert [each.path.rpartition("/")[2] for each in after.previous_of("piper")] == numbers
    assert step.after.get("previous", 0) == len(numbers)
    assert step.before.get("previous", 0) == len(state.previous)


def test_the_diff_tells_how_many_paths_get_other_attributes() -> None:
    state = installed(concrete("piper"))
    (step,) = decide(want("piper", owner="localai"), state, walked={"piper": Inspection("", 17)}).steps
    assert (step.before["owner"], step.before["paths_to_change"]) == ("root", 17)
    assert (step.after["owner"], step.after["paths_to_change"]) == ("localai", 0)
    assert (step.after["group"], step.after["mode"]) == ("root", "0750")

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each step of a plan becomes its change on disk."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.backend_tree import BACKEND_FILES
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._module.apply import Applier
from ansible_collections.localai.core.plugins.module_utils._planner.steps import (
    Fetch,
    Prune,
    Remove,
    Restore,
    Retire,
    SetAlias,
    SetAttributes,
    Step,
    WriteMeta,
)
from ansible_collections.localai.core.plugins.module_utils._store.build_records import recorded_builds
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.plugins.module_utils._store.store import open_store
from ansible_collections.localai.core.tests.support.host import ANYBODY, mode
from ansible_collections.localai.core.tests.support.local_host import LocalHost
from ansible_collections.localai.core.tests.support.trees import names, versions


@pytest.fixture
def applier(local: LocalHost) -> Iterator[Applier]:
    """Applies steps to a locked store; new trees get the mode 0750."""
    with open_store(str(local.path), ANYBODY, BACKEND_FILES, 5) as store:
        yield Applier(store, lambda: local.resolver.sources, FileAttributes(mode="0750"))


def fetch(local: LocalHost, name: str = "piper", keep: int = 0, **changed: Any) -> Fetch:
    origin = Address(str(local.sources / name))
    artifact = local.resolver.sources.find([origin])
    metadata = Metadata(name=name, uri=origin)
    step = Fetch(name, {}, {}, artifact, metadata, Record(requested=True), Build("sha256:1", True), keep)
    return replace(step, **changed)


def document(path: Path) -> dict[str, Any]:
    return dict(json.loads((path / "metadata.json").read_text()))


def test_a_fetched_build_is_complete_with_its_metadata_its_record_and_its_build(
    local: LocalHost, applier: Applier
) -> None:
    transfer = applier.apply(fetch(local))
    assert names(local.path / "piper") == [".localai-core.json", "lib", "metadata.json", "run.sh"]
    written = document(local.path / "piper")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", written.pop("installed_at"))
    assert written == {"name": "piper", "uri": str(local.sources / "piper")}
    record = Record.parse((local.path / "piper/.localai-core.json").read_bytes())
    assert record is not None
    assert (record.requested, record.listed, record.entries > 0, record.size > 0) == (True, True, True, True)
    assert recorded_builds(str(local.path)) == {"piper": Build("sha256:1", True)}
    assert transfer is not None
    assert (transfer.uri.text, transfer.transferred) == (str(local.sources / "piper"), 0)
    assert transfer.served_by.endswith("sources/piper")
    assert transfer.elapsed >= 0


def test_a_build_that_cannot_be_delivered_is_named_and_leaves_nothing(local: LocalHost, applier: Applier) -> None:
    step = fetch(local)
    (local.sources / "piper/run.sh").unlink()
    with pytest.raises(SourceError, match=r"piper cannot be fetched\. .*has no run\.sh"):
        applier.apply(step)
    assert names(local.path) == [".localai-core"]
    assert names(local.path / ".localai-core/staging") == []


def test_steps_without_a_transfer_tell_nothing_more(local: LocalHost, applier: Applier) -> None:
    applier.apply(fetch(local))
    steps: list[Step] = [
        WriteMeta("speech", {}, {}, Metadata(meta_backend_for="piper", name="speech"), 0),
        SetAlias("piper", {}, {}, Metadata(name="piper", alias="voice", installed_at="then")),
        SetAttributes("piper", {}, {}),
    ]
    assert [applier.apply(step) for step in steps] == [None] * 3
    written = document(local.path / "speech")
    assert (written["meta_backend_for"], len(written.pop("installed_at"))) == ("piper", len("2026-01-01T00:00:00Z"))
    assert names(local.path / "speech") == ["metadata.json"]
    # The time stays that of the installation.
    assert document(local.path / "piper") == {"name": "piper", "alias": "voice", "installed_at": "then"}
    assert mode(local.path / "piper") == "0o750"


def test_a_replaced_tree_is_kept_restored_and_pruned(local: LocalHost, applier: Applier) -> None:
    applier.apply(fetch(local))
    (local.path / "piper/run.sh").write_text("first")
    applier.apply(fetch(local, keep=2))
    assert versions(local.path) == {"1": b"first"}
    applier.apply(Restore("piper", {}, {}, ".localai-core/kept/piper/1", Build("sha256:0"), 2))
    assert (local.path / "piper/run.sh").read_text() == "first"
    assert recorded_builds(str(local.path))["piper"] == Build("sha256:0")
    assert len(versions(local.path)) == 1
    applier.apply(Prune("piper", {}, {}, 0))
    assert versions(local.path) == {}


@pytest.mark.parametrize("keep", [0, 1])
def test_a_retired_build_becomes_a_previous_version(local: LocalHost, applier: Applier, keep: int) -> None:
    applier.apply(fetch(local))
    applier.apply(Retire("piper", {}, {}, keep))
    assert names(local.path) == [".localai-core"]
    assert len(versions(local.path)) == keep


def test_a_removed_backend_leaves_no_previous_version_and_no_record(local: LocalHost, applier: Applier) -> None:
    applier.apply(fetch(local))
    applier.apply(fetch(local, keep=1))
    applier.apply(Remove("piper", {}, {}))
    assert names(local.path) == [".localai-core"]
    assert versions(local.path) == {}
    assert recorded_builds(str(local.path)) == {}

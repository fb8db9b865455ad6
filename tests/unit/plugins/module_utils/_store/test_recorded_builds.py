# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The recorded builds of a backends path; none if they cannot be read, which is no error."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._store import recorded_builds as reader
from ansible_collections.localai.core.plugins.module_utils._store.build_records import builds_file
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build
from ansible_collections.localai.core.plugins.module_utils._store.recorded_builds import recorded_builds

BUILDS = {"piper": Build("sha256:1", requested=True), "cpu-x": Build("sha256:2", meta="x")}


@pytest.fixture
def record(tmp_path: Path) -> Path:
    file = tmp_path / ".localai-core/builds.json"
    file.parent.mkdir()
    file.write_bytes(builds_file(BUILDS))
    return file


def test_the_builds_are_read_from_our_own_directory(tmp_path: Path, record: Path) -> None:
    assert recorded_builds(str(tmp_path)) == BUILDS


def test_a_record_that_is_missing_or_no_file_has_no_builds(tmp_path: Path, record: Path) -> None:
    record.unlink()
    assert recorded_builds(str(tmp_path)) == {}
    record.mkdir()
    assert recorded_builds(str(tmp_path)) == {}
    assert recorded_builds(str(tmp_path / "nowhere")) == {}


def test_a_record_with_other_content_has_no_builds(tmp_path: Path, record: Path) -> None:
    record.write_bytes(b"[]")
    assert recorded_builds(str(tmp_path)) == {}


def test_a_record_that_is_too_large_is_not_read(tmp_path: Path, record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = record.stat().st_size
    monkeypatch.setattr(reader, "_MAX_SIZE", size)
    assert recorded_builds(str(tmp_path)) == BUILDS
    monkeypatch.setattr(reader, "_MAX_SIZE", size - 1)
    assert recorded_builds(str(tmp_path)) == {}

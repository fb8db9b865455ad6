# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes of `builds.json`: recorded before a tree becomes visible, undone if that fails."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._store.build_records import (
    BuildRecords,
    builds_file,
    recorded_builds,
)
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build, parse_builds

BUILDS = st.dictionaries(st.text(), st.builds(Build, st.text(), st.booleans(), st.booleans(), st.text()))


@given(BUILDS)
def test_what_is_written_is_read_again(builds: dict[str, Build]) -> None:
    assert parse_builds(builds_file(builds)) == builds


OLD, NEW = Build("sha256:1"), Build("sha256:2", requested=True)


@pytest.fixture
def records(tmp_path: Path) -> BuildRecords:
    place = tmp_path / ".localai-core/builds.json"
    place.parent.mkdir()
    place.write_bytes(builds_file({"piper": OLD, "other": OLD}))
    return BuildRecords(str(tmp_path), lambda content: (place.write_bytes(content), None)[1])


def test_a_build_is_recorded_before_its_tree_is_visible(tmp_path: Path, records: BuildRecords) -> None:
    with records.recording("piper", NEW):
        assert recorded_builds(str(tmp_path)) == {"piper": NEW, "other": OLD}
    assert recorded_builds(str(tmp_path)) == {"piper": NEW, "other": OLD}


def test_the_old_record_is_back_if_the_installation_fails(tmp_path: Path, records: BuildRecords) -> None:
    with pytest.raises(KeyboardInterrupt), records.recording("piper", NEW):
        raise KeyboardInterrupt
    assert recorded_builds(str(tmp_path)) == {"piper": OLD, "other": OLD}


def test_a_removed_backend_is_forgotten(tmp_path: Path, records: BuildRecords) -> None:
    records.forget("piper")
    assert recorded_builds(str(tmp_path)) == {"other": OLD}


def full(code: int) -> BuildRecords:
    def write(_content: bytes) -> None:
        raise OSError(code, os.strerror(code))

    return BuildRecords("/nowhere", write)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_prevents_neither_a_restore_nor_a_removal(code: int) -> None:
    with full(code).recording("piper", NEW):
        pass
    with full(code).recording("piper", None):
        pass
    full(code).forget("piper")


def test_another_error_of_the_disk_prevents_the_installation() -> None:
    with pytest.raises(OSError, match=os.strerror(errno.EIO)), full(errno.EIO).recording("piper", NEW):
        pass

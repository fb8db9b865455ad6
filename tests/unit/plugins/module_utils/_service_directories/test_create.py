# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories are created and recorded, and only recorded ones change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._service_directories import create
from ansible_collections.localai.core.plugins.module_utils._service_directories.create import (
    Attributes,
    Creation,
    missing_parents,
)
from ansible_collections.localai.core.plugins.module_utils._service_directories.paths import (
    Identity,
    PathState,
    scan_path,
)
from ansible_collections.localai.core.plugins.module_utils._service_directories.record import (
    DirectoryRecord,
    RecordedDirectory,
)

ATTRIBUTES = Attributes(-1, -1, 0o750)
OURS = Identity(1, 2, 3)
RECORD = DirectoryRecord((RecordedDirectory("/a", OURS),))


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        (PathState("/a", "missing"), 1),
        (PathState("/a", "directory", OURS, "/a", 0, 0, 0o755), 1),
        (PathState("/a", "directory", OURS, "/a", 0, 0, 0o750), 0),
        (PathState("/a", "directory", Identity(1, 9, 3), "/a", 0, 0, 0o755), 0),
        (PathState("/a", "link"), 0),
        (PathState("/a", "hidden"), 0),
    ],
)
def test_missing_directories_are_created_and_recorded_ones_changed(state: PathState, steps: int) -> None:
    assert len(create.plan({"/a": ATTRIBUTES}, {"/a": state}, RECORD)) == steps


def test_something_else_in_the_way_is_an_error() -> None:
    with pytest.raises(HostError, match="/a is not a directory"):
        create.plan({"/a": ATTRIBUTES}, {"/a": PathState("/a", "other")}, RECORD)


def test_a_directory_is_created_with_its_parents_and_each_is_recorded_before_it_is_visible(tmp_path: Path) -> None:
    path, saved = tmp_path / "a/b/c", []

    def save(record: DirectoryRecord) -> None:
        saved.append([os.path.lexists(entry.path) for entry in record.entries])

    assert missing_parents(str(path)) == [str(tmp_path / "a"), str(tmp_path / "a/b")]
    step = Creation(str(path), ATTRIBUTES, scan_path(str(path)))
    record = create.apply(step, DirectoryRecord(), save)
    assert saved == [[False], [True, False], [True, True, False]]
    assert [entry.only_if_empty for entry in record.entries] == [True, True, False]
    assert record.has(scan_path(str(path)))
    assert [oct(place.stat().st_mode & 0o777) for place in (path.parent, path)] == ["0o755", "0o750"]


def test_what_took_the_place_of_a_recorded_directory_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.mkdir(mode=0o700)
    step = Creation(str(path), ATTRIBUTES, PathState(str(path), "directory", OURS))
    with pytest.raises(HostError, match="was replaced during this run"):
        create.apply(step, DirectoryRecord((RecordedDirectory(str(path), OURS),)), lambda _record: None)
    assert path.stat().st_mode & 0o777 == 0o700

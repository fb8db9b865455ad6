# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of created directories."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._service_directories import record
from ansible_collections.localai.core.plugins.module_utils._service_directories.paths import Identity, PathState
from ansible_collections.localai.core.plugins.module_utils._service_directories.record import (
    DirectoryRecord,
    RecordedDirectory,
)

ENTRY = RecordedDirectory("/srv/a", Identity(1, 2, 3, "mark"), only_if_empty=True)
RECORD = DirectoryRecord((ENTRY,))


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "own/record.json"
    record.write(str(file), RECORD)
    assert record.read(str(file)) == RECORD
    assert [oct(place.stat().st_mode & 0o777) for place in (file, file.parent)] == ["0o600", "0o700"]
    record.write(str(file), DirectoryRecord())
    assert record.read(str(file)) == DirectoryRecord()
    record.remove(str(file))
    assert os.listdir(tmp_path) == []
    record.remove(str(file))
    assert record.read(str(file)) is None


def test_one_entry_for_each_path() -> None:
    other = RecordedDirectory("/srv/a", Identity(1, 5, 3))
    assert RECORD.with_entry(other) == DirectoryRecord((other,))
    assert RECORD.without("/srv/a") == DirectoryRecord()
    assert (RECORD.entry("/srv/a"), RECORD.entry("/srv")) == (ENTRY, None)


@pytest.mark.parametrize(
    ("path", "inode", "expected"), [("/srv/a", 2, True), ("/srv/a", 5, False), ("/srv/b", 2, False)]
)
def test_only_the_same_directory_at_the_same_path_is_recorded(path: str, inode: int, expected: bool) -> None:
    assert RECORD.has(PathState(path, "directory", Identity(1, inode, 3, "mark"))) == expected
    assert not RECORD.has(PathState(path, "missing"))


ROW = {"path": "/a", "device": 1, "inode": 2, "file_system": 3, "mark": "", "only_if_empty": False}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is damaged"),
        ("[]", "is damaged"),
        (json.dumps({"format": 1, "directories": [{**ROW, "inode": "2"}]}), "is damaged"),
        (json.dumps({"format": 1, "directories": [{**ROW, "path": 1}]}), "is damaged"),
        (json.dumps({"format": 2, "directories": []}), "has the format 2, and this version of the collection reads 1"),
    ],
)
def test_a_record_that_cannot_be_used_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "record.json"
    file.write_text(content)
    with pytest.raises(HostError, match=message):
        record.read(str(file))


def test_a_record_that_others_can_write_is_not_trusted(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    record.write(str(file), RECORD)
    file.chmod(0o622)
    with pytest.raises(HostError, match="it is not trusted"):
        record.read(str(file))


def test_a_symlink_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "record.json")
    record.write(str(tmp_path / "record.json"), RECORD)
    with pytest.raises(HostError, match="cannot be read"):
        record.read(str(tmp_path / "link"))

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record for a host of version 0.1: only what belongs to its account alone. Whole runs are tested elsewhere."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._service_directories.adopt import adopt, marked
from ansible_collections.localai.core.plugins.module_utils._service_directories.paths import scan_path
from ansible_collections.localai.core.plugins.module_utils._service_directories.record import (
    DirectoryRecord,
    RecordedDirectory,
)
from ansible_collections.localai.core.tests.support.host import IS_ROOT

ACCOUNT = 998


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    for name in ("backends", "models"):
        (home / name / "deep").mkdir(parents=True)
    (tmp_path / "unit").touch()
    for place in (home, *home.rglob("*")):
        os.chown(place, ACCOUNT, ACCOUNT)
    row = ("localai", "x", ACCOUNT, ACCOUNT, "", str(home), "/usr/sbin/nologin")
    monkeypatch.setattr(pwd, "getpwnam", {"localai": pwd.struct_passwd(row)}.__getitem__)
    return home


def adopted(home: Path, user: str = "localai") -> DirectoryRecord:
    return adopt([str(home.parent / "unit")], user, str(home))


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_directories_of_the_account_alone_are_recorded_and_their_home_only_if_it_is_empty(home: Path) -> None:
    os.chown(home / "models/deep", 0, 0)
    record = adopted(home)
    assert [(entry.path, entry.only_if_empty) for entry in record.entries] == [
        (str(home / "backends"), False),
        (str(home), True),
    ]


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_without_the_account_or_the_files_of_that_version_nothing_is_recorded(home: Path) -> None:
    assert adopted(home, "other") == DirectoryRecord()
    (home.parent / "unit").unlink()
    assert adopted(home) == DirectoryRecord()


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_nothing_is_recorded_where_a_later_version_started_the_service(home: Path) -> None:
    """That version used directories which were there before it, so they are not the role's."""
    started = home.parent / "started.json"
    files = [str(home.parent / "unit"), str(started)]
    started.write_text('{"backends": {}, "files": {}}', encoding="utf-8")
    assert adopt(files, "localai", str(home)).entries
    for content in ('{"backends": {}, "files": {}, "format": 2}', "not JSON", "[]"):
        started.write_text(content, encoding="utf-8")
        assert adopt(files, "localai", str(home)) == DirectoryRecord()


def test_a_directory_is_marked_only_if_it_still_is_the_recorded_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    state = [scan_path(str(tmp_path / name)) for name in ("a", "b")]
    assert state[0].directory is not None
    assert state[1].directory is not None
    swapped = RecordedDirectory(state[0].path, state[1].directory)
    kept = RecordedDirectory(state[1].path, state[1].directory)
    (entry,) = marked(DirectoryRecord((swapped, kept))).entries
    assert entry.path == str(tmp_path / "b")
    assert DirectoryRecord((entry,)).has(scan_path(str(tmp_path / "b")))

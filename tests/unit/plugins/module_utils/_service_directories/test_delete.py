# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Only directories that the role created are deleted, and what stays in them stays."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._service_directories import delete
from ansible_collections.localai.core.plugins.module_utils._service_directories.delete import (
    DeletionTarget,
    KeptDirectory,
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

OURS = Identity(1, 2, 3)
RECORD = DirectoryRecord((RecordedDirectory("/a", OURS),))
DIRECTORY = PathState("/a", "directory", OURS, "/a")


@pytest.mark.parametrize(
    ("target", "keep", "reason"),
    [
        (DeletionTarget(DIRECTORY), [KeptDirectory("/a", "/a")], "is also a directory that stays"),
        (DeletionTarget(PathState("/a", "link")), [], "is a symlink"),
        (DeletionTarget(DIRECTORY, ("/a",)), [], "is a mount point"),
        (DeletionTarget(DIRECTORY, ("/a/b",)), [], r"has something mounted in it \(/a/b\)"),
        (
            DeletionTarget(PathState("/a", "directory", Identity(1, 9, 3), "/a")),
            [],
            "is not the directory that the role created there, but another",
        ),
    ],
)
def test_a_directory_that_must_not_be_deleted_is_refused(
    target: DeletionTarget, keep: list[KeptDirectory], reason: str
) -> None:
    with pytest.raises(HostError, match=f"Nothing was changed.*/a {reason}"):
        delete.plan(["/a"], keep, {"/a": target}, RECORD)


def test_a_directory_without_a_record_is_refused() -> None:
    with pytest.raises(HostError, match="/a was there before"):
        delete.plan(["/a"], [], {"/a": DeletionTarget(DIRECTORY)}, DirectoryRecord())


def test_what_is_mounted_in_a_kept_directory_is_no_objection() -> None:
    keep = [KeptDirectory("/a/b", "/a/b")]
    (deletion,) = delete.plan(["/a"], keep, {"/a": DeletionTarget(DIRECTORY, ("/a/b/c",))}, RECORD)
    assert (deletion.keep, deletion.keep_mounts) == ((("b",),), ("/a/b/c",))


def test_a_missing_directory_needs_no_deletion() -> None:
    assert delete.plan(["/a"], [], {"/a": DeletionTarget(PathState("/a", "missing"))}, RECORD) == []


def run(command: list[str], directory: str) -> tuple[int, str]:
    done = subprocess.run(command, cwd=directory, check=False, capture_output=True, text=True)
    return done.returncode, done.stderr


def test_a_directory_is_deleted_except_for_what_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for name in ("b/stays", "b/goes", "c"):
        (path / name).mkdir(parents=True)
    state = scan_path(str(path))
    assert state.directory is not None
    record = DirectoryRecord((RecordedDirectory(str(path), state.directory),))
    keep = delete.existing([str(path / "b/stays"), str(path / "nowhere")])
    (deletion,) = delete.plan([str(path)], keep, {str(path): delete.scan(str(path))}, record)
    assert delete.predict([deletion]) == ([str(path)], {})
    assert delete.apply(deletion, record, run) is False
    assert [str(place.relative_to(path)) for place in sorted(path.rglob("*"))] == ["b", "b/stays"]


def test_a_directory_that_is_deleted_only_if_empty_stays_with_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    (path / "b").mkdir(parents=True)
    state = scan_path(str(path))
    assert state.directory is not None
    record = DirectoryRecord((RecordedDirectory(str(path), state.directory, only_if_empty=True),))
    (deletion,) = delete.plan([str(path)], [], {str(path): delete.scan(str(path))}, record)
    assert delete.predict([deletion]) == ([], {str(path): [str(path / "b")]})
    assert delete.apply(deletion, record, run) is False
    (path / "b").rmdir()
    assert delete.apply(deletion, record, run) is True
    assert not path.exists()

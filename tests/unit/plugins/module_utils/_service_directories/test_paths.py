# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is at the path of a directory, whoever could exchange something on the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._service_directories.paths import (
    Identity,
    identity_of,
    mark,
    mount_points,
    names_below,
    open_directory,
    scan_path,
)
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    ordinary_user,
)


@pytest.fixture(name="top")
def _top(tmp_path: Path) -> Path:
    (tmp_path / "directory").mkdir(mode=0o711)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("directory")
    (tmp_path / "dangling").symlink_to("nowhere")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("directory", "directory"),
        ("link/below", "missing"),
        ("nowhere", "missing"),
        ("nowhere/below", "missing"),
        ("file", "other"),
        ("link", "link"),
        ("dangling", "other"),
    ],
)
def test_the_kind_of_what_is_at_a_path(top: Path, path: str, kind: str) -> None:
    assert scan_path(str(top / path)).kind == kind


def test_a_directory_has_an_identity_an_owner_and_a_path_without_symlinks(top: Path) -> None:
    (top / "directory/below").mkdir(mode=0o750)
    state = scan_path(str(top / "link/below"))
    assert (state.real, state.uid, state.mode) == (str(top / "directory/below"), os.geteuid(), 0o750)
    assert (
        state.directory
        == scan_path(str(top / "directory/below")).directory
        != scan_path(str(top / "directory")).directory
    )


def test_a_path_through_a_file_is_an_error(top: Path) -> None:
    with pytest.raises(HostError, match="file on the way to it is not a directory"):
        scan_path(str(top / "file/below"))


def test_a_path_without_end_is_an_error(top: Path) -> None:
    (top / "loop").symlink_to("loop")
    with pytest.raises(HostError, match="leads through more than 40 symlinks"):
        scan_path(str(top / "loop/below"))


def test_what_this_user_may_not_see_is_hidden() -> None:
    with directory_of_ordinary_user() as top, ordinary_user():
        (top / "closed").mkdir(mode=0)
        assert scan_path(str(top / "closed/below")).kind == "hidden"


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_a_symlink_of_another_user_is_not_followed(top: Path) -> None:
    os.chown(top / "link", NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(HostError, match="the symlink link on the way to it belongs to another user"):
        scan_path(str(top / "link/below"))


def test_a_mark_tells_a_directory_from_another_with_the_same_inode(top: Path) -> None:
    with open_directory(str(top / "directory")) as fd:
        assert fd is not None
        before = identity_of(fd)
        mark(fd)
        assert before.is_same(identity_of(fd))
        if identity_of(fd).mark:
            assert not identity_of(fd).is_same(before)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Identity(1, 2, 3), True),
        (Identity(9, 2, 3), True),
        (Identity(1, 2, 9), True),
        (Identity(9, 2, 9), False),
        (Identity(1, 9, 3), False),
    ],
)
def test_a_directory_is_the_same_on_the_same_device_or_file_system(other: Identity, same: bool) -> None:
    assert Identity(1, 2, 3).is_same(other) == same


def test_an_unknown_file_system_proves_nothing() -> None:
    assert not Identity(1, 2, 0).is_same(Identity(9, 2, 0))


@pytest.mark.parametrize(
    ("path", "top", "expected"),
    [
        ("/a", "/a", ()),
        ("/a/b/c", "/a", ("b", "c")),
        ("/ab", "/a", None),
        ("/", "/a", None),
        ("/a", "/", ("a",)),
    ],
)
def test_the_names_that_lead_to_a_path(path: str, top: str, expected: tuple[str, ...] | None) -> None:
    assert names_below(path, top) == expected


def test_the_root_is_a_mount_point() -> None:
    assert "/" in mount_points("/")

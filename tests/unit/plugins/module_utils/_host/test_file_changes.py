# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps are carried out by descriptors, atomically, and by the next run if one dies."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.accounts import attributes_of
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._host import file_changes
from ansible_collections.localai.core.plugins.module_utils._host.file_changes import apply
from ansible_collections.localai.core.plugins.module_utils._host.file_steps import (
    CreateDirectory,
    GenerateFile,
    Remove,
    SetAttributes,
    WriteFile,
)
from ansible_collections.localai.core.plugins.module_utils._host.path_entry import MISSING, entry_at
from ansible_collections.localai.core.tests.support.host import IS_ROOT, NOBODY, failing, mode, umask

takes_root = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")


def own(file_mode: str) -> FileAttributes:
    return FileAttributes(str(os.geteuid()), str(os.getegid()), file_mode)


def test_a_directory_is_created_with_those_above_it(tmp_path: Path) -> None:
    with umask(0o077):
        apply(CreateDirectory(str(tmp_path / "a/b/c"), own("0750")))
    assert [mode(tmp_path / path) for path in ("a", "a/b", "a/b/c")] == ["0o755", "0o755", "0o750"]


def test_a_file_is_written_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with umask(0o077):
        apply(WriteFile(str(path), own("0664"), b"content", MISSING, False))
    assert (path.read_bytes(), mode(path)) == (b"content", "0o664")
    apply(WriteFile(str(path), own("0600"), b"", entry_at(str(path)), False))
    assert (path.read_bytes(), mode(path)) == (b"", "0o600")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "file").symlink_to("target")
    apply(WriteFile(str(tmp_path / "file"), own("0600"), b"new", MISSING, False))
    assert (tmp_path / "target").read_bytes() == b"precious"
    assert not (tmp_path / "file").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


@takes_root
def test_a_file_has_its_owner_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = os.rename, []

    def rename(source: str, target: str, **settings: Any) -> None:
        status = os.stat(source, dir_fd=settings["src_dir_fd"])
        seen.append((status.st_uid, status.st_gid, oct(status.st_mode & 0o7777), status.st_size, target))
        real(source, target, **settings)

    monkeypatch.setattr(os, "rename", rename)
    attributes = FileAttributes(str(NOBODY), str(NOBODY), "0640")
    apply(WriteFile(str(tmp_path / "file"), attributes, b"abc", MISSING, True))
    assert seen == [(NOBODY, NOBODY, "0o640", 3, "file")]


def test_a_token_is_new_each_time(tmp_path: Path) -> None:
    contents = [
        apply(GenerateFile(str(tmp_path / name), own("0600"), "A={token}\nB={token}\n{x}", MISSING))
        for name in ("a", "b")
    ]
    assert contents == [(tmp_path / name).read_bytes() for name in ("a", "b")]
    assert contents[0] != contents[1]
    first, second, rest = (contents[0] or b"").decode().split("\n")
    assert len(first) == 2 + 43
    assert first[2:] == second[2:]
    assert rest == "{x}"


def test_attributes_are_set_on_the_file_that_was_checked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    entry = entry_at(str(path))
    apply(SetAttributes(str(path), own("0600"), entry))
    assert mode(path) == "0o600"
    path.rename(tmp_path / "moved")
    path.write_bytes(b"another")
    path.chmod(0o644)
    with pytest.raises(HostError, match="file was replaced during this run"):
        apply(SetAttributes(str(path), own("0600"), entry))
    assert mode(path) == "0o644"


def test_attributes_of_a_directory_are_set_through_a_link_of_ours(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("directory")
    entry = entry_at(str(tmp_path / "directory"))
    apply(SetAttributes(str(tmp_path / "link"), own("0711"), entry))
    assert mode(tmp_path / "directory") == "0o711"
    (tmp_path / "link").unlink()
    with pytest.raises(HostError, match="link was replaced during this run"):
        apply(SetAttributes(str(tmp_path / "link"), own("0711"), entry))


def test_a_removal_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").touch()
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/link").symlink_to(tmp_path / "precious")
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    for name in ("a", "link", "missing", "missing/x"):
        apply(Remove(str(tmp_path / name), MISSING))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "precious"]


def test_a_missing_directory_above_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="/a/file: the directory above it does not exist"):
        apply(WriteFile(str(tmp_path / "a/file"), own("0600"), b"", MISSING, False))


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(HostError, match="/file: No space left on device"):
        apply(WriteFile(str(tmp_path / "file"), own("0600"), b"x", MISSING, False))
    assert list(tmp_path.iterdir()) == []


@takes_root
def test_a_link_of_another_user_on_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.chown(tmp_path / "link", NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(HostError, match="belongs to another user, who could lead root elsewhere"):
        apply(WriteFile(str(tmp_path / "link/file"), own("0600"), b"x", MISSING, False))
    assert list((tmp_path / "real").iterdir()) == []


def test_a_new_directory_that_somebody_exchanged_gets_no_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    (tmp_path / "theirs/file").touch()
    real: Callable[..., None] = os.mkdir

    def mkdir(name: str, directory_mode: int, *, dir_fd: int) -> None:
        real(name, directory_mode, dir_fd=dir_fd)
        os.rmdir(name, dir_fd=dir_fd)
        os.rename(tmp_path / "theirs", tmp_path / "ours")

    monkeypatch.setattr(os, "mkdir", mkdir)
    with pytest.raises(HostError, match="ours was replaced during this run"):
        apply(CreateDirectory(str(tmp_path / "ours"), own("0777")))
    assert mode(tmp_path / "ours") == "0o700"


class Died(BaseException):
    """The run was killed."""


def test_the_next_run_clears_away_what_a_killed_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_arguments: object, **_settings: object) -> None:
        raise Died

    monkeypatch.setattr(os, "fsync", die)
    monkeypatch.setattr(file_changes, "remove", lambda *_arguments: None)
    with pytest.raises(Died):
        apply(WriteFile(str(tmp_path / "file"), own("0644"), b"secret", MISSING, True))
    (left,) = tmp_path.iterdir()
    monkeypatch.undo()
    left.unlink()
    left.mkdir()
    (left / "in the way").touch()
    apply(WriteFile(str(tmp_path / "file"), own("0644"), b"secret", MISSING, True))
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert attributes_of((tmp_path / "file").stat()).mode == "0644"

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and writing external_backends.json in a directory of another user."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._server.registration_file import RegistrationFile
from ansible_collections.localai.core.tests.support.host import IS_ROOT, NOBODY, mode

NAME = "external_backends.json"


def file_in(directory: Path, owner: str | None = None, group: str | None = None) -> RegistrationFile:
    return RegistrationFile(str(directory), owner, group)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    assert file.read().content is None
    file.write('{"a": "/ä"}\n')
    stored = file.read()
    assert stored.content == '{"a": "/ä"}\n'.encode()
    assert file.is_as_requested(stored)
    assert mode(tmp_path / NAME) == "0o600"
    assert os.listdir(tmp_path) == [NAME]


def test_a_file_is_replaced_and_not_rewritten(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.write("1")
    with open(tmp_path / NAME, encoding="utf-8") as before:
        file.write("2")
        assert before.read() == "1"
    assert file.read().content == b"2"


def test_removal(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.write("1")
    file.remove()
    file.remove()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_the_owner_is_that_of_the_directory_or_as_requested(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    file_in(tmp_path).write("1")
    assert (tmp_path / NAME).stat()[4:6] == (NOBODY, NOBODY)
    other = file_in(tmp_path, owner="0", group="0")
    assert not other.is_as_requested(other.read())
    other.write("1")
    assert (tmp_path / NAME).stat()[4:6] == (0, 0)
    assert other.is_as_requested(other.read())


def test_a_file_that_its_owner_cannot_read_is_not_as_requested(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.write("1")
    stored = file.read()
    (tmp_path / NAME).chmod(0o040)
    assert file.is_as_requested(stored)
    assert not file.is_as_requested(type(stored)(stored.content, stored.owner, 0o040))


def test_an_unknown_owner(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no user no-such-user"):
        file_in(tmp_path, owner="no-such-user").write("1")
    assert os.listdir(tmp_path) == [], "nothing is left"


def test_no_symlink_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "real" / NAME).symlink_to(tmp_path / "secret")
    with pytest.raises(HostError, match="is a symlink, which is not followed"):
        file_in(tmp_path / "real").read()
    file_in(tmp_path / "real").write("1")
    assert (tmp_path / "secret").read_text() == "{}"
    assert stat.S_ISREG(os.lstat(tmp_path / "real" / NAME).st_mode)


def test_a_link_of_this_user_to_the_directory_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for directory in (tmp_path / "link", Path(f"{tmp_path}/link/")):
        file = file_in(directory)
        file.write("1")
        assert file.is_as_requested(file.read())
        assert (tmp_path / "real" / NAME).read_text() == "1"
        file.remove()
        assert os.listdir(tmp_path / "real") == []


@pytest.mark.parametrize("path", ["link", "above/real"])
@pytest.mark.skipif(not IS_ROOT, reason="only root can give symlinks away")
def test_a_link_of_another_user_is_not_followed(tmp_path: Path, path: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / NAME).write_text("{}")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "above").symlink_to(".")
    for name in ("link", "above"):
        os.lchown(tmp_path / name, NOBODY, NOBODY)
    file = file_in(tmp_path / path)
    for call in (file.read, lambda: file.write("2"), file.remove):
        with pytest.raises(HostError, match=r"config_path: .*on the way to it belongs to another user"):
            call()
    assert (tmp_path / "real" / NAME).read_text() == "{}"


def test_a_link_to_nowhere_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("missing")
    assert file_in(tmp_path / "link").read().content is None
    with pytest.raises(HostError, match="does not exist"):
        file_in(tmp_path / "link").write("1")


def test_a_file_in_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError, match=r"config_path: .*file on the way to it is not a directory"):
        file_in(tmp_path / "file").read()


def test_what_cannot_be_a_file(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(HostError, match=NAME):
        file_in(tmp_path).read()
    with pytest.raises(HostError, match=NAME):
        file_in(tmp_path).write("1")
    assert os.listdir(tmp_path) == [NAME]


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(HostError, match="it is not a file"):
        file_in(tmp_path).read()


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b" " * (1024**2 + 1))
    with pytest.raises(HostError, match="larger than"):
        file_in(tmp_path).read()


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    file = file_in(tmp_path / "missing")
    stored = file.read()
    assert stored.content is None
    assert not file.is_as_requested(stored)
    with pytest.raises(HostError, match="does not exist"):
        file.write("1")


def test_leftovers_of_a_run_that_died_are_removed(tmp_path: Path) -> None:
    (tmp_path / f".{NAME}.0123").write_text("half")
    (tmp_path / f".{NAME}.4567").mkdir()
    file_in(tmp_path).write("1")
    assert sorted(os.listdir(tmp_path)) == [f".{NAME}.4567", NAME]


@pytest.mark.parametrize("call", ["fsync", "rename", "fchmod"])
def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    file_in(tmp_path).write("1")

    def fail(*_arguments: object, **_settings: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(HostError, match="No space left"):
        file_in(tmp_path).write("2")
    monkeypatch.undo()
    assert file_in(tmp_path).read().content == b"1"
    assert os.listdir(tmp_path) == [NAME]

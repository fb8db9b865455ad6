# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module that creates the role's directories: what it creates, records, and leaves as it is."""

from __future__ import annotations

import json
import os
import pwd
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from ansible_collections.localai.core.plugins.modules.localai_directory import main
from ansible_collections.localai.core.tests.support.directories import LAYOUT, DirectoryHost, can_mount
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    mode,
    ordinary_user,
    snapshot,
)
from ansible_collections.localai.core.tests.support.module import run_module

takes_root = pytest.mark.skipif(not IS_ROOT or not can_mount(), reason="only root can mount and give files away")


@pytest.fixture(name="host")
def _host(tmp_path: Path) -> DirectoryHost:
    return DirectoryHost(tmp_path)


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """A directory that is on a disk where other temporary files are in memory, which does not reuse inodes."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        yield Path(directory)


def test_what_is_missing_is_created_and_recorded(host: DirectoryHost) -> None:
    predicted = host.run("present", *LAYOUT, check_mode=True)
    assert host.all() == []
    done = host.run("present", *LAYOUT)
    assert {**done, "created": []} == {**predicted, "created": []}
    assert done["created"] == predicted["created"] == [str(host.top / path) for path in LAYOUT]
    assert (done["changed"], done["foreign"]) == (True, [])
    assert host.recorded() == list(LAYOUT)
    assert {mode(host.top / path) for path in LAYOUT} == {"0o750"}
    assert mode(host.record) == "0o600"
    assert mode(host.record.parent) == "0o700"
    assert not host.run("present", *LAYOUT)["changed"]


def test_what_is_missing_is_an_error_where_it_is_not_created(host: DirectoryHost) -> None:
    assert not host.run("present", *LAYOUT, check_mode=True, create=False)["changed"]
    failed = host.run("present", *LAYOUT, create=False)
    assert failed["msg"].endswith("there is no such directory. Create or mount it first.")
    assert host.all() == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_exists_is_used_as_it_is(host: DirectoryHost, check_mode: bool) -> None:
    model = host.write("home/models/model")
    model.parent.chmod(0o775)
    before = snapshot(host.top / "home" / "models")
    done = host.run("present", *LAYOUT, check_mode=check_mode)
    assert done["foreign"] == [str(host.top / "home"), str(model.parent)]
    assert snapshot(host.top / "home" / "models") == before
    assert "home/models" not in host.recorded()


def test_the_mode_is_kept_on_what_was_created(host: DirectoryHost) -> None:
    host.run("present", "home")
    (host.top / "home").chmod(0o777)
    assert host.run("present", "home", check_mode=True)["changed"]
    assert mode(host.top / "home") == "0o777"
    assert host.run("present", "home")["changed"]
    assert mode(host.top / "home") == "0o750"


def test_a_directory_that_took_its_place_is_not_touched(host: DirectoryHost) -> None:
    host.run("present", *LAYOUT)
    (host.top / "home/models").rename(host.top / "moved")
    host.write("home/models/model").parent.chmod(0o775)
    assert host.run("present", *LAYOUT)["foreign"] == [str(host.top / "home/models")]
    assert mode(host.top / "home/models") == "0o775"
    refused = host.run("absent", "home/models")
    assert refused["failed"]
    assert "home/models is not the directory that the role created there" in refused["msg"]
    assert host.run("absent", "moved")["failed"], "a directory that was moved is not known there"
    assert (host.top / "home/models/model").exists()


@takes_root
def test_another_directory_with_the_same_inode_is_not_touched(on_disk: Path) -> None:
    host = DirectoryHost(on_disk)
    host.run("present", "home")
    inode = (host.top / "home").stat().st_ino
    (host.top / "home").rmdir()
    (host.top / "home").mkdir()
    (host.top / "home").chmod(0o775)
    if (host.top / "home").stat().st_ino != inode:
        pytest.skip("this file system does not use the inode again at once")
    assert host.run("present", "home")["foreign"] == [str(host.top / "home")]
    assert mode(host.top / "home") == "0o775"
    assert host.run("absent", "home")["failed"]


def test_a_directory_that_is_created_again_is_recorded_again(host: DirectoryHost) -> None:
    host.run("present", *LAYOUT)
    (host.top / "home/models").rename(host.top / "moved")
    assert host.run("present", *LAYOUT)["created"] == [str(host.top / "home/models")]
    assert host.run("absent", *LAYOUT)["changed"]
    assert host.all() == ["moved"]


def test_parents_are_created_and_removed_with_what_they_are_for(host: DirectoryHost) -> None:
    host.run("present", "a/b/home", mode="0700")
    assert mode(host.top / "a" / "b") == "0o755"
    host.write("a/other")
    host.run("absent", "a/b/home")
    assert host.all() == ["a", "a/other"]


@takes_root
@pytest.mark.parametrize("path", ["shared", "shared/deep"])
def test_what_root_may_not_see_is_used_as_it_is(path: str) -> None:
    with directory_of_ordinary_user() as top:
        host = DirectoryHost(top)
        (top / path).mkdir(mode=0o700, parents=True)
        (top / "shared").chmod(0o700)
        with ordinary_user():
            done = host.run("present", path)
    assert (done.get("foreign"), done["changed"]) == ([str(top / path)], False), done


@takes_root
def test_a_mount_over_a_directory_is_used_as_it_is(host: DirectoryHost) -> None:
    host.run("present", *LAYOUT)
    shared = host.write("shared/model").parent
    shared.chmod(0o777)
    mount = ["mount", "--bind", str(shared), str(host.top / "home/models")]
    assert host.mounted([mount], "present", *LAYOUT)["foreign"] == [str(host.top / "home/models")]
    assert mode(shared) == "0o777"
    assert not host.run("present", *LAYOUT)["foreign"], "without the mount, it is what was created"


class Died(BaseException):
    """The run was killed."""


@pytest.mark.parametrize("call", ["mkdir", "rename", "replace", "fsync", "fchown", "fchmod", "rmdir"])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_dies_is_finished_by_the_next(
    host: DirectoryHost, monkeypatch: pytest.MonkeyPatch, call: str, number: int, after: bool
) -> None:
    host.write("foreign/file")
    real: Callable[..., Any] = getattr(os, call)
    calls = []

    def dying(*arguments: Any, **settings: Any) -> Any:
        calls.append(arguments)
        result = real(*arguments, **settings) if after or len(calls) != number else None
        if len(calls) == number:
            raise Died
        return result

    for state, left in (("present", None), ("absent", ["foreign", "foreign/file"])):
        monkeypatch.setattr(os, call, dying)
        try:
            host.run(state, "home", "home/models", "foreign/models")
        except Died:
            pass
        finally:
            monkeypatch.undo()
        calls.clear()
        done = host.run(state, "home", "home/models", "foreign/models")
        assert not done["failed"], done
        if left is None:
            assert done["foreign"] == []
            assert {"home", "home/models", "foreign/models"} <= set(host.recorded())
            assert {mode(host.top / path) for path in ("home", "home/models", "foreign/models")} == {"0o750"}
            assert not [path for path in host.all() if "/." in f"/{path}"], "nothing is left over"
        else:
            assert host.all() == left


def test_names_that_somebody_put_there_are_not_in_the_way(host: DirectoryHost) -> None:
    host.write("home/.localai-0-models/file")
    host.write("home/.localai-1-models")
    host.run("present", "home/models")
    assert host.recorded() == ["home/models"]
    assert (host.top / "home/.localai-0-models/file").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is damaged"),
        ("[]", "is damaged"),
        ('{"format": 1}', "is damaged"),
        ('{"format": 1, "directories": [{"path": "/srv"}]}', "is damaged"),
        (
            '{"format": 1, "directories": [{"path": 1, "mark": "", "device": 1, "inode": 1, "file_system": 1}]}',
            "is damaged",
        ),
        ('{"format": 2, "directories": []}', "has the format 2"),
    ],
)
def test_a_record_that_cannot_be_read_is_an_error(host: DirectoryHost, content: str, said: str) -> None:
    host.write("memory/directories.json", content).chmod(0o600)
    for state in ("present", "absent"):
        assert said in host.run(state, "home")["msg"]
    assert not (host.top / "home").exists()


def test_a_record_that_others_can_write_is_not_trusted(host: DirectoryHost) -> None:
    host.run("present", "home")
    host.record.chmod(0o666)
    assert "can be written by others" in host.run("absent", "home")["msg"]
    host.record.unlink()
    host.record.symlink_to("/dev/zero")
    assert "cannot be read" in host.run("absent", "home")["msg"]


def test_another_number_of_the_device_is_the_same_directory_on_the_same_file_system(host: DirectoryHost) -> None:
    host.run("present", "home")
    document = json.loads(host.record.read_text())
    row = document["directories"][0]
    same = bool(row["file_system"])
    row["device"] += 1
    host.record.write_text(json.dumps(document))
    assert (host.run("present", "home")["foreign"] == []) == same
    row["file_system"] += 1
    host.record.write_text(json.dumps(document))
    assert host.run("present", "home")["foreign"] == [str(host.top / "home")]
    assert host.run("absent", "home")["failed"]


@pytest.mark.parametrize(
    ("state", "path", "options", "said"),
    [
        ("present", "file", {}, "is not a directory"),
        ("present", "file/models", {}, "is not a directory"),
        ("present", "dangling", {}, "is not a directory"),
        ("present", "loop/models", {}, "symlinks"),
        ("present", "home", {"mode": "u=rwx"}, "is not an octal mode"),
        ("present", "home", {"owner": "no-such-user"}, "this host has no 'no-such-user'"),
        ("present", "home", {"group": "no-such-group"}, "this host has no 'no-such-group'"),
        ("present", "../home", {}, "is not an absolute path"),
        ("absent", "file", {}, "was there before"),
    ],
)
def test_what_cannot_be_ends_with_a_sentence(
    host: DirectoryHost, state: str, path: str, options: dict[str, Any], said: str
) -> None:
    host.write("file")
    (host.top / "dangling").symlink_to("nowhere")
    (host.top / "loop").symlink_to("loop")
    for check_mode in (True, False):
        done = host.run(state, path, check_mode=check_mode, **options)
        assert said in done.get("msg", ""), done
    assert not (host.top / "home").exists()


@takes_root
def test_a_symlink_of_the_service_user_does_not_lead_root_elsewhere(host: DirectoryHost) -> None:
    (host.top / "home").mkdir()
    (host.top / "elsewhere").mkdir()
    (host.top / "home/data").symlink_to(host.top / "elsewhere")
    os.chown(host.top / "home/data", NOBODY, NOBODY, follow_symlinks=False)
    assert "belongs to another user" in host.run("present", "home/data/models")["msg"]
    os.chown(host.top / "home/data", 0, 0, follow_symlinks=False)
    assert host.run("present", "home/data/models")["changed"]
    assert (host.top / "elsewhere/models").is_dir()


@takes_root
def test_a_path_that_is_swapped_for_a_symlink_meanwhile_is_not_followed(
    host: DirectoryHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.run("present", *LAYOUT)
    (host.top / "home/models").chmod(0o700)
    (host.top / "elsewhere").mkdir(mode=0o711)
    from ansible_collections.localai.core.plugins.module_utils._service_directories import create

    plan = create.plan

    def swap(*arguments: Any) -> Any:
        steps = plan(*arguments)
        (host.top / "home/models").rename(host.top / "home/moved")
        (host.top / "home/models").symlink_to(host.top / "elsewhere")
        return steps

    monkeypatch.setattr(create, "plan", swap)
    assert "was replaced during this run" in host.run("present", *LAYOUT, owner="nobody")["msg"]
    assert mode(host.top / "elsewhere") == "0o711"
    assert (host.top / "elsewhere").stat().st_uid == 0


def account() -> str:
    """Return the name of the ordinary user, which is the user of the tests unless that is root."""
    return pwd.getpwuid(NOBODY if IS_ROOT else os.geteuid()).pw_name


@pytest.fixture(name="open_host")
def _open_host() -> Iterator[DirectoryHost]:
    """A host whose directories others than root can reach."""
    with directory_of_ordinary_user() as top:
        yield DirectoryHost(top)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_directory_that_the_service_cannot_read_is_an_error(open_host: DirectoryHost, check_mode: bool) -> None:
    closed = open_host.top / "shared"
    closed.mkdir()
    closed.chmod(0o700 if IS_ROOT else 0)
    before = snapshot(closed)
    done = open_host.run("present", "shared", check_mode=check_mode, readable_by=account())
    assert done["failed"]
    assert f"The user {account()} cannot read or enter {closed}. Let this user in" in done["msg"]
    assert snapshot(closed) == before
    closed.chmod(0o755)
    assert not open_host.run("present", "shared", check_mode=check_mode, readable_by=account())["failed"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_directory_that_the_service_cannot_write_to_is_an_error(open_host: DirectoryHost, check_mode: bool) -> None:
    shared = open_host.top / "shared"
    shared.mkdir()
    shared.chmod(0o755 if IS_ROOT else 0o500)
    writable = {"readable_by": account(), "writable": [str(shared)]}
    done = open_host.run("present", "shared", check_mode=check_mode, **writable)
    assert f"cannot write to {shared}. Let this user in" in done["msg"]
    shared.chmod(0o777)
    assert not open_host.run("present", "shared", check_mode=check_mode, **writable)["failed"]


def test_check_mode_does_not_test_what_a_run_would_create_or_change(open_host: DirectoryHost) -> None:
    options = {"readable_by": account(), "mode": "0755"}
    for _round in range(2):
        assert not open_host.run("present", *LAYOUT, check_mode=True, **options)["failed"]
        assert not open_host.run("present", *LAYOUT, **options)["failed"]
        (open_host.top / "home").chmod(0o700 if IS_ROOT else 0o100)
    done = open_host.run("present", "home/models", check_mode=True, **options)
    assert done["failed"] is IS_ROOT, "what is above it will not be changed by this task"


def test_a_created_directory_that_the_service_cannot_use_is_in_the_result_of_the_error(
    open_host: DirectoryHost,
) -> None:
    (open_host.top / "closed").mkdir()
    (open_host.top / "closed").chmod(0o711 if IS_ROOT else 0o300)
    done = open_host.run("present", "home", "closed", readable_by=account(), mode="0755")
    assert done["failed"]
    assert done["created"] == [str(open_host.top / "home")]


def test_a_directory_may_only_have_to_be_entered(open_host: DirectoryHost) -> None:
    (open_host.top / "home").mkdir()
    (open_host.top / "home").chmod(0o711 if IS_ROOT else 0o300)
    rows = {"directories": [{"path": str(open_host.top / "home"), "readable": False}], "readable_by": account()}
    assert not run_module(main, {**open_host.arguments("present"), **rows})["failed"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_lost_and_found_in_the_backends_path_is_an_error(open_host: DirectoryHost, check_mode: bool) -> None:
    backends = open_host.top / "backends"
    (backends / "lost+found").mkdir(parents=True)
    (backends / "lost+found").chmod(0o700 if IS_ROOT else 0)
    given = {"readable_by": account(), "backends_path": str(backends)}
    done = open_host.run("present", "backends", check_mode=check_mode, **given)
    assert done["failed"]
    assert f"Remove {backends}/lost+found, or use a subdirectory of {backends}" in done["msg"]
    (backends / "lost+found").rmdir()
    assert not open_host.run("present", "backends", check_mode=check_mode, **given)["failed"]


def test_an_unknown_user_is_an_error_of_a_run(host: DirectoryHost) -> None:
    assert not host.run("present", "home", check_mode=True, readable_by="no-such-user")["failed"]
    done = host.run("present", "home", readable_by="no-such-user")
    assert done["msg"] == "readable_by: this host has no user 'no-such-user'. Create it first."


def test_an_ordinary_user_cannot_test_for_another(open_host: DirectoryHost) -> None:
    with ordinary_user():
        done = open_host.run("present", "home", readable_by="root")
    assert not done["failed"]
    assert done["warnings"] == ["readable_by: only root can test what root can read. Run with become."]


def test_what_is_writable_must_be_one_of_the_directories(host: DirectoryHost) -> None:
    done = host.run("present", "home", readable_by=account(), writable=["/elsewhere"])
    assert done["msg"] == "writable: /elsewhere must also be in directories."


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_link_into_the_directories_of_the_role_is_refused(host: DirectoryHost, state: str) -> None:
    host.write("own/file")
    (host.top / "models").symlink_to(host.top / "own")
    done = host.run(state, "home", "models", reserved=[str(host.top / "own")])
    assert done["failed"]
    assert f"models leads to {host.top}/own, which is in {host.top}/own, where the role keeps its" in done["msg"]
    assert host.all() == ["models", "own", "own/file"], "nothing was created"

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module that creates the role's directories: it changes and deletes what it created, and nothing else."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.localai.core.plugins.modules.localai_directory import main
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    mode,
    ordinary_user,
    snapshot,
)
from ansible_collections.localai.core.tests.support.module import run_module
from ansible_collections.localai.core.tests.support.playbook import COLLECTION

# In namespaces of its own, with ORIGINAL the path of the test: runs the module with arguments after some mounts.
MOUNTED = """
import json, subprocess, sys
from ansible_collections.localai.core.plugins.modules.localai_directory import main
from ansible_collections.localai.core.tests.support.module import run_module
mounts, arguments, check_mode = json.loads(sys.argv[1])
for mount in mounts:
    subprocess.run(mount, check=True)
print(json.dumps(run_module(main, arguments, check_mode)))
"""


class Host:
    """A directory in which everything is, and the module there."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.record = top / "memory" / "directories.json"

    def run(self, state: str, *paths: str, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        return run_module(main, self.arguments(state, *paths, **options), check_mode)

    def arguments(self, state: str, *paths: str, mode: str = "0750", **options: Any) -> dict[str, Any]:
        rows = [{"path": str(self.top / path), "mode": mode} for path in paths]
        options["keep"] = [str(self.top / path) for path in options.get("keep", [])]
        return {"state": state, "directories": rows, "record": str(self.record), **options}

    def mounted(
        self, mounts: list[list[str]], state: str, *paths: str, check_mode: bool = False, **options: Any
    ) -> Any:
        arguments = json.dumps([mounts, self.arguments(state, *paths, **options), check_mode])
        output = subprocess.check_output(
            ["unshare", "--mount", sys.executable, "-c", MOUNTED, arguments],
            env={**os.environ, "PYTHONPATH": str(COLLECTION.parents[2])},
        )
        return json.loads(output)

    def recorded(self) -> list[str]:
        if not self.record.exists():
            return []
        document = json.loads(self.record.read_text())
        assert document["format"] == 1
        return [os.path.relpath(row["path"], self.top) for row in document["directories"]]

    def write(self, path: str, text: str = "") -> Path:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def all(self) -> list[str]:
        own = {self.record, self.record.parent} if self.record.exists() else set()
        return sorted(str(path.relative_to(self.top)) for path in self.top.rglob("*") if path not in own)


@pytest.fixture(name="host")
def _host(tmp_path: Path) -> Host:
    return Host(tmp_path)


LAYOUT = ("home", "home/backends", "home/models", "home/data")
takes_root = pytest.mark.skipif(
    not IS_ROOT or subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0,
    reason="only root can mount",
)


def test_what_is_missing_is_created_and_recorded(host: Host) -> None:
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


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_exists_is_used_as_it_is(host: Host, check_mode: bool) -> None:
    model = host.write("home/models/model")
    model.parent.chmod(0o775)
    before = snapshot(host.top / "home" / "models")
    done = host.run("present", *LAYOUT, check_mode=check_mode)
    assert done["foreign"] == [str(host.top / "home"), str(model.parent)]
    assert snapshot(host.top / "home" / "models") == before
    assert "home/models" not in host.recorded()


def test_the_mode_is_kept_on_what_was_created(host: Host) -> None:
    host.run("present", "home")
    (host.top / "home").chmod(0o777)
    assert host.run("present", "home", check_mode=True)["changed"]
    assert mode(host.top / "home") == "0o777"
    assert host.run("present", "home")["changed"]
    assert mode(host.top / "home") == "0o750"


def test_a_directory_that_took_its_place_is_not_touched(host: Host) -> None:
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


def test_a_directory_that_is_created_again_is_recorded_again(host: Host) -> None:
    host.run("present", *LAYOUT)
    (host.top / "home/models").rename(host.top / "moved")
    assert host.run("present", *LAYOUT)["created"] == [str(host.top / "home/models")]
    assert host.run("absent", *LAYOUT)["changed"]
    assert host.all() == ["moved"]


def test_parents_are_created_and_removed_with_what_they_are_for(host: Host) -> None:
    host.run("present", "a/b/home", mode="0700")
    assert mode(host.top / "a" / "b") == "0o755"
    host.write("a/other")
    host.run("absent", "a/b/home")
    assert host.all() == ["a", "a/other"]


def test_a_parent_that_was_created_is_deleted_only_if_nothing_else_is_in_it(host: Host) -> None:
    host.run("present", "a/home")
    host.write("a/other")
    done = host.run("absent", "a/home", "a")
    assert done["left"] == [str(host.top / "a")]
    assert [warning for warning in done["warnings"] if "a/other is in it" in warning]
    assert host.all() == ["a", "a/other"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_nothing_is_deleted_when_one_must_not_be(host: Host, check_mode: bool) -> None:
    host.write("home/models/model")
    host.run("present", *LAYOUT)
    before = snapshot(host.top)
    refused = host.run("absent", "home/data", "home/models", "home/backends", check_mode=check_mode)
    assert refused["failed"]
    assert f"{host.top}/home/models was there before, or was created by something else" in refused["msg"]
    assert snapshot(host.top) == before


def test_what_is_to_stay_stays_wherever_it_is_below(host: Host) -> None:
    host.run("present", *LAYOUT, "home/deep/er/models")
    kept = [host.write(f"home/{path}/model") for path in ("models", "deep/er/models")]
    for name in ("home/.cache/x", "home/deep/y", "home/deep/er/z", "home/data/d", "home/modelsX"):
        host.write(name)
    options: dict[str, Any] = {"keep": ["home/models", "home/deep/er/models", "home/not-there"]}
    predicted = host.run("absent", "home/data", "home", "home/backends", check_mode=True, **options)
    done = host.run("absent", "home/data", "home", "home/backends", **options)
    assert {**predicted, "recorded": []} == {**done, "recorded": []}
    assert str(host.top / "home/models") in done["recorded"]
    assert done["changed"]
    assert [path for path in host.all() if (host.top / path).is_file()] == [
        str(path.relative_to(host.top)) for path in sorted(kept)
    ]
    assert not host.run("absent", "home/data", "home", "home/backends", **options)["changed"]
    assert host.run("absent", "home/models", "home/deep/er/models", "home")["changed"]
    assert host.all() == []
    assert not host.record.parent.exists()


def test_a_symlink_to_what_stays_stays_and_what_it_leads_to(host: Host) -> None:
    host.run("present", "home")
    host.write("home/real/model")
    host.write("home/other")
    (host.top / "home/models").symlink_to("real")
    assert host.run("absent", "home", keep=["home/models"])["changed"]
    assert host.all() == ["home", "home/models", "home/real", "home/real/model"]


def test_symlinks_are_never_followed_to_be_emptied(host: Host) -> None:
    host.run("present", "home")
    outside = host.write("outside/file")
    (host.top / "home/link").symlink_to(outside.parent)
    host.run("absent", "home")
    assert outside.exists()


def test_a_symlink_in_the_place_of_a_directory_is_refused(host: Host) -> None:
    host.run("present", "home")
    (host.top / "home").rename(host.top / "elsewhere")
    (host.top / "home").symlink_to("elsewhere")
    assert "home is a symlink" in host.run("absent", "home")["msg"]
    assert host.run("present", "home")["foreign"] == [str(host.top / "home")]


def test_what_goes_and_stays_at_once_is_refused(host: Host) -> None:
    host.run("present", "home")
    assert "home is also a directory that stays" in host.run("absent", "home", keep=["home"])["msg"]


@takes_root
@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("kind", ["tmpfs", "bind", "bind of itself"])
def test_a_mount_point_is_refused(host: Host, kind: str, check_mode: bool) -> None:
    host.run("present", *LAYOUT)
    shared = host.write("shared/model")
    target = str(host.top / "home/models")
    mount = {
        "tmpfs": ["mount", "-t", "tmpfs", "none", target],
        "bind": ["mount", "--bind", str(shared.parent), target],
        "bind of itself": ["mount", "--bind", target, target],
    }[kind]
    for paths in (["home/models"], ["home/data", "home"]):
        before = snapshot(host.top)
        refused = host.mounted([mount], "absent", *paths, check_mode=check_mode)
        assert refused["failed"], refused
        assert target in refused["msg"]
        assert snapshot(host.top) == before
    done = host.mounted([mount], "absent", "home", "home/data", keep=["home/models"], check_mode=check_mode)
    assert (done["failed"], shared.exists()) == (False, True)
    assert (host.top / "home/models").is_dir()
    assert (host.top / "home/data").exists() == check_mode


@takes_root
@pytest.mark.parametrize("path", ["shared", "shared/deep"])
def test_what_root_may_not_see_is_used_as_it_is(path: str) -> None:
    with directory_of_ordinary_user() as top:
        host = Host(top)
        (top / path).mkdir(mode=0o700, parents=True)
        (top / "shared").chmod(0o700)
        with ordinary_user():
            done = host.run("present", path)
    assert (done.get("foreign"), done["changed"]) == ([str(top / path)], False), done


@takes_root
def test_a_mount_over_a_directory_is_used_as_it_is(host: Host) -> None:
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
    host: Host, monkeypatch: pytest.MonkeyPatch, call: str, number: int, after: bool
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


def test_names_that_somebody_put_there_are_not_in_the_way(host: Host) -> None:
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
        ('{"format": 1, "directories": [{"path": 1, "device": 1, "inode": 1, "file_system": 1}]}', "is damaged"),
        ('{"format": 2, "directories": []}', "has the format 2"),
    ],
)
def test_a_record_that_cannot_be_read_is_an_error(host: Host, content: str, said: str) -> None:
    host.write("memory/directories.json", content).chmod(0o600)
    for state in ("present", "absent"):
        assert said in host.run(state, "home")["msg"]
    assert not (host.top / "home").exists()


def test_a_record_that_others_can_write_is_not_trusted(host: Host) -> None:
    host.run("present", "home")
    host.record.chmod(0o666)
    assert "can be written by others" in host.run("absent", "home")["msg"]
    host.record.unlink()
    host.record.symlink_to("/dev/zero")
    assert "cannot be read" in host.run("absent", "home")["msg"]


def test_another_number_of_the_device_is_the_same_directory_on_the_same_file_system(host: Host) -> None:
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
    host: Host, state: str, path: str, options: dict[str, Any], said: str
) -> None:
    host.write("file")
    (host.top / "dangling").symlink_to("nowhere")
    (host.top / "loop").symlink_to("loop")
    for check_mode in (True, False):
        done = host.run(state, path, check_mode=check_mode, **options)
        assert said in done.get("msg", ""), done
    assert not (host.top / "home").exists()


@takes_root
def test_a_symlink_of_the_service_user_does_not_lead_root_elsewhere(host: Host) -> None:
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
    host: Host, monkeypatch: pytest.MonkeyPatch
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


def provisioned_by_version_0_1(host: Host, monkeypatch: pytest.MonkeyPatch, **account: Any) -> dict[str, Any]:
    """Make the directories as that version left them, and return the option that recognizes them."""
    home = host.top / "home"
    for name in ("backends", "models", "data", "configuration"):
        host.write(f"home/{name}/file")
    if IS_ROOT:
        subprocess.run(["chown", "-R", "998:998", str(home)], check=True)
    for name in ("unit", "started.json"):
        host.write(f"own/{name}")
    uid = home.stat().st_uid
    fields = {"pw_uid": uid if IS_ROOT else 998, "pw_dir": str(home), "pw_shell": "/usr/sbin/nologin", **account}
    row = ("localai", "x", fields["pw_uid"], 998, "", fields["pw_dir"], fields["pw_shell"])
    monkeypatch.setattr(pwd, "getpwnam", {"localai": pwd.struct_passwd(row)}.__getitem__)
    return {
        "adopt": {
            "files": [str(host.top / "own/unit"), str(host.top / "own/started.json")],
            "user": "localai",
            "home": str(home),
        }
    }


FULL_LAYOUT = (*LAYOUT, "home/configuration")


@takes_root
def test_what_version_0_1_created_is_adopted(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    adopt = provisioned_by_version_0_1(host, monkeypatch)
    predicted = host.run("absent", *FULL_LAYOUT, check_mode=True, **adopt)
    assert (predicted["failed"], len(predicted["deleted"])) == (False, 5)
    assert not host.record.exists()
    assert host.run("present", *FULL_LAYOUT, check_mode=True, **adopt)["changed"]
    done = host.run("present", *FULL_LAYOUT, **adopt)
    assert (done["changed"], done["foreign"]) == (True, [])
    assert not host.run("present", *FULL_LAYOUT, **adopt)["changed"]
    assert host.run("absent", *FULL_LAYOUT, **adopt)["changed"]
    assert host.all() == ["own", "own/started.json", "own/unit"]


@takes_root
def test_a_home_with_something_else_in_it_stays(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    adopt = provisioned_by_version_0_1(host, monkeypatch)
    other = host.write("home/other/file")
    done = host.run("absent", *FULL_LAYOUT, **adopt)
    assert (done["failed"], done["left"]) == (False, [str(host.top / "home")])
    assert sorted(os.listdir(host.top / "home")) == ["other"]
    assert other.exists()


def by_another_user(host: Host) -> None:
    host.write("home/models/deep/model")


def linked(host: Host) -> None:
    (host.top / "home/models").rename(host.top / "big")
    (host.top / "home/models").symlink_to(host.top / "big")


def given_away(host: Host) -> None:
    os.chown(host.top / "home/models", 0, 0)


@takes_root
@pytest.mark.parametrize("change", [by_another_user, linked, given_away])
def test_what_may_be_of_somebody_else_is_not_adopted(
    host: Host, monkeypatch: pytest.MonkeyPatch, change: Callable[[Host], None]
) -> None:
    adopt = provisioned_by_version_0_1(host, monkeypatch)
    change(host)
    before = snapshot(host.top)
    refused = host.run("absent", *FULL_LAYOUT, **adopt)
    assert "home/models " in refused["msg"]
    assert "home/data" not in refused["msg"]
    assert snapshot(host.top) == before
    assert not host.run("absent", *set(FULL_LAYOUT) - {"home/models"}, keep=["home/models"], **adopt)["failed"]
    assert (host.top / "home/models/file").exists()


@takes_root
@pytest.mark.parametrize(
    "account", [{"pw_uid": 1000}, {"pw_dir": "/home/localai"}, {"pw_shell": "/bin/bash"}, {"pw_uid": 0}]
)
def test_nothing_is_adopted_from_an_account_that_is_not_the_roles(
    host: Host, monkeypatch: pytest.MonkeyPatch, account: dict[str, Any]
) -> None:
    adopt = provisioned_by_version_0_1(host, monkeypatch, **account)
    if "pw_uid" in account:
        subprocess.run(["chown", "-R", str(account["pw_uid"]), str(host.top / "home")], check=True)
    assert host.run("absent", *FULL_LAYOUT, **adopt)["failed"]


@takes_root
def test_nothing_is_adopted_without_the_files_of_that_version(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    adopt = provisioned_by_version_0_1(host, monkeypatch)
    (host.top / "own/unit").unlink()
    assert host.run("absent", *FULL_LAYOUT, **adopt)["failed"]

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module that deletes the role's directories: those that it created, and those of version 0.1 that it adopts."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.localai.core.tests.support.directories import LAYOUT, DirectoryHost, can_mount
from ansible_collections.localai.core.tests.support.host import IS_ROOT, snapshot

takes_root = pytest.mark.skipif(not IS_ROOT or not can_mount(), reason="only root can mount and give files away")


@pytest.fixture(name="host")
def _host(tmp_path: Path) -> DirectoryHost:
    return DirectoryHost(tmp_path)


def test_a_parent_that_was_created_is_deleted_only_if_nothing_else_is_in_it(host: DirectoryHost) -> None:
    host.run("present", "a/home")
    host.write("a/other")
    done = host.run("absent", "a/home", "a")
    assert done["left"] == [str(host.top / "a")]
    assert [warning for warning in done["warnings"] if "may not have created" in warning]
    assert host.all() == ["a", "a/other"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_nothing_is_deleted_when_one_must_not_be(host: DirectoryHost, check_mode: bool) -> None:
    host.write("home/models/model")
    host.run("present", *LAYOUT)
    before = snapshot(host.top)
    refused = host.run("absent", "home/data", "home/models", "home/backends", check_mode=check_mode)
    assert refused["failed"]
    assert f"{host.top}/home/models was there before, or was created by something else" in refused["msg"]
    assert snapshot(host.top) == before


def test_what_is_to_stay_stays_wherever_it_is_below(host: DirectoryHost) -> None:
    host.run("present", *LAYOUT, "home/deep/er/models")
    kept = [host.write(f"home/{path}/model") for path in ("models", "deep/er/models")]
    for name in ("home/.cache/x", "home/deep/y", "home/deep/er/z", "home/data/d", "home/modelsX"):
        host.write(name)
    options: dict[str, Any] = {"keep": ["home/models", "home/deep/er/models", "home/not-there"]}
    predicted = host.run("absent", "home/data", "home", "home/backends", check_mode=True, **options)
    done = host.run("absent", "home/data", "home", "home/backends", **options)
    assert predicted == done
    assert str(host.top / "home/models") in done["recorded"]
    assert done["changed"]
    assert [path for path in host.all() if (host.top / path).is_file()] == [
        str(path.relative_to(host.top)) for path in sorted(kept)
    ]
    assert not host.run("absent", "home/data", "home", "home/backends", **options)["changed"]
    assert host.run("absent", "home/models", "home/deep/er/models", "home")["changed"]
    assert host.all() == []
    assert not host.record.parent.exists()


def test_a_symlink_to_what_stays_stays_and_what_it_leads_to(host: DirectoryHost) -> None:
    host.run("present", "home")
    host.write("home/real/model")
    host.write("home/other")
    (host.top / "home/models").symlink_to("real")
    assert host.run("absent", "home", keep=["home/models"])["changed"]
    assert host.all() == ["home", "home/models", "home/real", "home/real/model"]


def test_symlinks_are_never_followed_to_be_emptied(host: DirectoryHost) -> None:
    host.run("present", "home")
    outside = host.write("outside/file")
    (host.top / "home/link").symlink_to(outside.parent)
    host.run("absent", "home")
    assert outside.exists()


def test_a_symlink_in_the_place_of_a_directory_is_refused(host: DirectoryHost) -> None:
    host.run("present", "home")
    (host.top / "home").rename(host.top / "elsewhere")
    (host.top / "home").symlink_to("elsewhere")
    assert "home is a symlink" in host.run("absent", "home")["msg"]
    assert host.run("present", "home")["foreign"] == [str(host.top / "home")]


def test_what_goes_and_stays_at_once_is_refused(host: DirectoryHost) -> None:
    host.run("present", "home")
    assert "home is also a directory that stays" in host.run("absent", "home", keep=["home"])["msg"]


@takes_root
@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("kind", ["tmpfs", "bind", "bind of itself"])
def test_a_mount_point_is_refused(host: DirectoryHost, kind: str, check_mode: bool) -> None:
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


def provisioned_by_version_0_1(host: DirectoryHost, monkeypatch: pytest.MonkeyPatch, **account: Any) -> dict[str, Any]:
    """Make the directories as that version left them, and return the option that recognizes them."""
    home = host.top / "home"
    for name in ("backends", "models", "data", "configuration"):
        host.write(f"home/{name}/file")
    if IS_ROOT:
        subprocess.run(["chown", "-R", "998:998", str(home)], check=True)
    host.write("own/unit")
    host.write("own/started.json", '{"backends": {}, "files": {}}')
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
def test_what_version_0_1_created_is_adopted(host: DirectoryHost, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_a_home_with_something_else_in_it_stays(host: DirectoryHost, monkeypatch: pytest.MonkeyPatch) -> None:
    adopt = provisioned_by_version_0_1(host, monkeypatch)
    other = host.write("home/other/file")
    os.mkdir(os.fsencode(host.top) + b"/home/\xff")
    done = host.run("absent", *FULL_LAYOUT, **adopt)
    assert (done["failed"], done["left"]) == (False, [str(host.top / "home")])
    assert sorted(os.listdir(host.top / "home")) == ["other", "\udcff"]
    assert other.exists()


def by_another_user(host: DirectoryHost) -> None:
    host.write("home/models/deep/model")


def linked(host: DirectoryHost) -> None:
    (host.top / "home/models").rename(host.top / "big")
    (host.top / "home/models").symlink_to(host.top / "big")


def given_away(host: DirectoryHost) -> None:
    os.chown(host.top / "home/models", 0, 0)


@takes_root
@pytest.mark.parametrize("change", [by_another_user, linked, given_away])
def test_what_may_be_of_somebody_else_is_not_adopted(
    host: DirectoryHost, monkeypatch: pytest.MonkeyPatch, change: Callable[[DirectoryHost], None]
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
    host: DirectoryHost, monkeypatch: pytest.MonkeyPatch, account: dict[str, Any]
) -> None:
    adopt = provisioned_by_version_0_1(host, monkeypatch, **account)
    if "pw_uid" in account:
        subprocess.run(["chown", "-R", str(account["pw_uid"]), str(host.top / "home")], check=True)
    assert host.run("absent", *FULL_LAYOUT, **adopt)["failed"]


@takes_root
def test_nothing_is_adopted_without_the_files_of_that_version(
    host: DirectoryHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt = provisioned_by_version_0_1(host, monkeypatch)
    (host.top / "own/unit").unlink()
    assert host.run("absent", *FULL_LAYOUT, **adopt)["failed"]

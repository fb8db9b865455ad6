# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account of the service is right if the role would leave it as it is."""

from __future__ import annotations

import grp
import os
import pwd
from types import SimpleNamespace

import pytest

from ansible_collections.localai.core.plugins.module_utils._host import account
from ansible_collections.localai.core.plugins.module_utils._host.account import Account, account_of

GROUPS = {"localai": 990, "render": 991, "video": 992}


@pytest.fixture(autouse=True)
def _accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with one service user, who is in two of its three groups."""
    user = SimpleNamespace(pw_name="localai", pw_uid=989, pw_gid=990, pw_dir="/var/lib/local-ai")
    monkeypatch.setattr(pwd, "getpwnam", {"localai": user}.__getitem__)
    monkeypatch.setattr(grp, "getgrnam", lambda name: SimpleNamespace(gr_gid=GROUPS[name]))
    monkeypatch.setattr(account.os, "getgrouplist", lambda _name, gid: [gid, 991])


@pytest.mark.parametrize("home", ["/var/lib/local-ai", "/var/lib//local-ai/", None])
def test_it_is_right(home: str | None) -> None:
    found = account_of("localai", "localai", ["render", "nvidia"], home)
    assert found == Account(True, True, ("render",), True, "/var/lib/local-ai", 989, 990)


@pytest.mark.parametrize(
    ("group", "gpu_groups", "home"),
    [
        ("render", [], "/var/lib/local-ai"),
        ("no-such-group", [], "/var/lib/local-ai"),
        (None, [], "/var/lib/local-ai"),
        ("localai", ["video"], "/var/lib/local-ai"),
        ("localai", [], "/srv/local-ai"),
    ],
)
def test_it_is_not_right(group: str | None, gpu_groups: list[str], home: str) -> None:
    assert not account_of("localai", group, gpu_groups, home).is_right


@pytest.mark.parametrize("user", ["nobody-of-that-name", None])
def test_there_may_be_none(user: str | None) -> None:
    assert account_of(user, "localai", ["video", "x"], "/x") == Account(False, True, ("video",), False, None, None, 990)


@pytest.mark.parametrize("name", ["a\0b", ""])
def test_a_name_that_none_can_have_is_unknown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.undo()
    assert account_of(name, name, [name], None) == Account(False, False, (), False, None, None, None)


def test_the_accounts_of_this_host_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    this = pwd.getpwuid(os.geteuid())
    group = grp.getgrgid(this.pw_gid).gr_name
    expected = Account(True, True, (group,), True, this.pw_dir, this.pw_uid, this.pw_gid)
    assert account_of(this.pw_name, group, [group], this.pw_dir) == expected


def test_the_group_is_that_of_the_option_and_not_the_primary_one() -> None:
    found = account_of("localai", "video", [], None)
    assert (found.uid, found.gid, found.is_right) == (989, 992, False)
    missing = account_of("localai", "no-such-group", [], None)
    assert (missing.uid, missing.gid) == (989, None)

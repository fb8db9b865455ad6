# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users and groups: names and numbers."""

from __future__ import annotations

import os
import pwd

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import accounts
from ansible_collections.localai.core.plugins.module_utils._fs.accounts import (
    attributes_of,
    gid_of,
    group_name,
    owner_name,
    uid_of,
)


def test_owners_have_names_and_unknown_ones_numbers() -> None:
    assert (owner_name(0), group_name(0)) == ("root", "root")
    assert (owner_name(4200042), group_name(4200042)) == ("4200042", "4200042")
    assert (owner_name(2**70), group_name(2**70)) == (str(2**70), str(2**70))


@pytest.fixture(autouse=True)
def no_cache():
    """Tests exchange the accounts of the host."""
    for look_up in (uid_of, gid_of, owner_name, group_name):
        look_up.cache_clear()
    yield
    for look_up in (uid_of, gid_of, owner_name, group_name):
        look_up.cache_clear()


def test_names_and_numbers_as_text_lead_to_numbers():
    assert (uid_of("root"), uid_of("0"), uid_of("4200042"), gid_of("root"), gid_of("4200042")) == (
        0,
        0,
        4200042,
        0,
        4200042,
    )


@pytest.mark.parametrize(
    "name", ["nobody-of-that-name", "99999999999999999999", "4294967295", "-1", "", "a\0b", "\u0664"]
)
def test_what_no_account_can_be_is_an_error(name):
    for look_up in (uid_of, gid_of):
        with pytest.raises((KeyError, ValueError)):
            look_up(name)


@pytest.mark.parametrize("name", ["17", "somebody"])
def test_a_name_that_leads_to_another_user_is_not_shown(monkeypatch, name):
    def entry(uid):
        return pwd.struct_passwd((name, "x", uid, uid, "", "/", "/bin/sh"))

    monkeypatch.setattr(accounts.pwd, "getpwuid", entry)
    monkeypatch.setattr(accounts.pwd, "getpwnam", lambda _name: entry(5))
    assert (owner_name(4), owner_name(5)) == ("4", "5" if name == "17" else "somebody")


def test_each_account_is_looked_up_once(monkeypatch):
    calls = []
    getpwuid = pwd.getpwuid
    monkeypatch.setattr(accounts.pwd, "getpwuid", lambda uid: (calls.append(uid), getpwuid(uid))[1])
    assert [owner_name(0) for _time in range(3)] == ["root"] * 3
    assert calls == [0]


def test_attributes_of_a_file_are_text(tmp_path):
    tmp_path.chmod(0o1705)
    attributes = attributes_of(tmp_path.stat())
    assert (attributes.mode, attributes.owner) == ("1705", owner_name(os.geteuid()))

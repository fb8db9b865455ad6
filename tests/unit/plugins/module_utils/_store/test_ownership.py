# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who trees belong to, and to whom a user may give them."""

from __future__ import annotations

import grp
import os
import pwd

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._store.ownership import (
    numbers_of,
    owner_of_new_trees,
    this_user,
    unknown_accounts,
)
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    ordinary_user,
    snapshot,
)
from ansible_collections.localai.core.tests.support.trees import install


def test_unknown_accounts_are_named():
    assert unknown_accounts(None, None) == []
    assert unknown_accounts(pwd.getpwuid(0).pw_name, grp.getgrgid(0).gr_name) == []
    assert unknown_accounts("0", "4294967294") == []
    names = ("nobody-of-that-name", "no-group-of-that-name")
    assert unknown_accounts(*names) == list(zip(("owner", "group"), names))
    both = (
        "owner: this host has no 'nobody-of-that-name'; group: this host has no 'no-group-of-that-name'. Create both "
        "first, or leave owner and group out."
    )
    with pytest.raises(HostError, match=f"^{both}$"):
        numbers_of(*names)
    with pytest.raises(HostError, match=r"this host has no 'nobody-of-that-name'. Create it first"):
        owner_of_new_trees("/", "nobody-of-that-name", None)


@pytest.mark.parametrize("name", ["99999999999999999999", "4294967295", "-1", "", "a\0b", "\u0664", "x" * 100_000])
def test_a_number_that_no_user_can_have_is_no_owner(name):
    assert len(unknown_accounts(name, name)) == 2


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_root_gives_new_trees_to_the_owner_of_the_path(tmp_path):
    path = tmp_path / "backends"
    path.mkdir()
    os.chown(path, 12345, 23456)
    found = owner_of_new_trees(str(path / "not/yet/there"), None, None)
    assert found == FileAttributes("12345", "23456")
    install(path, owner=found)
    assert {entry[1:3] for entry in snapshot(path).values()} == {(12345, 23456)}


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
@pytest.mark.parametrize(("owner", "group", "expected"), [("1", None, (1, 0)), (None, "1", (0, 1)), ("1", "2", (1, 2))])
def test_root_gives_new_trees_to_the_requested_owner(path, owner, group, expected):
    install(path, owner=owner_of_new_trees(str(path), owner, group))
    assert {entry[1:3] for entry in snapshot(path / "piper").values()} == {expected}
    assert os.stat(path).st_uid == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root can put another user's files there")
def test_a_user_can_run_where_root_ran_before():
    with directory_of_ordinary_user() as path:
        install(path, owner=owner_of_new_trees(str(path), None, None))
        with ordinary_user():
            install(path, content=b"by the user", owner=owner_of_new_trees(str(path), None, None))
        install(path, content=b"by root again", owner=owner_of_new_trees(str(path), None, None))
        assert {entry[1:3] for entry in snapshot(path).values()} == {(NOBODY, NOBODY)}


def test_an_ordinary_user_may_request_only_themselves():
    with directory_of_ordinary_user() as path, ordinary_user():
        me, group = os.geteuid(), os.getegid()
        for owner, of_group in ((None, None), (str(me), str(group)), (None, str(group))):
            found = owner_of_new_trees(str(path), owner, of_group)
            assert found.over(this_user()) == FileAttributes(pwd.getpwuid(me).pw_name, grp.getgrgid(group).gr_name)
            assert [
                number in (-1, mine)
                for number, mine in zip(numbers_of(found.owner or None, found.group or None), (me, group))
            ] == [True, True]
            install(path, owner=found)
        assert {entry[1:3] for entry in snapshot(path / "piper").values()} == {(me, group)}
        with pytest.raises(HostError, match="owner: only root can give files to 1"):
            owner_of_new_trees(str(path), "1", None)
        with pytest.raises(HostError, match=r"group: this user is not in 4000000000\. Run with become"):
            owner_of_new_trees(str(path), None, "4000000000")


def test_a_path_below_a_file_has_no_owner(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="file/below: Not a directory"):
        owner_of_new_trees(str(tmp_path / "file/below"), None, None)

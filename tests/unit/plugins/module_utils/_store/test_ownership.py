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
from ansible_collections.localai.core.plugins.module_utils._store.ownership import ownership, unknown_owners
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    ordinary_user,
    snapshot,
)
from ansible_collections.localai.core.tests.support.trees import install


def test_an_owner_that_is_not_there_is_told():
    assert unknown_owners(None, None) == []
    assert unknown_owners(pwd.getpwuid(0).pw_name, grp.getgrgid(0).gr_name) == []
    assert unknown_owners("0", "4294967294") == []
    sentences = unknown_owners("nobody-of-that-name", "no-group-of-that-name")
    assert [sentence.partition(":")[0] for sentence in sentences] == ["owner", "group"]
    with pytest.raises(HostError, match=r"this host has no 'nobody-of-that-name'. Create it first"):
        ownership("/", "nobody-of-that-name", None)


@pytest.mark.parametrize("name", ["99999999999999999999", "4294967295", "-1", "", "a\0b", "\u0664", "x" * 100_000])
def test_a_number_that_no_user_can_have_is_no_owner(name):
    assert len(unknown_owners(name, name)) == 2


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_root_leaves_new_trees_to_the_owner_of_the_path(tmp_path):
    path = tmp_path / "backends"
    path.mkdir()
    os.chown(path, 12345, 23456)
    found = ownership(str(path / "not/yet/there"), None, None)
    assert (found.uid, found.gid, found.owner, found.group) == (12345, 23456, "12345", "23456")
    install(path, owner=found)
    assert {entry[1:3] for entry in snapshot(path).values()} == {(12345, 23456)}


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
@pytest.mark.parametrize(("owner", "group", "expected"), [("1", None, (1, 0)), (None, "1", (0, 1)), ("1", "2", (1, 2))])
def test_root_gives_new_trees_to_whom_the_task_names(path, owner, group, expected):
    install(path, owner=ownership(str(path), owner, group))
    assert {entry[1:3] for entry in snapshot(path / "piper").values()} == {expected}
    assert os.stat(path).st_uid == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root can put another user's files there")
def test_a_user_can_run_where_root_ran_before():
    with directory_of_ordinary_user() as path:
        install(path, owner=ownership(str(path), None, None))
        with ordinary_user():
            install(path, content=b"by the user", owner=ownership(str(path), None, None))
        install(path, content=b"by root again", owner=ownership(str(path), None, None))
        assert {entry[1:3] for entry in snapshot(path).values()} == {(NOBODY, NOBODY)}


def test_an_ordinary_user_may_name_themselves_only():
    with directory_of_ordinary_user() as path, ordinary_user():
        me, group = os.geteuid(), os.getegid()
        for owner, of_group in ((None, None), (str(me), str(group)), (None, str(group))):
            found = ownership(str(path), owner, of_group)
            assert (found.uid in (-1, me), found.gid in (-1, group)) == (True, True)
            assert (found.owner, found.group) == (pwd.getpwuid(me).pw_name, grp.getgrgid(group).gr_name)
            install(path, owner=found)
        assert {entry[1:3] for entry in snapshot(path / "piper").values()} == {(me, group)}
        with pytest.raises(HostError, match="owner: only root can give files to 1"):
            ownership(str(path), "1", None)
        with pytest.raises(HostError, match=r"group: this user is not in 4000000000\. Run with become"):
            ownership(str(path), None, "4000000000")


def test_a_path_below_a_file_has_no_owner(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="file/below: Not a directory"):
        ownership(str(tmp_path / "file/below"), None, None)

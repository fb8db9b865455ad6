# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task is what is requested, without what the file system cannot keep."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._module.task import task_of
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.plugins.module_utils._store.file_system import KeptAttributes
from ansible_collections.localai.core.tests.support.local_host import LocalHost

OWNER = pwd.getpwuid(os.geteuid()).pw_name


def test_installed_trees_must_have_what_is_requested_and_new_ones_a_mode_in_any_case(local: LocalHost) -> None:
    task = local.task("piper", owner=OWNER, directory_mode=0o700)
    assert (task.requested, task.mode) == (FileAttributes(OWNER, "", "0700"), 0o700)
    task = local.task("piper")
    assert (task.requested, task.mode) == (FileAttributes(), 0o755)


def test_what_the_file_system_cannot_keep_is_not_requested(local: LocalHost) -> None:
    options = {"owner": OWNER, "group": "no-such-group", "directory_mode": 0o700}
    task = local.task("piper", keeps=KeptAttributes(owners=False), **options)
    assert task.requested == FileAttributes("", "", "0700")
    assert (task.request.owner, task.request.group, task.request.directory_mode) == (None, None, 0o700)
    task = local.task("piper", keeps=KeptAttributes(modes=False), directory_mode=0o700)
    assert (task.requested, task.request.directory_mode, task.mode) == (FileAttributes(), None, 0o700)


def test_a_scan_shows_the_disk_at_this_moment(local: LocalHost) -> None:
    task = local.task("piper")
    assert task.scan().directories == ()
    (local.path / "piper").mkdir(parents=True)
    assert [directory.name for directory in task.scan().directories] == ["piper"]


def test_a_backends_path_that_cannot_be_listed_is_an_error(local: LocalHost) -> None:
    local.path.touch()
    with pytest.raises(HostError, match="The installed backends cannot be read") as failed:
        local.task("piper").scan()
    assert str(local.path) in str(failed.value)
    assert "run as a user who may read it" in str(failed.value)


def test_two_tasks_with_the_same_request_are_equal(local: LocalHost) -> None:
    assert local.task("piper") == task_of(local.host, BackendOptions(("piper",)), KeptAttributes(), local.run)
    assert local.task("piper") != replace(local.task("piper"), keeps=KeptAttributes(owners=False))

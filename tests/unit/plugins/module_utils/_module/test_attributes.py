# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode as requested, as far as this host, this user and the file system can keep them."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._module.attributes import (
    lost,
    of_new_trees,
    owner_to_set,
    requested_owner,
)
from ansible_collections.localai.core.plugins.module_utils._module.runner import Run
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.plugins.module_utils._store.file_system import KeptAttributes
from ansible_collections.localai.core.tests.support.host import IS_ROOT
from ansible_collections.localai.core.tests.support.local_host import LocalHost

OWNER, GROUP = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name


def test_only_what_is_requested_is_returned_by_its_name(local: LocalHost) -> None:
    run = Run({}, check_mode=False)
    path = str(local.path)
    assert requested_owner(path, BackendOptions(()), run) == FileAttributes()
    assert requested_owner(path, BackendOptions((), owner=OWNER), run) == FileAttributes(OWNER, "")
    number = str(os.getegid())
    assert requested_owner(path, BackendOptions((), group=number), run) == FileAttributes("", GROUP)


def test_an_account_that_does_not_exist_is_an_error_and_in_check_mode_a_warning(local: LocalHost) -> None:
    request = BackendOptions((), owner="not-there-yet", group=GROUP)
    with pytest.raises(HostError, match="owner: this host has no 'not-there-yet'"):
        requested_owner(str(local.path), request, Run({}, check_mode=False))
    check = Run({"pending": ["group"]}, check_mode=True)
    assert requested_owner(str(local.path), request, check) == FileAttributes("not-there-yet", GROUP)
    assert check.warnings == [
        "owner: this host has no 'not-there-yet' yet. A run needs it, so an earlier task has to create it."
    ]
    pending = Run({"pending": ["owner"]}, check_mode=True)
    assert requested_owner(str(local.path), request, pending) == FileAttributes("not-there-yet", GROUP)
    assert pending.warnings == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_root_gives_new_trees_to_the_owner_of_the_backends_path(local: LocalHost) -> None:
    local.path.mkdir()
    os.chown(local.path, 1, 1)
    daemon = FileAttributes(pwd.getpwuid(1).pw_name, grp.getgrgid(1).gr_name)
    assert owner_to_set(local.task("piper")) == daemon
    assert of_new_trees(local.task("piper")) == replace(daemon, mode="0755")
    assert owner_to_set(local.task("piper", group="root")) == replace(daemon, group="root")


def test_new_trees_get_the_requested_mode_or_that_of_a_file_system_that_keeps_none(local: LocalHost) -> None:
    local.path.mkdir(mode=0o700)
    task = local.task("piper", directory_mode=0o711, owner=OWNER)
    assert of_new_trees(task) == FileAttributes(OWNER, GROUP, "0711")
    assert owner_to_set(task).mode == ""
    without_modes = local.task("piper", directory_mode=0o711, keeps=KeptAttributes(modes=False))
    assert of_new_trees(without_modes).mode == "0700"


@pytest.mark.parametrize(
    ("keeps", "what"),
    [
        (KeptAttributes(), None),
        (KeptAttributes(owners=False), "does not store owners. These options have no effect there: owner, group. "),
        (KeptAttributes(modes=False), "does not store modes. These options have no effect there: directory_mode. "),
        (
            KeptAttributes(owners=False, modes=False),
            "does not store owners and modes. These options have no effect there: owner, group, directory_mode. ",
        ),
    ],
)
def test_a_warning_names_the_options_without_effect(local: LocalHost, keeps: KeptAttributes, what: str | None) -> None:
    warnings = list(lost(local.task("piper", keeps=keeps)))
    assert len(warnings) == (what is not None)
    for warning in warnings:
        assert what is not None
        assert what in warning
        assert warning.startswith(f"{local.path} is on a file system")

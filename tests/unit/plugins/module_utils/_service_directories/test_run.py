# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_directory`: its options. Its effects have tests of whole runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.modules.localai_directory import main
from ansible_collections.localai.core.tests.support.directories import DirectoryHost
from ansible_collections.localai.core.tests.support.module import run_module


@pytest.fixture(name="host")
def _host(tmp_path: Path) -> DirectoryHost:
    return DirectoryHost(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "u=rwx"}, "mode: 'u=rwx' is not an octal mode such as 0755"),
        ({"mode": "99"}, "is not an octal mode"),
        ({"owner": "no-user-of-that-name"}, "owner: this host has no 'no-user-of-that-name'"),
        ({"group": "no-group-of-that-name"}, "group: this host has no 'no-group-of-that-name'"),
        ({"owner": ""}, "owner: this host has no ''"),
    ],
)
def test_a_wrong_option_is_an_error_and_nothing_is_created(
    host: DirectoryHost, options: dict[str, str], message: str
) -> None:
    result = host.run("present", "home", **options)
    assert (result["failed"], message in result["msg"]) == (True, True)
    assert host.all() == []


@pytest.mark.parametrize("path", ["relative", "/a/../b"])
def test_a_path_has_to_be_absolute_and_plain(host: DirectoryHost, path: str) -> None:
    result = run_module(main, {**host.arguments("present"), "directories": [{"path": path}]})
    assert result["failed"]
    assert "is not an absolute path without '..'" in result["msg"]


def test_all_unknown_accounts_are_reported(host: DirectoryHost) -> None:
    result = host.run("present", "home", owner="no-such-user", group="no-such-group")
    assert "no 'no-such-user'; group: this host has no 'no-such-group'" in result["msg"]

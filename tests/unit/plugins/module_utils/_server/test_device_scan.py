# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The devices, users and groups of this host."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._server.device_scan import account_of, scan_devices
from ansible_collections.localai.core.plugins.module_utils._server.unit import parse_properties
from ansible_collections.localai.core.tests.support.host import IS_ROOT


def dev(tmp_path: Path, *names: str) -> str:
    for name in names:
        path = tmp_path / "dev" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return str(tmp_path / "dev")


def test_the_paths_of_all_kinds_of_gpu(tmp_path: Path) -> None:
    names = [
        *("accel/accel0", "dri/card0", "dri/renderD128", "dxg", "host1x-fence", "kfd", "nvgpu/igpu0/ctrl", "nvgpu/x"),
        *("nvhost-gpu", "nvidia-caps/nvidia-cap1", "nvidia0", "nvidiactl", "nvmap"),
    ]
    found = scan_devices({}, dev(tmp_path, *names, "sda", "dri/by-path/x", "null"), str(tmp_path))
    assert [verdict.path for verdict in found] == [f"{tmp_path}/dev/{name}" for name in sorted(names)]
    assert {verdict.reason for verdict in found} == {"it is not a character device"}


def test_a_host_without_devices(tmp_path: Path) -> None:
    assert scan_devices({}, str(tmp_path)) == []


def test_a_link_to_nowhere_is_no_device(tmp_path: Path) -> None:
    path = dev(tmp_path, "sda")
    (tmp_path / "dev" / "nvidia0").symlink_to("nowhere")
    assert scan_devices({}, path) == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can create devices")
@pytest.mark.parametrize(
    ("lines", "allowed"),
    [
        ("", True),
        ("DevicePolicy=closed\n", False),
        ("DevicePolicy=closed\nDeviceAllow=char-mem rw\n", True),
        ("DevicePolicy=closed\nDeviceAllow={path} rw\n", True),
        ("DevicePolicy=closed\nDeviceAllow=/nowhere rw\n", False),
        ("User=nobody\nDevicePolicy=closed\nDeviceAllow=char-mem rw\n", False),
        ("User=no-such-user\n", False),
    ],
)
def test_a_real_device(tmp_path: Path, lines: str, allowed: bool) -> None:
    path = tmp_path / "dev" / "nvidia0"
    path.parent.mkdir()
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))  # that of /dev/null
    except PermissionError:
        pytest.skip("this root may not create devices")
    found = scan_devices(parse_properties(lines.format(path=path)), str(path.parent))
    assert [verdict.row()["allowed"] for verdict in found] == [allowed]


def test_the_account_of_a_unit() -> None:
    user, group = pwd.getpwuid(os.getuid()), grp.getgrgid(0)
    account = account_of(
        parse_properties(f"User={user.pw_name}\nGroup={group.gr_name}\nSupplementaryGroups=no-such-group 4711\n")
    )
    assert (account.uid, {0, 4711, user.pw_gid} <= account.gids) == (os.getuid(), True)
    assert account_of({}).uid == 0
    assert account_of(parse_properties("User=no-such-user\n")).uid is None
    assert account_of(parse_properties("User=4000000000\nGroup=4000000001\n")).gids == {4000000001}

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mount of a path, and what it forbids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.localai.core.plugins.module_utils._host import mounts
from ansible_collections.localai.core.plugins.module_utils._host.mounts import PathMount, mount_of, mount_points_by_id
from ansible_collections.localai.core.tests.support.directories import can_mount
from ansible_collections.localai.core.tests.support.host import IS_ROOT, directory_of_ordinary_user, ordinary_user
from ansible_collections.localai.core.tests.support.interpreter import environment

takes_root = pytest.mark.skipif(not IS_ROOT or not can_mount(), reason="only root can mount")
LINES = [
    b"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n",
    rb"30 22 0:30 / /srv/with\040space\134and\011tab rw,noexec - tmpfs tmpfs rw" + b"\n",
    "31 22 0:31 / /größe ro - tmpfs tmpfs rw\n".encode(),
    b"short line\n",
]
# 30 blocks are free, and the last 5 of them are root's.
SPACE = {"f_frsize": 4096, "f_blocks": 100, "f_bfree": 30, "f_bavail": 25}
LOOK = """
import json, os, subprocess, sys
from ansible_collections.localai.core.plugins.module_utils._host.mounts import mount_of
top, paths = json.loads(sys.argv[1])
for options in ("rw", "ro,noexec"):
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", top], check=True)
print(json.dumps([vars(mount_of(path)) for path in paths]))
"""


def test_the_mount_table_is_read() -> None:
    assert mount_points_by_id(LINES) == {22: "/", 30: "/srv/with space\\and\ttab", 31: "/größe"}


@takes_root
def test_a_mount_counts_for_what_is_not_there_yet_and_hides_the_one_below_it(tmp_path: Path) -> None:
    top = tmp_path / "with space"
    top.mkdir()
    arguments = json.dumps([str(top), [str(top / "models/missing"), str(tmp_path)]])
    command = ["unshare", "--mount", sys.executable, "-c", LOOK, arguments]
    inside, outside = json.loads(subprocess.check_output(command, env=environment()))
    assert 0 < inside.pop("free") <= inside.pop("size")
    assert inside == {"path": str(top / "models/missing"), "mount_point": str(top), "noexec": True, "read_only": True}
    assert outside["mount_point"] != str(top)
    assert not outside["read_only"]


@pytest.mark.parametrize(("flags", "noexec", "read_only"), [(0, 0, 0), (os.ST_NOEXEC, 1, 0), (os.ST_RDONLY, 0, 1)])
def test_the_flags_of_the_file_system_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: int, noexec: int, read_only: int
) -> None:
    monkeypatch.setattr(mounts.os, "statvfs", lambda _fd: SimpleNamespace(f_flag=flags, **SPACE))
    found = mount_of(str(tmp_path / "missing"))
    assert isinstance(found, PathMount)
    assert (found.noexec, found.read_only) == (bool(noexec), bool(read_only))
    assert (found.size, found.free) == (100 * 4096, 25 * 4096)


def test_a_mount_that_is_not_in_the_table_has_no_mount_point(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("1 1 0:1 / / rw - x x rw\n")
    monkeypatch.setattr(mounts, "MOUNTS", str(table))
    found = mount_of("/")
    assert found is not None
    assert found.mount_point is None


def test_what_cannot_be_seen_has_no_mount(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert mount_of(str(tmp_path / "file" / "below")) is None
    assert mount_of("/a\0b") is None
    with directory_of_ordinary_user() as top:
        (top / "closed").mkdir(mode=0)
        with ordinary_user():
            assert mount_of(str(top / "closed" / "x")) is None

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a file system cannot do, as far as its kind tells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils import _inspect, _observe, _run, _store
from ansible_collections.localai.core.plugins.module_utils._volume import mode_of, without_looks
from ansible_collections.localai.core.plugins.modules import localai_backend
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.module import run_module


def line(path: Path, kind: str) -> str:
    device = os.stat(path).st_dev
    return f"36 35 {os.major(device)}:{os.minor(device)} / /mnt\\040x rw shared:1 - {kind} /dev/sdb1 rw\n"


@pytest.mark.parametrize(
    ("kind", "expected"), [("vfat", "vfat"), ("exfat", "exfat"), ("fuseblk", "fuseblk"), ("ext4", ""), ("fuse.x", "")]
)
def test_the_kind_of_the_mount_decides(tmp_path, kind, expected):
    mounts = ["22 1 0:999 / /proc rw - proc proc rw\n", line(tmp_path, kind)]
    assert without_looks(str(tmp_path), lambda: mounts) == expected
    assert without_looks(str(tmp_path / "not/there/yet"), lambda: mounts) == expected


def no_proc():
    raise FileNotFoundError


@pytest.mark.parametrize("mounts", [list, no_proc, lambda: ["nonsense\n"]])
def test_where_no_mount_is_told_all_is_kept(tmp_path, mounts):
    assert without_looks(str(tmp_path), mounts) == ""


def test_a_directory_to_come_has_the_mode_of_its_mount(tmp_path):
    tmp_path.chmod(0o711)
    assert mode_of(str(tmp_path / "x/y")) == 0o711


def test_a_run_on_such_a_mount_warns_and_has_nothing_to_do_afterwards(tmp_path, monkeypatch):
    """Stands in for the real file system, which takes root: there every file has one mode."""
    for module in (_inspect, _observe, _run, _store):
        monkeypatch.setattr(module, "without_looks", lambda _path: "vfat")
    source = tmp_path / "source"
    source.mkdir()
    (source / "run.sh").touch()
    options = {"name": ["x"], "uri": str(source), "backends_path": str(tmp_path / "backends"), "galleries": []}
    looks = {"owner": "nobody-knows", "group": "nobody-knows", "directory_mode": "0700", "verify": True}
    installed = run_module(localai_backend.main, {**options, **looks})
    assert "(vfat) that keeps no owners, modes and symlinks" in " ".join(installed["warnings"])
    assert (installed["failed"], installed["changed"]) == (False, True)
    before = snapshot(tmp_path / "backends/x")
    again = run_module(localai_backend.main, {**options, **looks})
    assert (again["failed"], again["changed"], snapshot(tmp_path / "backends/x")) == (False, False, before)

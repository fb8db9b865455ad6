# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a file system keeps: found out by a run that writes, remembered, and predicted from that."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._store import file_system, probe
from ansible_collections.localai.core.plugins.module_utils._store.file_system import (
    KeptAttributes,
    kind_of,
    mode_of,
    remembered,
)
from ansible_collections.localai.core.plugins.module_utils._store.probe import answers_with
from ansible_collections.localai.core.tests.support.host import IS_ROOT

NOTHING = KeptAttributes(owners=False, modes=False)


def line(path: Path, kind: str) -> str:
    device = os.stat(path).st_dev
    return f"36 35 {os.major(device)}:{os.minor(device)} / /mnt\\040x rw shared:1 - {kind} /dev/sdb1 rw\n"


@pytest.mark.parametrize("kind", ["vfat", "ext4", "fuse.x"])
def test_the_kind_is_that_of_the_mount(tmp_path, kind):
    mounts = ["22 1 0:999 / /proc rw - proc proc rw\n", line(tmp_path, kind)]
    assert kind_of(str(tmp_path), lambda: mounts) == kind
    assert kind_of(str(tmp_path / "not/there/yet"), lambda: mounts) == kind


def no_proc():
    raise FileNotFoundError


@pytest.mark.parametrize("mounts", [list, no_proc, lambda: ["nonsense\n"]])
def test_without_a_mount_the_kind_is_unknown(tmp_path, mounts):
    assert kind_of(str(tmp_path), mounts) == ""


def test_a_directory_to_come_has_the_mode_of_its_mount(tmp_path):
    tmp_path.chmod(0o711)
    assert mode_of(str(tmp_path / "x/y")) == 0o711


# the memory


@pytest.fixture
def own(tmp_path):
    place = tmp_path / ".localai-core"
    place.mkdir()
    return place


def test_an_answer_is_recorded_for_each_kind_of_user(tmp_path, own, monkeypatch):
    (own / "file-system.json").write_bytes(answers_with(str(tmp_path), NOTHING))
    assert remembered(str(tmp_path)) == NOTHING
    monkeypatch.setattr(os, "geteuid", lambda: 1000 if IS_ROOT else 0)
    assert remembered(str(tmp_path)) is None
    (own / "file-system.json").write_bytes(answers_with(str(tmp_path), KeptAttributes()))
    assert remembered(str(tmp_path)) == KeptAttributes()
    monkeypatch.undo()
    assert remembered(str(tmp_path)) == NOTHING


def test_an_answer_for_another_kind_of_file_system_is_ignored(tmp_path, own, monkeypatch):
    (own / "file-system.json").write_bytes(answers_with(str(tmp_path), NOTHING))
    for module in (file_system, probe):
        monkeypatch.setattr(module, "kind_of", lambda _path: "something else")
    assert remembered(str(tmp_path)) is None
    assert b"something else" in answers_with(str(tmp_path), NOTHING)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 4000,
        b'{"format": 2, "file_system": "KIND", "USER": {"owners": false, "modes": false}}',
        b'{"file_system": "KIND", "USER": {"owners": false, "modes": false}}',
        b'{"format": 1, "file_system": "KIND", "USER": {"owners": 0, "modes": 0}}',
        b'{"format": 1, "file_system": "KIND", "USER": {"owners": false}}',
        b'{"format": 1, "file_system": "KIND", "USER": []}',
    ],
)
def test_a_damaged_record_is_ignored(tmp_path, own, content):
    user = b"root" if IS_ROOT else b"others"
    content = content.replace(b"KIND", kind_of(str(tmp_path)).encode()).replace(b"USER", user)
    (own / "file-system.json").write_bytes(content)
    assert remembered(str(tmp_path)) is None
    assert json.loads(answers_with(str(tmp_path), NOTHING))["format"] == 1


@pytest.mark.parametrize("what", ["symlink", "pipe", "directory"])
def test_only_a_regular_file_is_a_record(tmp_path, own, what):
    (tmp_path / "outside").write_bytes(answers_with(str(tmp_path), NOTHING))
    place = own / "file-system.json"
    if what == "symlink":
        place.symlink_to(tmp_path / "outside")
    elif what == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    assert remembered(str(tmp_path)) is None


@pytest.mark.parametrize(
    ("kind", "expected"), [("vfat", NOTHING), ("fuseblk", NOTHING), ("ext4", None), ("cifs", None)]
)
def test_a_host_of_version_0_1_is_judged_as_that_version_did(tmp_path, own, monkeypatch, kind, expected):
    monkeypatch.setattr(file_system, "kind_of", lambda _path: kind)
    assert remembered(str(tmp_path)) is None
    (own / "lock").touch()
    assert remembered(str(tmp_path)) == expected


# whole runs, on file systems that are played

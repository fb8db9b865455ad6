# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether EPEL is enabled, by the files that dnf reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._host.repositories import has_epel

BASE = "[baseos]\nname=Rocky Linux $releasever - BaseOS\nbaseurl=https://host/100%/$basearch\nenabled=1\n"
CASES = {
    "none": ("", False),
    "others": (BASE, False),
    "epel": (BASE + "[epel]\nname=Extra Packages\nenabled=1\n", True),
    "by default": ("[epel]\nname=Extra Packages\n", True),
    "in words": ("[epel]\nENABLED = True\n", True),
    "twice": ("[epel]\nenabled=0\nenabled=1\n", True),
    "disabled": ("[epel]\nenabled=0\n[baseos]\nenabled=1\n", False),
    "not its packages": ("[epel-debuginfo]\nenabled=1\n[epel-source]\nenabled=1\n[epel-testing]\nenabled=1\n", False),
    "a mirror": ("[Default_EPEL_9]\nenabled=yes\n[ol9_developer_EPEL]\nenabled=0\n", True),
    "damaged": ("enabled=1\n[epel]\n", False),
    "damaged at the end": (BASE + "[epel\nenabled=1", False),
}


def write(root: Path, name: str, content: bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("case", CASES)
def test_a_file_can_enable_it(tmp_path: Path, case: str) -> None:
    content, expected = CASES[case]
    write(tmp_path, "etc/yum.repos.d/some.repo", content.encode())
    assert has_epel(str(tmp_path)) is expected


def test_any_file_that_dnf_reads_counts(tmp_path: Path) -> None:
    epel = b"[epel]\nenabled=1\n"
    write(tmp_path, "etc/yum.repos.d/a.repo", b"\xff\xfe")
    write(tmp_path, "etc/yum.repos.d/epel.repo.rpmsave", epel)
    os.mkfifo(tmp_path / "etc/yum.repos.d/pipe")
    assert not has_epel(str(tmp_path))
    write(tmp_path, "etc/distro.repos.d/b.repo", epel)
    assert has_epel(str(tmp_path))


def test_a_host_without_dnf_has_none(tmp_path: Path) -> None:
    assert not has_epel(str(tmp_path))

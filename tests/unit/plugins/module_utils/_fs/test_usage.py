# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disk usage of a tree."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.localai.core.plugins.module_utils._fs.usage import disk_usage


def test_disk_usage_counts_hard_links_once_and_does_not_follow_symlinks(tmp_path: Path) -> None:
    place = tmp_path / "a"
    (place / "sub").mkdir(parents=True)
    (place / "run.sh").touch()
    (place / "sub/data").write_bytes(b"x" * 100000)
    os.link(place / "sub/data", place / "sub/again")
    (place / "out").symlink_to("/usr")
    everything = [place / name for name in ("run.sh", "sub", "sub/data", "out")]
    assert disk_usage(str(place)) == sum(path.lstat().st_blocks * 512 for path in everything)
    assert disk_usage(str(place)) >= 100000


def test_a_missing_tree_takes_no_space(tmp_path: Path) -> None:
    assert disk_usage(str(tmp_path / "missing")) == 0
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert disk_usage(str(tmp_path / "file")) == 0

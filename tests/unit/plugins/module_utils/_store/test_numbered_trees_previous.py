# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Previous versions: kept under rising numbers, restored and deleted."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._store import numbered_trees
from ansible_collections.localai.core.tests.support.host import mode
from ansible_collections.localai.core.tests.support.trees import (
    install,
    names,
    opened,
    replace_by,
    staging_of,
    versions,
)


def test_previous_versions_get_rising_numbers(path, any_kernel):
    install(path, content=b"1")
    for content, keep, expected in (
        (b"2", 2, {"1": b"1"}),
        (b"3", 2, {"1": b"1", "2": b"2"}),
        (b"4", 2, {"2": b"2", "3": b"3"}),
        (b"5", 0, {"2": b"2", "3": b"3"}),
        (b"6", 1, {"4": b"5"}),
    ):
        replace_by(path, content, keep)
        assert versions(path) == expected
    assert (path / "piper/run.sh").read_bytes() == b"6"
    assert names(staging_of(path)) == []
    assert [mode(path / ".localai-core/kept"), mode(path / ".localai-core/kept/piper")] == ["0o755", "0o755"]


@pytest.mark.parametrize(("keep", "expected"), [(0, []), (1, [b"new"]), (2, [b"new"])])
def test_a_previous_version_is_restored(path, any_kernel, keep, expected):
    install(path, content=b"old")
    replace_by(path, b"new", 1)
    with opened(path) as backends:
        backends.restore(".localai-core/kept/piper/1", "piper", FileAttributes(mode="0711"), keep)
    assert ((path / "piper/run.sh").read_bytes(), mode(path / "piper")) == (b"old", "0o711")
    assert list(versions(path).values()) == expected


@pytest.mark.parametrize(("keep", "expected"), [(0, {}), (1, {"1": b"new"})])
def test_a_retired_backend_becomes_a_previous_version(path, keep, expected):
    install(path)
    with opened(path) as backends:
        backends.retire("piper", keep)
    assert (names(path), versions(path)) == ([".localai-core"], expected)


def test_a_removal_removes_the_previous_versions_too(path):
    for name in ("piper", "other"):
        install(path, name=name)
    replace_by(path, b"2", 1)
    with opened(path) as backends:
        backends.remove("piper")
        assert (names(path), versions(path)) == ([".localai-core", "other"], {})


def test_a_kill_before_the_old_tree_is_put_away_leaves_the_new_one(path, monkeypatch):
    install(path, content=b"old")

    def dies(_names):
        raise KeyboardInterrupt

    monkeypatch.setattr(numbered_trees, "version_numbers", dies)
    with pytest.raises(KeyboardInterrupt):
        replace_by(path, b"new", 1)
    monkeypatch.undo()
    install(path, name="other")
    assert ((path / "piper/run.sh").read_bytes(), versions(path)) == (b"new", {})
    assert names(staging_of(path)) == []


def test_a_symlink_in_place_of_previous_versions_is_not_followed(path, tmp_path):
    install(path)
    (tmp_path / "outside").mkdir()
    (path / ".localai-core/kept/piper").symlink_to(tmp_path / "outside")
    with pytest.raises(HostError):
        replace_by(path, b"newer", 1)
    assert names(tmp_path / "outside") == []
    assert (path / "piper/run.sh").read_bytes() == b"new"


def test_hostile_numbers_of_previous_versions_are_ignored(path):
    install(path, content=b"1")
    top = path / ".localai-core/kept/piper"
    for name in ("9" * 200, "9" * 255, "01", "0", "-1", "\u0663"):
        (top / name).mkdir(parents=True)
    replace_by(path, b"2", 1)
    assert (top / "1/run.sh").read_bytes() == b"1"

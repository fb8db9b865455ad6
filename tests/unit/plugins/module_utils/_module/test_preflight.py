# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in the way of a run is found before the first write."""

from __future__ import annotations

import contextlib
import os
from types import SimpleNamespace

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._module.preflight import (
    check_own,
    check_space,
    check_writable,
)
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    ordinary_user,
)
from ansible_collections.localai.core.tests.support.trees import install, opened, replace_by

# permissions


@pytest.mark.parametrize("what", ["file", "dangling"])
def test_a_path_that_is_no_directory_is_an_error(tmp_path, what):
    place = tmp_path / "backends"
    place.touch() if what == "file" else place.symlink_to("nowhere")
    for attempt in (lambda: install(place), lambda: check_writable(str(place))):
        with pytest.raises(HostError, match=str(place)):
            attempt()
    if what == "file":
        with pytest.raises(HostError, match="is not a directory, so backends cannot be installed in"):
            check_writable(str(place / "below"))


def test_a_missing_path_may_be_made(tmp_path):
    check_writable(str(tmp_path / "a/b/c"))
    check_space(str(tmp_path / "a/b/c"), 1, lambda: 1)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("what", ["goes", "comes"])
def test_what_another_run_moves_meanwhile_is_not_in_the_way(tmp_path, monkeypatch, what):
    backend, ask = tmp_path / "piper", os.access
    if what == "goes":
        backend.mkdir()

    def access(place, mode):
        mine = place == str(backend)
        if mine and what == "goes" and backend.exists():
            backend.rmdir()
        answer = ask(place, mode)
        if mine and what == "comes" and not backend.exists():
            backend.mkdir()
        return answer

    monkeypatch.setattr(os, "access", access)
    check_writable(str(tmp_path), ["piper"])
    assert backend.exists() is (what == "comes")


def test_a_path_that_may_not_be_written_is_found_before():
    with directory_of_ordinary_user() as path:
        (path / "sealed").mkdir(mode=0o555)
        with ordinary_user():
            for place in (path / "sealed", path / "sealed/below/it"):
                with pytest.raises(HostError, match=r"sealed cannot be written by user \S+\. Run as a user who may"):
                    check_writable(str(place))
                with pytest.raises(HostError, match=r"Permission denied\. Run as a user who may write there"):
                    install(place)
        assert os.listdir(path / "sealed") == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can leave there what others cannot write")
@pytest.mark.parametrize("place", [".localai-core", ".localai-core/staging", ".localai-core/lock", "piper"])
def test_what_root_left_there_is_found_before(place):
    with directory_of_ordinary_user() as path:
        with ordinary_user():
            install(path)
        os.chown(path / place, 0, 0)
        (path / place).chmod(0o644 if place.endswith("lock") else 0o755)
        with ordinary_user(), pytest.raises(HostError, match=f"{path / place} cannot be written by user"):
            check_writable(str(path), ["piper"])


def test_what_can_be_written_passes():
    with directory_of_ordinary_user() as path, ordinary_user():
        install(path)
        check_writable(str(path), ["piper", "missing"])


def test_a_read_only_file_system_is_found_before(monkeypatch, path):
    status = os.statvfs(path)
    monkeypatch.setattr(os, "statvfs", lambda _path: os.statvfs_result([*list(status)[:8], os.ST_RDONLY, status[9]]))
    with pytest.raises(HostError, match="is on a file system that is mounted read-only"):
        check_writable(str(path))


def test_only_its_owner_or_root_changes_the_look_of_a_tree():
    with directory_of_ordinary_user() as top:
        (top / "mine").mkdir()
        (top / "theirs").mkdir()
        if IS_ROOT:
            os.chown(top / "theirs", NOBODY, NOBODY)
        check_own(str(top), ["mine"])
        with ordinary_user():
            check_own(str(top), ["theirs"])
            if IS_ROOT:
                with pytest.raises(HostError, match="mine does not belong to user"):
                    check_own(str(top), ["mine"])


def test_what_another_run_removed_meanwhile_has_no_owner_to_check(path):
    check_own(str(path), ["gone"])


# space


def test_a_full_disk_is_found_before_and_both_figures_are_told(path):
    check_space(str(path), 0, lambda: 0)
    with pytest.raises(
        HostError, match=r"has [0-9.]+ MiB of free space, but at least 1125899906842624\.0 MiB are needed"
    ):
        check_space(str(path / "missing"), 2**70, lambda: 2**70)


@pytest.mark.parametrize(("free", "shown"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB")])
def test_small_amounts_of_space_are_told_in_small_units(path, monkeypatch, free, shown):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=free))
    with pytest.raises(HostError, match=rf"has {shown} of free space, but at least 2\.0 KiB are needed"):
        check_space(str(path), 2048, lambda: 2048)


def test_what_was_downloaded_and_will_be_used_or_removed_counts_as_free(path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=1024**2))
    check_space(str(path), 3 * 1024**2, lambda: 3 * 1024**2, downloads=2 * 1024**2)
    with pytest.raises(HostError, match=r"has 3\.0 MiB of free space"):
        check_space(str(path), 4 * 1024**2, lambda: 4 * 1024**2, downloads=2 * 1024**2)


def test_what_interrupted_runs_transferred_counts_as_free(path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=1024**2))
    with opened(path) as store, contextlib.closing(store.partials.create("x")) as partial:
        partial.reserve(3 * 1024**2)
    check_space(str(path), 4 * 1024**2, lambda: 4 * 1024**2)
    with pytest.raises(HostError, match=r"has 4\.0 MiB of free space, but at least 5\.0 MiB are needed"):
        check_space(str(path), 5 * 1024**2, lambda: 5 * 1024**2)


def test_something_else_in_the_place_of_what_was_transferred_is_found_before(path):
    with opened(path):
        pass
    (path / ".localai-core/partial").symlink_to("/")
    with pytest.raises(HostError, match=r"partial is not a directory of this collection\. Remove it\."):
        check_writable(str(path))


def test_a_disk_that_is_too_small_tells_what_is_kept(path):
    install(path, content=b"x" * 3 * 1024**2)
    replace_by(path, b"new", 1)
    with pytest.raises(HostError, match=r"The previous versions of keep_previous use [36]\.0 MiB"):
        check_space(str(path), 2**60, lambda: 2**60)

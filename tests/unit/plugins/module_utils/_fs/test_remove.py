# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A removal: nothing that stands in a tree is in its way, it can be interrupted anywhere, and it ends."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import threading
import time

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import remove
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    directory_of_ordinary_user,
    failing,
    ordinary_user,
    snapshot,
)
from ansible_collections.localai.core.tests.support.kills import killed_at

CALLS = ("unlink", "rmdir", "rename", "open", "fchmod", "fchown", "chmod", "chown", "mkdir")


def fill(top, depth, width):
    top.mkdir()
    (top / "file").write_text("x")
    (top / "link").symlink_to("..")
    for number in range(width if depth else 0):
        fill(top / f"d{number}", depth - 1, width)


def chain(top, levels):
    """One directory in the other, deeper than any path can name."""
    top.mkdir()
    fd = os.open(top, os.O_RDONLY)
    for _level in range(levels):
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(fd)


def test_a_removal_that_is_killed_anywhere_is_finished_by_the_next(tmp_path, monkeypatch):
    number, top = 0, tmp_path / "top"
    while True:
        number += 1
        fill(top, 4, 2)
        if not killed_at(number, lambda: remove.remove(str(top)), CALLS):
            break
        # Killed again in each of the next two, a little later each time.
        for again in (number // 2 + 1, number // 3 + 1):
            killed_at(again, lambda: remove.remove(str(top)), CALLS)
        remove.remove(str(top))
        assert not top.exists()
    assert number > 100
    assert os.listdir(tmp_path) == []


HOSTILE = [f".removed-{number}" for number in range(1, 40)] + [".scratch", "1", "2", "lock", "-rf", "\n", "n" * 255]


@pytest.mark.parametrize("what", ["files", "directories", "symlinks", "full directories"])
def test_no_name_is_in_the_way(tmp_path, what):
    top = tmp_path / "top"
    fill(top, 2, 2)
    for place in (top, top / "d0", top / "d0/d1"):
        for name in HOSTILE:
            if what == "files":
                (place / name).touch()
            elif what == "symlinks":
                (place / name).symlink_to(tmp_path)
            else:
                (place / name).mkdir()
                if what == "full directories":
                    fill(place / name / "keep", 1, 1)
    remove.remove(str(top))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("levels", [1, 31, 32, 33, 70, 2500])
def test_a_tree_of_any_depth_is_removed_with_few_descriptors(tmp_path, levels):
    chain(tmp_path / "top", levels)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(int(name) for name in os.listdir("/proc/self/fd")) + 50
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        remove.remove(str(tmp_path / "top"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert os.listdir(tmp_path) == []


def test_a_tree_without_end_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(remove, "_MAX_LEVELS", 50)
    chain(tmp_path / "top", 60)
    with pytest.raises(OSError, match=r"nested more than 50 deep"):
        remove.remove(str(tmp_path / "top"))
    monkeypatch.undo()
    remove.remove(str(tmp_path / "top"))


@pytest.mark.parametrize("mode", [0o000, 0o100, 0o200, 0o400, 0o500])
def test_directories_that_are_closed_to_their_owner_are_removed(mode):
    with directory_of_ordinary_user() as top, ordinary_user():
        fill(top / "top", 3, 2)
        for place in sorted((top / "top").rglob("d*"), reverse=True):
            place.chmod(mode)
        (top / "top").chmod(mode)
        remove.remove(str(top / "top"))
        assert os.listdir(top) == []


def test_what_links_point_to_stays(tmp_path):
    fill(tmp_path / "outside", 1, 1)
    before = snapshot(tmp_path / "outside")
    fill(tmp_path / "top", 2, 2)
    for place in (tmp_path / "top", tmp_path / "top/d0/d1"):
        (place / "away").symlink_to(tmp_path / "outside")
    remove.remove(str(tmp_path / "top"))
    (tmp_path / "top").symlink_to(tmp_path / "outside")
    remove.remove(str(tmp_path / "top"))
    assert (snapshot(tmp_path / "outside"), os.listdir(tmp_path)) == (before, ["outside"])


def test_what_is_missing_is_fine(tmp_path):
    remove.remove(str(tmp_path / "nowhere"))


def keep_filling(place, until):
    """Create files and directories as fast as can be."""
    number = 0
    while not until.is_set():
        number += 1
        for name in (place / f"f{number % 50}", place / f"d0/f{number % 50}"):
            try:
                name.touch()
                (name.parent / f"n{number % 50}").mkdir()
            except OSError:
                continue


def test_a_tree_that_somebody_keeps_filling_is_removed_or_it_is_an_error_and_it_ends(tmp_path):
    fill(tmp_path / "top", 2, 2)
    done = threading.Event()
    filler = threading.Thread(target=keep_filling, args=(tmp_path / "top", done))
    filler.start()
    start = time.monotonic()
    try:
        remove.remove(str(tmp_path / "top"))
    except OSError as e:
        assert (e.errno, "new files keep coming" in str(e)) == (errno.ENOTEMPTY, True)  # noqa: PT017  # both are right
    finally:
        done.set()
        filler.join()
    assert time.monotonic() - start < 30
    remove.remove(str(tmp_path / "top"))


def test_what_never_gets_empty_is_an_error(tmp_path, monkeypatch):
    fill(tmp_path / "top", 2, 1)
    rmdir = os.rmdir

    def filled_again(name, *, dir_fd=None):
        if name == "d0":
            fd = os.open(name, os.O_RDONLY, dir_fd=dir_fd)
            os.close(os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
            os.close(fd)
        rmdir(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "rmdir", filled_again)
    with pytest.raises(OSError, match=r"new files keep coming into it.*Stop what writes there"):
        remove.remove(str(tmp_path / "top"))
    monkeypatch.undo()
    remove.remove(str(tmp_path / "top"))


FILLER = """
import os, sys
os.setgid(65534); os.setuid(65534)
number = 0
print("begun", flush=True)
while True:
    number += 1
    try:
        os.close(os.open(f"{sys.argv[1]}/f{number % 100}", os.O_CREAT | os.O_WRONLY))
        os.mkdir(f"{sys.argv[1]}/n{number % 100}")
    except FileNotFoundError:
        sys.exit()
    except OSError:
        continue
"""


@pytest.mark.skipif(not IS_ROOT, reason="it takes root to become somebody else")
def test_root_is_quicker_than_a_user_who_keeps_filling_his_tree():
    with directory_of_ordinary_user() as top:
        with ordinary_user():
            fill(top / "top", 2, 2)
        with subprocess.Popen([sys.executable, "-c", FILLER, str(top / "top")], stdout=subprocess.PIPE) as filler:
            assert filler.stdout is not None
            filler.stdout.readline()
            remove.remove(str(top / "top"))
        assert (filler.returncode, os.listdir(top)) == (0, [])


def test_a_directory_that_is_moved_away_meanwhile_is_no_error(tmp_path, monkeypatch):
    chain(tmp_path / "top", 100)
    listdir, calls = os.listdir, 0

    def moving(fd):
        nonlocal calls
        calls += 1
        if calls == 80:
            os.rename(tmp_path / "top/d/d/d/d", tmp_path / "moved")
        return listdir(fd)

    monkeypatch.setattr(os, "listdir", moving)
    remove.remove(str(tmp_path / "top"))
    assert (tmp_path / "top").exists() is False


@pytest.mark.parametrize("becomes", ["file", "symlink", "nothing"])
def test_a_directory_that_becomes_something_else_meanwhile_is_no_error(tmp_path, monkeypatch, becomes):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/precious").touch()
    fill(tmp_path / "top", 2, 2)
    opened = os.open

    def swapped(name, flags, *mode, **place):
        if name == "d1" and (tmp_path / "top/d1").is_dir() and not (tmp_path / "top/d1").is_symlink():
            (tmp_path / "top/d1").rename(tmp_path / "away")
            if becomes == "file":
                (tmp_path / "top/d1").touch()
            elif becomes == "symlink":
                (tmp_path / "top/d1").symlink_to(tmp_path / "outside")
        return opened(name, flags, *mode, **place)

    monkeypatch.setattr(os, "open", swapped)
    remove.remove(str(tmp_path / "top"))
    assert sorted(os.listdir(tmp_path)) == ["away", "outside"]
    assert (tmp_path / "outside/precious").exists()


@pytest.mark.skipif(not IS_ROOT, reason="only root can mount")
def test_what_is_mounted_in_a_tree_is_not_emptied(tmp_path):
    fill(tmp_path / "top", 1, 1)
    mounted = tmp_path / "top/d0"
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(mounted)], check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        (mounted / "precious").touch()
        with pytest.raises(OSError, match=r"another file system is mounted on d0"):
            remove.remove(str(tmp_path / "top"))
        assert (mounted / "precious").exists()
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
    remove.remove(str(tmp_path / "top"))


def test_removing_takes_everything_and_never_follows(top, outside):
    before = snapshot(outside)
    (top / "deep/er").mkdir(parents=True)
    (top / "deep/er/file").write_text("x")
    (top / "deep/link").symlink_to(outside)
    (top / "top-link").symlink_to(outside)
    os.mkfifo(top / "pipe")
    for name in ("top-link", "pipe", "missing", "deep"):
        remove.remove(str(top / name))
    assert os.listdir(top) == []
    assert snapshot(outside) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EXDEV])
def test_what_cannot_be_moved_is_removed_where_it_is(top, monkeypatch, code):
    os.makedirs(top / "a/b/c/d")
    (top / "a/b/x").touch()
    monkeypatch.setattr(os, "rename", failing(code))
    remove.remove(str(top / "a"))
    assert os.listdir(top) == []


@pytest.mark.parametrize("sealed", [0, 0o111, 0o444, 0o555])
def test_an_ordinary_user_can_remove_their_own_sealed_directories(sealed):
    with directory_of_ordinary_user() as path, ordinary_user():
        (path / "x/sealed/below").mkdir(parents=True)
        (path / "x/sealed/below/file").write_text("x")
        (path / "x/sealed/below").chmod(sealed)
        (path / "x/sealed").chmod(sealed)
        remove.remove(str(path / "x"))
        assert os.listdir(path) == []


def test_what_an_ordinary_user_may_not_remove_stays():
    with directory_of_ordinary_user() as path:
        (path / "file").touch()
        path.chmod(0o555)
        with ordinary_user(), pytest.raises(PermissionError):
            remove.remove(str(path / "file"))
        assert (path / "file").exists()

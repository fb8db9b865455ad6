# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends path: one writer at a time, the old tree or the new one, and nothing left behind."""

from __future__ import annotations

import errno
import os
import re
import threading
import time

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, LockTimeout, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs import sync
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._store import numbered_trees, store
from ansible_collections.localai.core.tests.support.host import IS_ROOT, failing, mode, snapshot, umask
from ansible_collections.localai.core.tests.support.trees import (
    IN_THE_WAY,
    install,
    names,
    opened,
    put,
    replace_by,
    staging_of,
    versions,
)

# new and replaced trees


def test_a_tree_appears_complete(path):
    install(path, mode=0o750)
    assert names(path) == [".localai-core", "piper"]
    assert (path / "piper/run.sh").read_bytes() == b"new"
    assert (mode(path / "piper"), mode(path / "piper/run.sh"), mode(path / "piper/lib")) == ("0o750", "0o755", "0o755")
    assert names(staging_of(path)) == []


def test_our_own_directory_is_not_a_backend(path):
    install(path)
    assert names(path / ".localai-core") == ["file-system.json", "kept", "lock", "replaced", "staging"]
    assert [mode(place) for place in (path / ".localai-core", staging_of(path))] == ["0o755", "0o755"]


@pytest.mark.parametrize("old", ["directory", "sealed directory", "symlink", "dangling symlink", "file", "pipe"])
def test_anything_with_the_name_is_replaced_and_no_symlink_followed(path, tmp_path, any_kernel, old):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "run.sh").write_text("precious")
    place = path / "piper"
    if "directory" in old:
        (place / "deep/er").mkdir(parents=True)
        (place / "old").write_text("old")
        if "sealed" in old:
            (place / "deep").chmod(0)
            place.chmod(0 if IS_ROOT else 0o700)  # others cannot move what they may not write
    elif "symlink" in old:
        place.symlink_to(outside if old == "symlink" else outside / "nowhere")
    elif old == "file":
        place.write_text("old")
    else:
        os.mkfifo(place)
    before = snapshot(outside)
    install(path)
    assert names(path / "piper") == ["lib", "run.sh"]
    assert not place.is_symlink()
    assert snapshot(outside) == before
    assert names(staging_of(path)) == []


def test_the_old_tree_is_never_missing(path):
    if not exchange_works(path):
        pytest.skip("this file system cannot exchange names")
    install(path)
    missing, ready = [], threading.Event()

    def watch():
        while not ready.is_set():
            if not (path / "piper/run.sh").exists():
                missing.append(time.monotonic())

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _round in range(30):
        install(path)
    ready.set()
    watcher.join()
    assert missing == []


def exchange_works(path):
    for name in "ab":
        (path / name).touch()
    fd = os.open(path, os.O_RDONLY)
    try:
        return store.exchange(fd, "a", fd, "b")
    finally:
        os.close(fd)
        for name in "ab":
            (path / name).unlink()


def test_an_unfinished_tree_is_removed_and_the_old_one_stays(path):
    install(path, content=b"old")
    before = snapshot(path / "piper")

    def fail_halfway():
        with backends.stage() as tree:
            tree.file("run.sh", 0o755, [b"half"])
            raise SourceError("the line went dead")

    with opened(path) as backends, pytest.raises(SourceError):
        fail_halfway()
    assert snapshot(path / "piper") == before
    assert (names(path), names(staging_of(path))) == ([".localai-core", "piper"], [])


def test_several_trees_can_be_made_in_one_run(path):
    with opened(path) as backends:
        for name in ("a", "b", "a"):
            with backends.stage() as tree:
                tree.file("run.sh", 0o755, [name.encode()])
                backends.publish(tree, name)
    assert names(path) == [".localai-core", "a", "b"]


def test_when_the_second_rename_fails_the_old_tree_is_put_back(path, monkeypatch):
    install(path, content=b"old")
    monkeypatch.setattr(store, "exchange", lambda *_names: False)
    rename = os.rename
    calls = []

    def fails_once(*arguments, **settings):
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        rename(*arguments, **settings)

    monkeypatch.setattr(os, "rename", fails_once)
    with pytest.raises(HostError, match="Input/output error"):
        install(path)
    assert (path / "piper/run.sh").read_bytes() == b"old"


def test_after_a_kill_between_two_renames_the_next_run_restores_the_old_tree(path, monkeypatch):
    install(path, content=b"old")
    monkeypatch.setattr(store, "exchange", lambda *_names: False)
    rename = os.rename
    calls = []

    class Killed(BaseException):
        """Stands for a power cut: from here on nothing runs."""

    def dies(*arguments, **settings):
        calls.append(arguments)
        if len(calls) > 1:
            raise Killed
        rename(*arguments, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", dies)
        for module in (store, numbered_trees):
            patch.setattr(module, "remove", lambda *_arguments, **_settings: None)
        with pytest.raises(Killed):
            install(path)
    install(path, name="other")
    assert (path / "piper/run.sh").read_bytes() == b"old"


def test_the_next_run_removes_a_tree_that_an_interrupted_run_replaced(path):
    install(path)
    for place in ("piper", "gone"):
        (path / ".localai-core/replaced" / place / "deep").mkdir(parents=True)
    install(path, name="other")
    assert names(path) == [".localai-core", "gone", "other", "piper"]
    assert (path / "piper/run.sh").read_bytes() == b"new"
    assert names(path / ".localai-core/replaced") == []


# metadata and removal


def test_metadata_is_replaced_alone_and_in_one_step(path):
    install(path)
    (path / "piper/metadata.json").write_text("old")
    before = snapshot(path / "piper")
    with umask(0o077), opened(path) as backends:
        backends.replace_file("piper", "metadata.json", b"new")
    after = snapshot(path / "piper")
    assert (path / "piper/metadata.json").read_bytes() == b"new"
    assert mode(path / "piper/metadata.json") == "0o644"
    for changed in ("", "metadata.json"):
        del before[changed], after[changed]
    assert before == after
    assert names(staging_of(path)) == []


def test_metadata_of_a_symlink_is_not_written_through_it(path, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (path / "piper").symlink_to(outside)
    with opened(path) as backends, pytest.raises(HostError, match=r"/piper is a symlink"):
        backends.replace_file("piper", "metadata.json", b"new")
    assert names(outside) == []


@pytest.mark.parametrize("what", ["directory", "symlink", "file"])
def test_a_backend_is_removed_and_a_link_not_followed(path, tmp_path, what):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").touch()
    install(path)
    if what != "directory":
        (path / "piper").rename(tmp_path / "away")
        (path / "piper").symlink_to(outside) if what == "symlink" else (path / "piper").touch()
    with opened(path) as backends:
        backends.remove("piper")
    assert (names(path), names(outside), names(staging_of(path))) == ([".localai-core"], ["x"], [])


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("there", [[], [".localai-core"], [".localai-core/lock"], [".localai-core/staging"]])
def test_without_space_for_our_own_directories_a_backend_can_still_be_removed(path, monkeypatch, code, there):
    (path / "piper").mkdir()
    (path / "piper/run.sh").touch()
    for name in there:
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).touch() if name.endswith("lock") else (path / name).mkdir()
    real_open = os.open
    full = failing(code)
    monkeypatch.setattr(os, "mkdir", lambda name, *a, **k: full() if not os.path.exists(path / name) else None)
    monkeypatch.setattr(os, "open", lambda *a, **k: full() if a[1] & os.O_CREAT and not there else real_open(*a, **k))
    with opened(path) as backends:
        with pytest.raises(LockTimeout), opened(path, 0):
            pass
        for wanted in (backends.stage, backends.progress):
            with pytest.raises(HostError, match=r"(Free some space|Raise the quota)"), wanted():
                pass
        with pytest.raises(HostError, match=r"(Free some space|Raise the quota)"):
            backends.retire("piper", 1)
        backends.remove("piper")
    assert "piper" not in names(path)


def test_removing_what_is_not_there_is_an_error(path):
    with opened(path) as backends, pytest.raises(HostError, match="backends/piper: No such file"):
        backends.remove("piper")


@pytest.mark.parametrize("there", [True, False])
def test_a_backup_of_localai_is_restored(path, any_kernel, there):
    install(path, name="piper.backup", content=b"good")
    if there:
        (path / "piper").mkdir()
    with opened(path) as backends:
        backends.restore("piper.backup", "piper", FileAttributes())
    assert names(path) == [".localai-core", "piper"]
    assert (path / "piper/run.sh").read_bytes() == b"good"


def test_a_whole_tree_gets_the_requested_mode(path):
    install(path)
    with opened(path) as backends:
        backends.converge("piper", FileAttributes(mode="0700"))
        with pytest.raises(HostError, match="missing"):
            backends.converge("missing", FileAttributes(mode="0700"))
    assert mode(path / "piper") == "0o700"


# a loss of power, and a disk that fails


def changes(backends):
    """What a step does to a backend that is there, and to one that LocalAI moved aside."""

    def publish():
        with backends.stage() as tree:
            tree.file("run.sh", 0o755, [b"new"])
            backends.publish(tree, "piper", 1)

    return {
        "publish": publish,
        "restore": lambda: backends.restore("piper.backup", "piper", FileAttributes()),
        "rewrite": lambda: backends.replace_file("piper", "metadata.json", b"new"),
        "retire": lambda: backends.retire("piper", 1),
        "remove": lambda: backends.remove("piper"),
    }


@pytest.mark.parametrize(
    ("step", "call", "code"),
    [
        (step, call, code)
        for call, steps in {
            "write_out": ("publish", "restore", "rewrite"),
            "write_out_entries": ("publish", "restore", "retire", "remove"),
        }.items()
        for step in steps
        for code in (errno.EIO, errno.ENOSPC, errno.EDQUOT)
        # A removal on a full disk goes on: it is what makes room.
        if (step, code) not in (("remove", errno.ENOSPC), ("remove", errno.EDQUOT))
    ],
)
@pytest.mark.usefixtures("any_kernel")
def test_a_failed_sync_is_an_error_and_the_old_backend_stays(path, monkeypatch, step, call, code):
    for name in ("piper", "piper.backup"):
        install(path, name=name, content=name.encode())
    before = {name: snapshot(path / name) for name in names(path) if name != ".localai-core"}

    def fails(_fd):
        raise OSError(code, os.strerror(code))

    for module in (store, sync):
        monkeypatch.setattr(module, call, fails)
    with opened(path) as backends, pytest.raises(HostError, match=rf"backends/piper.*: {os.strerror(code)}\. [A-Z]"):
        changes(backends)[step]()
    after = {name: snapshot(path / name) for name in names(path) if name != ".localai-core"}
    assert after == before
    assert (names(staging_of(path)), versions(path)) == ([], {})


@pytest.mark.parametrize("step", ["publish", "restore", "rewrite", "retire", "remove"])
def test_nothing_old_is_deleted_before_all_else_is_on_the_disk(path, any_kernel, monkeypatch, step):
    for name in ("piper", "piper.backup"):
        install(path, name=name)
    (path / "piper/metadata.json").write_text("old")
    done = []
    rename, replace = os.rename, os.replace

    def noted(what, act):
        return lambda *arguments, **settings: (done.append(what), act(*arguments, **settings))[1]

    monkeypatch.setattr(os, "rename", noted("move", rename))
    monkeypatch.setattr(os, "replace", noted("move", replace))
    monkeypatch.setattr(store, "exchange", noted("move", store.exchange))
    monkeypatch.setattr(store, "write_out", lambda _fd: done.append("tree"))
    for module in (store, sync):
        monkeypatch.setattr(module, "write_out_entries", lambda _fd: done.append("entries"))
    with opened(path) as backends:
        for module in (store, numbered_trees):
            monkeypatch.setattr(module, "remove", lambda name, dir_fd: done.append("remove"))
        del done[:]
        changes(backends)[step]()
    order = "".join({"tree": "t", "move": "m", "entries": "e", "remove": "r"}[each] for each in done)
    assert re.fullmatch(
        {
            "publish": "tm+e+me+r",  # the last move keeps the old tree
            "restore": "tm+e+me+r",
            "rewrite": "tmer",
            "retire": "me+",
            "remove": "me+r",
        }[step],
        order,
    ), order


def test_moves_of_an_interrupted_run_are_on_the_disk_before_anything_is_deleted(path, monkeypatch):
    install(path)
    (path / ".localai-core/replaced/piper").mkdir()
    done = []
    monkeypatch.setattr(store, "write_out", lambda _fd: done.append("written"))
    for module in (store, numbered_trees):
        monkeypatch.setattr(module, "remove", lambda name, dir_fd: done.append(name))
    with opened(path):
        pass
    assert done == ["written", "1", "progress"]


# names that somebody else has put there, and runs that are killed


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_no_name_that_we_need_is_ever_in_the_way(path, tmp_path, any_kernel, what):
    (tmp_path / "outside").mkdir()
    install(path, content=b"1")
    replace_by(path, b"2", 1)
    own = path / ".localai-core"
    with opened(path) as backends:
        # After the lock was taken, which clears all of it.
        for place in [
            *(staging_of(path) / str(number) for number in range(1, 6)),
            own / "replaced/piper",
            own / "progress",
        ]:
            put(place, what, tmp_path / "outside")
        with backends.progress() as write, backends.stage() as tree:
            write(b"x")
            put(own / "kept/piper/2", what, tmp_path / "outside")
            tree.file("run.sh", 0o755, [b"3"])
            backends.publish(tree, "piper", 3)
        put(own / "replaced/piper", what, tmp_path / "outside")
        (path / "piper/metadata.json").mkdir()
        (path / "piper/metadata.json/deep").mkdir()
        backends.replace_file("piper", "metadata.json", b"new")
        put(own / "replaced/piper", what, tmp_path / "outside")
        backends.restore(".localai-core/kept/piper/1", "piper", FileAttributes(), 1)
        assert (path / "piper/run.sh").read_bytes() == b"1"
        backends.remove("piper")
    assert (names(path), names(tmp_path / "outside")) == ([".localai-core"], [])
    install(path)
    assert (names(staging_of(path)), names(own / "replaced")) == ([], [])


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_an_entry_that_appears_with_the_name_of_a_backend_is_replaced(path, tmp_path, monkeypatch, any_kernel, what):
    (tmp_path / "outside").mkdir()
    path.mkdir(exist_ok=True)
    asked = []

    def late(name, dir_fd):
        there = os.path.lexists(f"/proc/self/fd/{dir_fd}/{name}")
        if name == "piper" and not there and len(asked) < 2:
            asked.append(name)
            put(path / "piper", what, tmp_path / "outside")
        return there

    for module in (store, numbered_trees):
        monkeypatch.setattr(module, "exists", late)
    install(path)
    assert (path / "piper/run.sh").read_bytes() == b"new"
    assert (names(tmp_path / "outside"), names(staging_of(path))) == ([], [])

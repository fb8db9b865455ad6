# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends path: one writer at a time, the old tree or the new one, and nothing left behind."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import re
import stat
import subprocess
import sys
import threading
import time

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, LockTimeout, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs import sync
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._store import previous_versions, store
from ansible_collections.localai.core.plugins.module_utils._store import staging as staging_module
from ansible_collections.localai.core.plugins.module_utils._store.ownership import owner_of_new_trees
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    failing,
    mode,
    snapshot,
    umask,
)
from ansible_collections.localai.core.tests.support.kills import killed_at
from ansible_collections.localai.core.tests.support.trees import install, opened, replace_by


@pytest.fixture(params=["exchange", "two renames"])
def any_kernel(request, monkeypatch):
    """Kernels that can exchange two names in one step, and those that cannot."""
    if request.param == "two renames":
        monkeypatch.setattr(store, "exchange", lambda *_names: False)


def names(path):
    return sorted(os.listdir(path))


def staging(path):
    return path / ".localai-core/staging"


# new and replaced trees


def test_a_tree_appears_complete(path):
    install(path, mode=0o750)
    assert names(path) == [".localai-core", "piper"]
    assert (path / "piper/run.sh").read_bytes() == b"new"
    assert (mode(path / "piper"), mode(path / "piper/run.sh"), mode(path / "piper/lib")) == ("0o750", "0o755", "0o755")
    assert names(staging(path)) == []


def test_what_is_ours_does_not_look_like_a_backend(path):
    install(path)
    assert names(path / ".localai-core") == ["file-system.json", "kept", "lock", "replaced", "staging"]
    assert [mode(place) for place in (path / ".localai-core", staging(path))] == ["0o755", "0o755"]


@pytest.mark.parametrize("old", ["directory", "sealed directory", "symlink", "dangling symlink", "file", "pipe"])
def test_whatever_had_the_name_is_replaced_and_never_followed(path, tmp_path, any_kernel, old):
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
    assert names(staging(path)) == []


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
    assert (names(path), names(staging(path))) == ([".localai-core", "piper"], [])


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


def test_a_run_that_dies_between_two_renames_leaves_the_old_tree_to_the_next(path, monkeypatch):
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
        for module in (store, staging_module):
            patch.setattr(module, "remove", lambda *_arguments, **_settings: None)
        with pytest.raises(Killed):
            install(path)
    install(path, name="other")
    assert (path / "piper/run.sh").read_bytes() == b"old"


def test_an_old_tree_that_was_replaced_when_a_run_died_is_removed_by_the_next(path):
    install(path)
    for place in ("piper", "gone"):
        (path / ".localai-core/replaced" / place / "deep").mkdir(parents=True)
    install(path, name="other")
    assert names(path) == [".localai-core", "gone", "other", "piper"]
    assert (path / "piper/run.sh").read_bytes() == b"new"
    assert names(path / ".localai-core/replaced") == []


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EINVAL, errno.ENOTSUP])
def test_a_kernel_that_cannot_exchange_says_so(path, monkeypatch, code):
    class Library:
        def renameat2(self, *_arguments):
            ctypes.set_errno(code)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_settings: Library())
    assert store.exchange(0, "a", 0, "b") is False


@pytest.mark.parametrize("error", [OSError("no such library"), AttributeError("renameat2")])
def test_a_system_without_that_call_cannot_exchange(monkeypatch, error):
    def library(*_arguments, **_settings):
        raise error

    monkeypatch.setattr(ctypes, "CDLL", library)
    assert store.exchange(0, "a", 0, "b") is False


def test_another_error_of_the_exchange_is_an_error(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        with pytest.raises(FileNotFoundError):
            assert store.exchange(fd, "a", fd, "b") is not False
    finally:
        os.close(fd)


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
    assert names(staging(path)) == []


def test_metadata_of_a_symlink_is_not_written_through_it(path, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (path / "piper").symlink_to(outside)
    with opened(path) as backends, pytest.raises(HostError, match=r"piper/metadata.json"):
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
    assert (names(path), names(outside), names(staging(path))) == ([".localai-core"], ["x"], [])


@pytest.mark.parametrize("what", ["directory", "symlink", "file"])
def test_what_cannot_be_moved_is_removed_in_its_place_and_is_no_backend_at_once(path, tmp_path, monkeypatch, what):
    if what == "directory":
        install(path)
        (path / "piper/metadata.json").touch()
    elif what == "symlink":
        (path / "piper").symlink_to(tmp_path)
    else:
        (path / "piper").touch()
    before, removed, unlink = os.listdir(tmp_path), [], os.unlink
    with opened(path) as backends:
        monkeypatch.setattr(os, "rename", failing(errno.EXDEV))
        monkeypatch.setattr(os, "unlink", lambda name, **place: (removed.append(name), unlink(name, **place))[1])
        backends.remove("piper")
    assert (names(path), os.listdir(tmp_path)) == ([".localai-core"], before)
    assert what != "directory" or removed[:2] == ["metadata.json", "run.sh"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("there", [[], [".localai-core"], [".localai-core/lock"], [".localai-core/staging"]])
def test_where_there_is_no_room_for_what_is_ours_one_can_still_remove(path, monkeypatch, code, there):
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


def test_a_lock_is_held_without_a_note_where_there_is_no_room_for_it(path, monkeypatch):
    monkeypatch.setattr(os, "pwrite", failing(errno.ENOSPC))
    with opened(path), pytest.raises(LockTimeout, match="which left no note"), opened(path, 0):
        pass


def test_removing_what_is_not_there_is_an_error(path):
    with opened(path) as backends, pytest.raises(HostError, match="backends/piper: No such file"):
        backends.remove("piper")


# the lock


@contextlib.contextmanager
def locked_by(path, note):
    """The lock as another process holds it."""
    (path / ".localai-core").mkdir(exist_ok=True)
    with open(path / ".localai-core/lock", "w+", encoding="utf-8") as stream:
        stream.write(note)
        stream.flush()
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


NOTE = json.dumps({"pid": 4711, "host": "elsewhere", "since": "2026-01-01T00:00:00Z"})


@pytest.mark.parametrize(
    ("note", "holder"),
    [
        (NOTE, "pid 4711 on elsewhere, since 2026-01-01T00:00:00Z"),
        ("", "which left no note"),
        ("[]", "which left no note"),
        ("{}", "which left no note"),
        ("\ufffd{", "which left no note"),
        ("[" * 4000, "which left no note"),
    ],
)
def test_a_lock_that_is_held_too_long_is_an_error_that_names_the_holder(path, note, holder):
    with locked_by(path, note):
        before = snapshot(path)
        with pytest.raises(LockTimeout) as caught:
            install(path, timeout=0)
        assert snapshot(path) == before
    assert holder in str(caught.value)
    assert f"{path} is being changed by another run" in str(caught.value)
    assert "lock_timeout (0 s) is over" in str(caught.value)


def test_a_lock_is_waited_for(path):
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked_by(path, NOTE))
        timer = threading.Timer(0.3, stack.pop_all().close)
        timer.start()
        install(path, timeout=30)
        timer.join()
    assert (path / "piper").is_dir()


def test_the_lock_of_a_dead_process_is_free_and_its_garbage_is_removed(path):
    script = (
        "import fcntl, os, sys\n"
        "lock = open(sys.argv[1] + '/lock', 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "os.makedirs(sys.argv[1] + '/staging/1/deep')\n"
        "open(sys.argv[1] + '/staging/1/deep/half', 'w').close()\n"
        "os.chmod(sys.argv[1] + '/staging/1/deep', 0)\n"
        "os._exit(9)\n"
    )
    (path / ".localai-core").mkdir()
    subprocess.run([sys.executable, "-c", script, str(path / ".localai-core")], check=False)
    assert names(staging(path)) == ["1"]
    install(path)
    assert (names(path), names(staging(path))) == ([".localai-core", "piper"], [])


def test_the_lock_tells_who_holds_it(path):
    with opened(path):
        note = json.loads((path / ".localai-core/lock").read_text())
        with pytest.raises(LockTimeout, match=f"pid {os.getpid()} on "):
            install(path, timeout=0.3)
    assert note["pid"] == os.getpid()
    install(path)


@pytest.mark.parametrize("place", [".localai-core", ".localai-core/lock", ".localai-core/staging"])
@pytest.mark.parametrize("what", ["symlink", "file"])
def test_what_stands_in_our_place_is_not_followed(path, tmp_path, place, what):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("precious")
    (path / place).parent.mkdir(exist_ok=True)
    if what == "symlink":
        (path / place).symlink_to(outside / "file" if place.endswith("lock") else outside)
    elif place.endswith("lock"):
        (path / place).mkdir()
    else:
        (path / place).write_text("x")
    before = snapshot(outside)
    with pytest.raises(HostError, match=str(path)):
        install(path)
    assert snapshot(outside) == before
    assert names(path) == [".localai-core"]


def test_a_lock_with_another_name_is_not_written(path, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (path / ".localai-core").mkdir()
    os.link(precious, path / ".localai-core/lock")
    with pytest.raises(HostError, match=r"\.localai-core/lock is not a file of this collection\. Remove it"):
        install(path)
    assert precious.read_text() == "precious"


# the path itself


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_the_umask_changes_nothing(tmp_path, mask):
    path = tmp_path / "missing/too/backends"
    with umask(mask):
        install(path)
    modes = {name: oct(stat.S_IMODE(kind)) for name, (kind, *_rest) in snapshot(tmp_path / "missing").items()}
    assert modes == {
        "": "0o755",
        "too": "0o755",
        "too/backends": "0o755",
        "too/backends/.localai-core": "0o755",
        "too/backends/.localai-core/file-system.json": "0o644",
        "too/backends/.localai-core/kept": "0o755",
        "too/backends/.localai-core/lock": "0o644",
        "too/backends/.localai-core/replaced": "0o755",
        "too/backends/.localai-core/staging": "0o755",
        "too/backends/piper": "0o755",
        "too/backends/piper/lib": "0o755",
        "too/backends/piper/lib/x": "0o644",
        "too/backends/piper/run.sh": "0o755",
    }


def test_a_symlink_to_the_path_is_followed(path, tmp_path):
    (tmp_path / "link").symlink_to(path)
    install(tmp_path / "link")
    assert names(path) == [".localai-core", "piper"]


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_a_path_that_is_made_belongs_to_the_owner_asked_for(tmp_path):
    path = tmp_path / "missing/backends"
    install(path, owner=owner_of_new_trees(str(path), "1", "2"))
    assert [os.stat(place).st_uid for place in (path.parent, path, path / ".localai-core", path / "piper")] == [
        0,
        1,
        1,
        1,
    ]


def test_what_exchanges_a_staging_directory_is_noticed(path, tmp_path, monkeypatch):
    (tmp_path / "trap").mkdir()
    mkdir = os.mkdir

    def replaced(name, mode=0o777, *, dir_fd=None):
        mkdir(name, mode, dir_fd=dir_fd)
        if name == "1":
            (staging(path) / "1").rmdir()
            (tmp_path / "trap").rename(staging(path) / "1")

    monkeypatch.setattr(os, "mkdir", replaced)
    with pytest.raises(HostError, match="was replaced while it was being created"):
        install(path)


# kept trees


def kept(path, name="piper"):
    """The kept trees of a backend by their numbers, and what stands in their run files."""
    place = path / ".localai-core/kept" / name
    return {each.name: (each / "run.sh").read_bytes() for each in sorted(place.iterdir())} if place.exists() else {}


def test_the_last_trees_are_kept_under_rising_numbers(path, any_kernel):
    install(path, content=b"1")
    for content, keep, expected in (
        (b"2", 2, {"1": b"1"}),
        (b"3", 2, {"1": b"1", "2": b"2"}),
        (b"4", 2, {"2": b"2", "3": b"3"}),
        (b"5", 0, {"2": b"2", "3": b"3"}),
        (b"6", 1, {"4": b"5"}),
    ):
        replace_by(path, content, keep)
        assert kept(path) == expected
    assert (path / "piper/run.sh").read_bytes() == b"6"
    assert names(staging(path)) == []
    assert [mode(path / ".localai-core/kept"), mode(path / ".localai-core/kept/piper")] == ["0o755", "0o755"]


@pytest.mark.parametrize(("keep", "expected"), [(0, []), (1, [b"new"]), (2, [b"new"])])
def test_a_kept_tree_comes_back(path, any_kernel, keep, expected):
    install(path, content=b"old")
    replace_by(path, b"new", 1)
    with opened(path) as backends:
        backends.restore(".localai-core/kept/piper/1", "piper", FileAttributes(mode="0711"), keep)
    assert ((path / "piper/run.sh").read_bytes(), mode(path / "piper")) == (b"old", "0o711")
    assert list(kept(path).values()) == expected


@pytest.mark.parametrize("there", [True, False])
def test_what_localai_moved_aside_comes_back(path, any_kernel, there):
    install(path, name="piper.backup", content=b"good")
    if there:
        (path / "piper").mkdir()
    with opened(path) as backends:
        backends.restore("piper.backup", "piper", FileAttributes())
    assert names(path) == [".localai-core", "piper"]
    assert (path / "piper/run.sh").read_bytes() == b"good"


@pytest.mark.parametrize(("keep", "expected"), [(0, {}), (1, {"1": b"new"})])
def test_what_is_retired_is_kept_if_anything_is(path, keep, expected):
    install(path)
    with opened(path) as backends:
        backends.retire("piper", keep)
    assert (names(path), kept(path)) == ([".localai-core"], expected)


def test_what_is_removed_takes_along_what_is_kept_of_it(path):
    for name in ("piper", "other"):
        install(path, name=name)
    replace_by(path, b"2", 1)
    with opened(path) as backends:
        backends.remove("piper")
        assert (names(path), kept(path)) == ([".localai-core", "other"], {})


def test_a_run_that_dies_before_it_keeps_a_tree_leaves_the_new_one(path, monkeypatch):
    install(path, content=b"old")

    def dies(_names):
        raise KeyboardInterrupt

    monkeypatch.setattr(previous_versions, "version_numbers", dies)
    with pytest.raises(KeyboardInterrupt):
        replace_by(path, b"new", 1)
    monkeypatch.undo()
    install(path, name="other")
    assert ((path / "piper/run.sh").read_bytes(), kept(path)) == (b"new", {})
    assert names(staging(path)) == []


def test_a_link_where_kept_trees_should_be_is_not_followed(path, tmp_path):
    install(path)
    (tmp_path / "outside").mkdir()
    (path / ".localai-core/kept/piper").symlink_to(tmp_path / "outside")
    with pytest.raises(HostError):
        replace_by(path, b"newer", 1)
    assert names(tmp_path / "outside") == []
    assert (path / "piper/run.sh").read_bytes() == b"new"


def test_a_whole_tree_is_made_alike(path):
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
def test_what_does_not_get_to_the_disk_is_an_error_and_the_old_backend_stays(path, monkeypatch, step, call, code):
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
    assert (names(staging(path)), kept(path)) == ([], {})


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
        for module in (store, staging_module):
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


def test_what_a_dead_run_moved_is_on_the_disk_before_anything_of_it_is_deleted(path, monkeypatch):
    install(path)
    (path / ".localai-core/replaced/piper").mkdir()
    done = []
    monkeypatch.setattr(store, "write_out", lambda _fd: done.append("written"))
    for module in (store, staging_module):
        monkeypatch.setattr(module, "remove", lambda name, dir_fd: done.append(name))
    with opened(path):
        pass
    assert done == ["written", "1", "progress"]


# names that somebody else has put there, and runs that are killed

IN_THE_WAY = ["full directory", "empty directory", "file", "symlink"]


def put(place, what, outside):
    """Put something there that is not ours, if nothing is there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(place):
        return
    if what == "symlink":
        place.symlink_to(outside)
    elif what == "file":
        place.write_text("x")
    else:
        place.mkdir()
        if what == "full directory":
            (place / "keep").mkdir()


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_no_name_that_we_need_is_ever_in_the_way(path, tmp_path, any_kernel, what):
    (tmp_path / "outside").mkdir()
    install(path, content=b"1")
    replace_by(path, b"2", 1)
    own = path / ".localai-core"
    with opened(path) as backends:
        # After the lock was taken, which clears all of it.
        for place in [
            *(staging(path) / str(number) for number in range(1, 6)),
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
    assert (names(staging(path)), names(own / "replaced")) == ([], [])


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_comes_to_have_the_name_of_a_backend_meanwhile_is_replaced(path, tmp_path, monkeypatch, any_kernel, what):
    (tmp_path / "outside").mkdir()
    path.mkdir(exist_ok=True)
    asked = []

    def late(name, dir_fd):
        there = os.path.lexists(f"/proc/self/fd/{dir_fd}/{name}")
        if name == "piper" and not there and len(asked) < 2:
            asked.append(name)
            put(path / "piper", what, tmp_path / "outside")
        return there

    for module in (store, staging_module):
        monkeypatch.setattr(module, "exists", late)
    install(path)
    assert (path / "piper/run.sh").read_bytes() == b"new"
    assert (names(tmp_path / "outside"), names(staging(path))) == ([], [])


@pytest.mark.parametrize("what", ["file", "symlink"])
@pytest.mark.parametrize("place", ["replaced", "kept", "kept/piper"])
def test_what_is_no_directory_of_ours_is_named(path, tmp_path, place, what):
    (tmp_path / "outside").mkdir()
    put(path / ".localai-core" / place, what, tmp_path / "outside")
    install(path, name="other") if "/" in place else None
    with pytest.raises(HostError, match=rf"\.localai-core/{place} is not a directory of this collection\. Remove it\."):
        replace_by(path, b"x", 1)
    assert names(tmp_path / "outside") == []


def test_a_directory_with_other_things_in_it_is_not_given_away(path):
    own = path / ".localai-core"
    own.mkdir(mode=0o700)
    (own / "secret").touch()
    install(path)
    assert mode(own) == "0o700"


def test_hostile_numbers_of_kept_trees_do_not_count(path):
    install(path, content=b"1")
    top = path / ".localai-core/kept/piper"
    for name in ("9" * 200, "9" * 255, "01", "0", "-1", "\u0663"):
        (top / name).mkdir(parents=True)
    replace_by(path, b"2", 1)
    assert (top / "1/run.sh").read_bytes() == b"1"


CALLS = ("unlink", "rmdir", "rename", "replace", "mkdir", "fchmod", "fchown")


def test_however_often_a_run_that_clears_is_killed_the_next_goes_on(path, monkeypatch):
    """What a dead run left, with names in it that we might want."""
    number = 0
    while True:
        number += 1
        for name in ("1", "2"):
            for below in ("venv/lib/python3.10/site-packages/numpy", "venv/bin", ".removed-1/sub", ".removed-2/sub"):
                (staging(path) / name / below).mkdir(parents=True)
                (staging(path) / name / below / "file").touch()
        (path / ".localai-core/replaced/piper/deep").mkdir(parents=True)
        if not killed_at(number, lambda: clear(path), CALLS):
            break
        for again in (number // 2 + 1, number // 3 + 1, 1):
            killed_at(again, lambda: clear(path), CALLS)
        clear(path)
        assert (names(path), names(path / "piper"), names(staging(path))) == ([".localai-core", "piper"], ["deep"], [])
        (path / "piper/deep").rmdir()
        (path / "piper").rmdir()
    assert number > 40


def clear(path):
    with opened(path):
        pass

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What arrived of a content outlives a run, if this user and nobody else wrote it, as far as it is on the disk."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._store import partial as module
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    failing,
    mode,
    ordinary_user,
)
from ansible_collections.localai.core.tests.support.transfers import partial_files
from ansible_collections.localai.core.tests.support.trees import IN_THE_WAY, names, opened, put

ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")


@pytest.fixture
def store(path):
    with opened(path) as store:
        yield store


@pytest.fixture
def partials(store):
    return store.partials


def write(partials, content, identity="a"):
    """Write a file as a run does that dies afterwards."""
    with contextlib.closing(partials.create(identity)) as partial:
        partial.write(content)


def read(partials, identity="a"):
    """What the next run finds; None for nothing."""
    partial = partials.find(identity)
    if partial is None:
        return None
    with contextlib.closing(partial):
        return b"".join(partial.chunks())


def test_the_next_run_finds_what_came_and_appends_the_rest(path, partials):
    write(partials, b"abc")
    (file,) = partial_files(path)
    assert mode(file) == "0o600"
    with contextlib.closing(partials.find("a")) as partial:
        assert partial.size == 3
        partial.write(memoryview(b"defg"))
        # What it had at first can be read while the rest comes.
        partial.write(b"h")
        assert partial.size == 8
    assert read(partials) == b"abcdefgh"
    assert partial_files(path) == [file]


def test_contents_do_not_mix(path, partials):
    write(partials, b"abc")
    write(partials, b"def", "b")
    assert (read(partials), read(partials, "b"), read(partials, "c")) == (b"abc", b"def", None)
    assert len(partial_files(path)) == 2


def test_nothing_is_made_to_look_for_something(path, partials):
    assert partials.find("a") is None
    partials.retain(["a"])
    assert "partial" not in names(path / ".localai-core")


def test_a_new_file_takes_the_place_of_an_earlier_one(path, partials):
    write(partials, b"abc")
    write(partials, b"x")
    assert read(partials) == b"x"
    assert len(partial_files(path)) == 1


def test_what_nothing_identifies_ends_with_the_run(path, partials):
    with contextlib.closing(partials.create("")) as partial:
        partial.write(b"abc")
        assert len(partial_files(path)) == 1
    assert partial_files(path) == []


def test_what_is_disowned_ends_with_the_run(path, partials):
    write(partials, b"abc")
    with contextlib.closing(partials.find("a")) as partial:
        partial.disown()
        partial.write(b"def")
        assert partials.find("a") is None
        assert len(partial_files(path)) == 1
    assert partial_files(path) == []


def test_only_what_is_wanted_stays(path, partials):
    for identity in ("a", "b", "c"):
        write(partials, b"abc", identity)
    (path / ".localai-core/partial/unknown").mkdir()
    partials.retain(["b", "d"])
    assert [read(partials, identity) for identity in ("a", "b", "c")] == [None, b"abc", None]
    assert len(partial_files(path)) == 1
    partials.retain([])
    assert "partial" not in names(path / ".localai-core")


# a loss of power


@pytest.mark.parametrize(
    ("length", "left"), [(1, 0), (100, 0), (101, 0), (200, 0), (201, 100), (250, 100), (300, 100), (301, 200)]
)
def test_after_a_boot_only_the_synced_part_counts(partials, monkeypatch, length, left):
    monkeypatch.setattr(module, "_SYNC_STEP", 100)
    write(partials, b"x" * length)
    assert read(partials) == b"x" * length
    monkeypatch.setattr(module, "_boot", lambda: "another")
    assert read(partials) == b"x" * left
    # From now on, it is of this boot.
    with contextlib.closing(partials.find("a")) as partial:
        partial.write(b"y" * 150)
    assert read(partials) == b"x" * left + b"y" * 150


def test_nothing_is_written_beyond_a_step_before_the_one_before_it_is_synced(partials, monkeypatch):
    monkeypatch.setattr(module, "_SYNC_STEP", 100)
    synced, fdatasync = [0], os.fdatasync

    def sync(fd):
        size = os.fstat(fd).st_size
        fdatasync(fd)
        synced.append(size)

    monkeypatch.setattr(os, "fdatasync", sync)
    with contextlib.closing(partials.create("a")) as partial:
        for _number in range(60):
            partial.write(b"x" * 10)
            assert max(synced) >= module._synced_part(partial.size)


def test_an_error_of_a_sync_is_an_error_of_the_host(path, partials, monkeypatch):
    monkeypatch.setattr(module, "_SYNC_STEP", 10)
    monkeypatch.setattr(os, "fdatasync", failing(errno.EIO))
    with contextlib.closing(partials.create("a")) as partial:
        partial.write(b"x" * 15)
        with pytest.raises(HostError, match=rf"^{path}/\.localai-core/partial/.*Input/output error"):
            partial.write(b"x" * 15)


# files of somebody else


def test_a_file_with_another_name_is_not_continued(path, partials):
    write(partials, b"abc")
    (file,) = partial_files(path)
    os.link(file, path / "other")
    assert read(partials) is None
    assert partial_files(path) == []
    assert (path / "other").read_bytes() == b"abc"


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_is_in_the_place_of_a_file_is_removed(path, partials, tmp_path, what):
    outside = tmp_path / "outside"
    outside.write_text("precious")
    write(partials, b"abc")
    (file,) = partial_files(path)
    file.unlink()
    put(file, what, outside)
    if what == "file":
        file.chmod(0o644)
    assert read(partials) is None
    assert partial_files(path) == []
    put(file, what, outside)
    write(partials, b"new")
    assert (read(partials), outside.read_text()) == (b"new", "precious")


@ONLY_ROOT
def test_a_file_of_another_user_is_not_continued(path, partials):
    write(partials, b"abc")
    (file,) = partial_files(path)
    os.chown(file, NOBODY, NOBODY)
    assert read(partials) is None


@ONLY_ROOT
def test_what_root_left_is_not_in_the_way_of_another_user():
    with directory_of_ordinary_user() as path:
        with opened(path) as store:
            write(store.partials, b"abc")
        with ordinary_user(), opened(path) as store:
            assert read(store.partials) is None
            write(store.partials, b"mine")
            assert read(store.partials) == b"mine"
            store.retain_partials()
        assert partial_files(path) == []


def test_a_file_that_others_could_write_is_not_continued(path, partials):
    write(partials, b"abc")
    partial_files(path)[0].chmod(0o660)
    assert read(partials) is None


def test_where_no_modes_are_kept_none_are_judged(path, store):
    partials = store.partials
    partials._probed = replace(partials._probed, keeps=partials._probed.keeps._replace(modes=False))
    write(partials, b"abc")
    partial_files(path)[0].chmod(0o755)
    assert read(partials) == b"abc"


@pytest.mark.parametrize("what", ["file", "symlink"])
def test_something_else_in_the_place_of_the_directory_is_an_error(path, partials, tmp_path, what):
    put(path / ".localai-core/partial", what, tmp_path)
    for action in (lambda: partials.create("a"), lambda: partials.find("a"), lambda: partials.retain([])):
        with pytest.raises(HostError, match=r"partial is not a directory of this collection\. Remove it\."):
            action()


# its end


def test_a_complete_file_becomes_one_of_a_tree(path, store):
    partial = store.partials.create("a")
    partial.reserve(1_000_000)
    partial.write(b"abc")
    with store.stage() as tree:
        partial.move_to(tree, "deep/file", 0o640)
        assert (tree.size, tree.entries, tree.contents["deep"]) == (3, 2, {"file": 3})
        store.publish(tree, "x")
    file = path / "x/deep/file"
    assert (file.read_bytes(), mode(file), file.stat().st_blocks < 100) == (b"abc", "0o640", True)
    assert partial_files(path) == []
    partial.remove()
    partial.close()
    assert file.exists()


def test_a_file_that_is_exchanged_at_the_last_moment_is_an_error(path, store, monkeypatch):
    partial = store.partials.create("a")
    (file,) = partial_files(path)
    rename = os.rename

    def exchange(*names, **directories):
        file.unlink()
        file.write_text("not mine")
        rename(*names, **directories)

    with store.stage() as tree:
        monkeypatch.setattr(os, "rename", exchange)
        with pytest.raises(HostError, match="file was replaced while it was being installed"):
            partial.move_to(tree, "file", 0o644)
    partial.close()


def test_too_little_space_is_known_before_anything_comes(partials):
    with contextlib.closing(partials.create("a")) as partial:
        with pytest.raises(HostError, match=r"No space left|too large"):
            partial.reserve(partials.free() * 2)
        assert partial.size == 0


def test_a_file_that_gets_shorter_while_it_is_read_is_an_error(path, partials):
    write(partials, b"abc")
    with contextlib.closing(partials.find("a")) as partial:
        os.truncate(partial_files(path)[0], 0)
        with pytest.raises(HostError, match="it became shorter"):
            list(partial.chunks())


# downloads


def download(store, content=b"abc", identity="a", model="m"):
    partial = store.partials_for(model).create(identity)
    partial.write(content)
    with store.stage() as tree:
        partial.move_to(tree, "file", 0o644)
        assert names(tree.path) == []
    partial.remove()
    return store.path + f"/.localai-core/downloaded/{model}"


def test_a_complete_file_that_is_downloaded_ahead_is_kept_closed_to_others(path, store):
    where = download(store)
    (name,) = os.listdir(where)
    assert (mode(path / where / name), (path / where / name).read_bytes()) == ("0o600", b"abc")
    assert partial_files(path) == []
    store.retain_partials()
    assert os.listdir(where) == [name]


def test_a_download_is_found_like_what_an_interrupted_run_transferred(path, store):
    where = download(store)
    assert read(store.partials, "b") is None
    partial = store.partials.find("a")
    assert (b"".join(partial.chunks()), os.listdir(where)) == (b"abc", [])
    with store.stage() as tree:
        partial.move_to(tree, "file", 0o640)
        store.publish(tree, "x")
    assert (path / "x/file").read_bytes() == b"abc"


def test_a_file_without_identity_is_no_download(path, store):
    partial = store.partials_for("m").create("")
    partial.write(b"abc")
    with store.stage() as tree:
        partial.move_to(tree, "file", 0o644)
    assert not (path / ".localai-core/downloaded").exists()


def test_a_download_that_somebody_else_could_write_is_not_used(store):
    where = download(store)
    (name,) = os.listdir(where)
    os.chmod(os.path.join(where, name), 0o644)
    assert read(store.partials, "a") is None

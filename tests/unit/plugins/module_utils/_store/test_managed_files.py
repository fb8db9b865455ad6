# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single files and trees among the files of others: what is installed, replaced, refused and removed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import subprocess

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs import sync
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._store import managed_files, numbered_trees, store
from ansible_collections.localai.core.plugins.module_utils._store.store import open_store
from ansible_collections.localai.core.plugins.module_utils._store.tree_files import TreeFiles
from ansible_collections.localai.core.tests.support.host import (
    ANYBODY,
    IS_ROOT,
    directory_of_ordinary_user,
    failing,
    mode,
    ordinary_user,
    snapshot,
    umask,
)
from ansible_collections.localai.core.tests.support.trees import names, staging_of

ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away and mount")
SERVICE = FileAttributes("1", "2")


@contextlib.contextmanager
def opened(path, owner=ANYBODY, file_mode=0o640, directory_mode=0o750):
    """The store, and its files with these attributes."""
    with open_store(str(path), owner, TreeFiles(), 5) as opened_store:
        yield opened_store, opened_store.files(file_mode, directory_mode)


def install(path, target, content=b"new", **attributes):
    with opened(path, **attributes) as (opened_store, files), opened_store.stage() as tree:
        tree.file("sub/staged", 0o644, [content])
        files.install(tree, "sub/staged", target)


def merge(path, directory, contents, **attributes):
    with opened(path, **attributes) as (opened_store, files), opened_store.stage() as tree:
        for name, content in contents.items():
            tree.file(name, 0o755, [content])
        return files.merge(tree, directory)


def publish(path, target, contents, **attributes):
    with opened(path, **attributes) as (opened_store, files), opened_store.stage() as tree:
        for name, content in contents.items():
            tree.file(name, 0o600, [content])
        files.publish(tree, target)


def remove(path, target):
    with opened(path) as (_store, files):
        return files.remove(target)


def listing(path):
    """All entries but our own directory, with the kind and the mode of each."""
    entries = snapshot(path)
    return {
        name: oct(entry[0]) for name, entry in sorted(entries.items()) if name and not name.startswith(".localai-core")
    }


def attributes_of(place):
    status = os.lstat(place)
    return status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode))


# files


def test_a_file_gets_its_path_and_mode_and_missing_directories_theirs(path):
    with umask(0o077):
        install(path, "voices/de/thorsten.onnx")
    assert (path / "voices/de/thorsten.onnx").read_bytes() == b"new"
    assert listing(path) == {
        "voices": "0o40750",
        "voices/de": "0o40750",
        "voices/de/thorsten.onnx": "0o100640",
    }
    assert names(staging_of(path)) == []


def test_bytes_are_written_as_a_file(path):
    with opened(path, file_mode=0o644) as (_store, files):
        files.write("phi.yaml", b"name: phi\n")
        files.write("sub/phi.tmpl", b"{{.Input}}")
    assert (path / "phi.yaml").read_bytes() == b"name: phi\n"
    assert listing(path) == {"phi.yaml": "0o100644", "sub": "0o40750", "sub/phi.tmpl": "0o100644"}


@ONLY_ROOT
def test_root_gives_new_files_and_directories_to_the_owner_of_the_store_and_leaves_others_alone(path):
    (path / "others").mkdir(mode=0o700)
    (path / "others/theirs").touch()
    before = snapshot(path)
    install(path, "others/sub/a.gguf", owner=SERVICE)
    with opened(path, SERVICE) as (_store, files):
        files.write("others/b.yaml", b"b")
    after = snapshot(path)
    assert [attributes_of(path / "others" / name) for name in ("sub", "sub/a.gguf", "b.yaml")] == [
        (1, 2, "0o750"),
        (1, 2, "0o640"),
        (1, 2, "0o640"),
    ]
    assert after["others"][:3] == before["others"][:3]
    assert after["others/theirs"] == before["others/theirs"]


def test_an_ordinary_user_installs_and_removes_in_a_directory_of_their_own():
    with directory_of_ordinary_user() as path, ordinary_user():
        install(path, "sub/a.gguf")
        merge(path, "voices", {"x": b"x", "de/y": b"y"})
        publish(path, ".artifacts/huggingface/0123", {"x": b"x", "sub/y": b"y"})
        with opened(path) as (_store, files):
            files.write_record("a", b"{}")
            files.set_attributes("sub/a.gguf", FileAttributes(mode="0600"))
            assert files.remove("voices")
        assert listing(path / ".artifacts/huggingface/0123") == {
            "sub": "0o40750",
            "sub/y": "0o100640",
            "x": "0o100640",
        }
        assert attributes_of(path / "sub/a.gguf") == (os.geteuid(), os.getegid(), "0o600")
        assert names(path) == [".artifacts", ".localai-core", "sub"]


@pytest.mark.parametrize("old", ["file", "symlink", "dangling symlink", "hard link", "pipe"])
def test_whatever_is_no_directory_is_replaced_alone(path, tmp_path, old):
    outside = tmp_path / "outside"
    outside.write_text("precious")
    place = path / "a.gguf"
    if "symlink" in old:
        place.symlink_to(outside if old == "symlink" else tmp_path / "nowhere")
    elif old == "hard link":
        os.link(outside, place)
    elif old == "pipe":
        os.mkfifo(place)
    else:
        place.write_text("old")
    install(path, "a.gguf")
    assert (place.is_symlink(), place.read_bytes(), outside.read_text()) == (False, b"new", "precious")
    assert mode(outside) == "0o644"


def test_a_directory_with_the_name_of_a_file_is_an_error_that_says_what_to_do(path):
    (path / "a.gguf").mkdir()
    with pytest.raises(HostError, match=rf"{path}/a\.gguf is a directory.* Move or remove the directory\."):
        install(path, "a.gguf")
    assert listing(path) == {"a.gguf": "0o40755"}
    assert names(staging_of(path)) == []


@pytest.mark.parametrize("inner", ["missing", "sub", "sub/staged/below", "link", "twice"])
def test_only_a_regular_file_of_the_tree_can_be_installed(path, inner):
    with opened(path) as (opened_store, files), opened_store.stage() as tree:
        tree.file("sub/staged", 0o644, [b"new"])
        tree.symlink("link", "sub/staged")
        tree.file("once", 0o644, [b"x"])
        tree.hardlink("twice", "once")
        with pytest.raises(SourceError, match=rf"a\.gguf: .*'{inner}'"):
            files.install(tree, inner, "a.gguf")
    assert listing(path) == {}


INVALID = ["", "/", "/etc/passwd", "..", "../x", "a/../../x", "./a", "a/./b", "a//b", "a/", "a\0b", "n" * 256, "\ud800"]


@pytest.mark.parametrize("target", INVALID)
def test_a_path_that_leads_elsewhere_or_is_not_normal_is_refused(path, target):
    with opened(path) as (opened_store, files), opened_store.stage() as tree:
        tree.file("x", 0o644, [b"x"])
        for act in (
            lambda: files.install(tree, "x", target),
            lambda: files.write(target, b"x"),
            lambda: files.publish(tree, target),
            lambda: files.remove(target),
            lambda: files.set_attributes(target, FileAttributes(mode="0777")),
            *([lambda: files.merge(tree, target)] if target else []),
        ):
            with pytest.raises(SourceError, match=r"cannot be a path in .*: it has to be relative"):
                act()
    assert listing(path) == {}


@pytest.mark.parametrize("target", [".localai-core", ".localai-core/lock", ".localai-core/staging/x", "other-name/x"])
def test_our_own_directory_is_never_touched_by_whatever_name(path, monkeypatch, target):
    install(path, "a.gguf")
    status = os.stat

    def without_case(name, **settings):
        """A file system that has another name for our own directory."""
        return status(".localai-core" if name == "other-name" else name, **settings)

    with opened(path) as (opened_store, files), opened_store.stage() as tree:
        tree.file("x", 0o644, [b"x"])
        before = snapshot(path)
        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", without_case)
            for act in (
                lambda: files.install(tree, "x", target),
                lambda: files.write(target, b"x"),
                lambda: files.publish(tree, target),
                lambda: files.remove(target),
                lambda: files.merge(tree, target),
                lambda: files.set_attributes(target, FileAttributes(mode="0777")),
            ):
                with pytest.raises(HostError, match="belongs to this collection"):
                    act()
        assert snapshot(path) == before


@pytest.mark.parametrize("what", ["symlink", "dangling symlink", "file", "pipe"])
@pytest.mark.parametrize("level", ["a", "a/b", "a/b/c"])
def test_nothing_on_the_way_is_followed_or_replaced(path, tmp_path, level, what):
    outside = tmp_path / "outside"
    (outside / "b/c").mkdir(parents=True)
    (outside / "c").mkdir()
    (path / level).parent.mkdir(parents=True, exist_ok=True)
    if "symlink" in what:
        (path / level).symlink_to(outside if what == "symlink" else tmp_path / "nowhere")
    elif what == "file":
        (path / level).write_text("theirs")
    else:
        os.mkfifo(path / level)
    before = snapshot(outside), listing(path)
    sentence = "symlink, which is never followed" if "symlink" in what else "in the way, because it is not a directory"
    with opened(path) as (opened_store, files), opened_store.stage() as tree:
        tree.file("x", 0o644, [b"x"])
        for act in (
            lambda: files.install(tree, "x", "a/b/c/x"),
            lambda: files.write("a/b/c/x", b"x"),
            lambda: files.merge(tree, "a/b/c"),
            lambda: files.publish(tree, "a/b/c/x"),
            lambda: files.remove("a/b/c/x"),
            lambda: files.set_attributes("a/b/c/x", FileAttributes(mode="0777")),
        ):
            with pytest.raises(HostError, match=rf"{path}/{level} is .*{sentence}|{path}/{level} is {sentence}"):
                act()
    assert (snapshot(outside), listing(path)) == before


# many files


def test_a_tree_is_merged_into_a_directory_with_files_of_others(path):
    (path / "voices/de").mkdir(parents=True)
    (path / "voices/theirs").write_text("theirs")
    (path / "voices/de/model.json").write_text("old")
    contents = {"b.onnx": b"b", "de/model.json": b"new", "de/deep/er/x": b"x", "B.onnx": b"B"}
    merged = merge(path, "voices", contents)
    assert merged == sorted(f"voices/{name}" for name in contents)
    assert {name: (path / "voices" / name).read_bytes() for name in contents} == contents
    assert (path / "voices/theirs").read_text() == "theirs"
    assert [mode(path / "voices" / name) for name in ("b.onnx", "de/deep/er/x", "de/deep/er", "de")] == [
        "0o640",
        "0o640",
        "0o750",
        "0o755",
    ]


def test_a_tree_is_merged_into_the_managed_directory_itself(path):
    assert merge(path, "", {"x": b"x", "sub/y": b"y"}) == ["sub/y", "x"]
    assert listing(path) == {"sub": "0o40750", "sub/y": "0o100640", "x": "0o100640"}


@ONLY_ROOT
def test_merged_files_belong_to_the_owner(path):
    merge(path, "voices", {"x": b"x", "sub/y": b"y"}, owner=SERVICE)
    assert {attributes_of(path / name)[:2] for name in ("voices", "voices/x", "voices/sub", "voices/sub/y")} == {(1, 2)}


@pytest.mark.parametrize("kind", ["symlink", "hard link", "special file"])
@pytest.mark.parametrize("how", ["merge", "publish"])
def test_a_tree_with_anything_but_files_and_directories_is_refused_before_anything_moves(path, how, kind):
    with opened(path) as (opened_store, files), opened_store.stage() as tree:
        tree.file("a", 0o644, [b"a"])
        if kind == "symlink":
            tree.symlink("sub/z", "../a")
        elif kind == "hard link":
            tree.hardlink("sub/z", "a")
        else:
            tree.directory("sub", 0o755)
            os.mkfifo(os.path.join(tree.path, "sub/z"))
        with pytest.raises(SourceError, match=rf"in the source is a {kind}\. A model may only have"):
            getattr(files, how)(tree, "voices")
    assert listing(path) == {}


@pytest.mark.parametrize("what", ["a directory for a file", "a file for a directory", "a symlink for a directory"])
def test_a_merge_that_cannot_be_complete_moves_nothing(path, what):
    (path / "voices").mkdir()
    if what == "a directory for a file":
        (path / "voices/z").mkdir()
    elif what == "a file for a directory":
        (path / "voices/sub").write_text("theirs")
    else:
        (path / "voices/sub").symlink_to(path)
    before = listing(path)
    with pytest.raises(HostError, match=rf"{path}/voices/(z|sub) is .*\. (Move or remove|Replace it)"):
        merge(path, "voices", {"a": b"a", "new/x": b"x", "sub/y": b"y", "z": b"z"})
    assert listing(path) == before


def test_an_archive_cannot_get_into_our_own_directory(path):
    with pytest.raises(HostError, match="belongs to this collection"):
        merge(path, "", {"a": b"a", ".localai-core/lock": b"x"})
    assert listing(path) == {}


# whole trees


@pytest.mark.parametrize("target", ["snapshot", ".artifacts/huggingface/0123"])
@pytest.mark.parametrize("old", ["nothing", "directory", "symlink", "file"])
def test_a_tree_gets_its_name_in_one_step(path, tmp_path, any_kernel, target, old):
    place = path / target
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/precious").touch()
    if old != "nothing":
        place.parent.mkdir(parents=True, exist_ok=True)
    if old == "directory":
        (place / "deep").mkdir(parents=True)
        (place / "deep/old").touch()
    elif old == "symlink":
        place.symlink_to(tmp_path / "outside")
    elif old == "file":
        place.write_text("old")
    publish(path, target, {"manifest.json": b"{}", "snapshot/config.json": b"x"})
    assert listing(place) == {
        "manifest.json": "0o100640",
        "snapshot": "0o40750",
        "snapshot/config.json": "0o100640",
    }
    assert mode(place) == "0o750"
    assert (names(tmp_path / "outside"), names(staging_of(path))) == (["precious"], [])
    assert names(path / ".localai-core/replaced") == []


def test_a_tree_is_closed_to_others_until_all_in_it_has_its_mode(path, monkeypatch):
    fchmod = os.fchmod
    with opened(path) as (opened_store, files), opened_store.stage() as tree:
        for name in ("x", "sub/y", "sub/deep/z"):
            tree.file(name, 0o600, [b"x"])

        def closed(fd, new_mode):
            assert stat.S_IMODE(os.fstat(tree.fd).st_mode) == 0o700
            changed.append(os.fstat(fd).st_ino)
            fchmod(fd, new_mode)

        changed = []
        monkeypatch.setattr(os, "fchmod", closed)
        files.publish(tree, "tree")
        top = os.fstat(tree.fd).st_ino
    assert len(changed) == 6
    assert changed[-1] == top


@ONLY_ROOT
def test_a_published_tree_belongs_to_the_owner(path):
    publish(path, "a/b", {"x": b"x", "sub/y": b"y"}, owner=SERVICE)
    assert {attributes_of(path / name)[:2] for name in ("a", "a/b", "a/b/x", "a/b/sub", "a/b/sub/y")} == {(1, 2)}


@pytest.mark.parametrize("target", ["snapshot", ".artifacts/hugging%2Fface/0%1"])
def test_after_a_kill_between_two_renames_the_next_run_restores_the_old_tree(path, monkeypatch, target):
    publish(path, target, {"x": b"old"})
    monkeypatch.setattr(store, "exchange", lambda *_names: False)
    rename = os.rename

    class Killed(BaseException):
        """Stands for a power cut: from here on nothing runs."""

    def dies(*arguments, **settings):
        if os.path.lexists(path / target):
            rename(*arguments, **settings)
        else:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", dies)
        for module in (store, numbered_trees):
            patch.setattr(module, "remove", lambda *_arguments, **_settings: None)
        with pytest.raises(Killed):
            publish(path, target, {"x": b"new"})
    assert not (path / target).exists()
    install(path, "other")
    assert (path / target / "x").read_bytes() == b"old"
    assert names(path / ".localai-core/replaced") == []


# removal


def test_a_file_is_removed_with_the_directories_above_it_that_become_empty(path):
    (path / "a/b/c").mkdir(parents=True)
    (path / "a/b/c/x.gguf").touch()
    (path / "a/theirs").touch()
    assert remove(path, "a/b/c/x.gguf")
    assert listing(path) == {"a": "0o40755", "a/theirs": "0o100644"}
    assert remove(path, "a/theirs")
    assert names(path) == [".localai-core"]


@pytest.mark.parametrize("what", ["directory", "sealed directory", "symlink", "dangling symlink"])
def test_a_tree_or_a_symlink_is_removed_and_nothing_behind_it(path, tmp_path, what):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (path / "sub").mkdir()
    place = path / "sub/x"
    if "symlink" in what:
        place.symlink_to(outside if what == "symlink" else tmp_path / "nowhere")
    else:
        (place / "deep").mkdir(parents=True)
        (place / "deep/link").symlink_to(outside)
        if "sealed" in what:
            (place / "deep").chmod(0)
    assert remove(path, "sub/x")
    assert (names(path), names(outside), names(staging_of(path))) == ([".localai-core"], ["precious"], [])


@pytest.mark.parametrize("target", ["missing", "sub/missing", "missing/sub/x"])
def test_a_missing_path_is_no_error_and_its_parents_stay(path, target):
    (path / "sub").mkdir()
    assert remove(path, target) is False
    assert listing(path) == {"sub": "0o40755"}


def test_levels_of_artifacts_stay_while_they_have_others(path):
    for key in ("1", "2"):
        publish(path, f".artifacts/huggingface/{key}", {"x": b"x"})
    assert remove(path, ".artifacts/huggingface/1")
    assert names(path / ".artifacts/huggingface") == ["2"]
    assert remove(path, ".artifacts/huggingface/2")
    assert names(path) == [".localai-core"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_without_space_for_our_own_directories_files_and_records_can_still_be_removed(path, monkeypatch, code):
    (path / "sub").mkdir()
    (path / "sub/x.gguf").touch()
    (path / ".localai-core/models").mkdir(parents=True)
    (path / ".localai-core/models/x.json").touch()
    mkdir = os.mkdir

    def full(name, *arguments, **settings):
        return failing(code)() if name == "staging" else mkdir(name, *arguments, **settings)

    monkeypatch.setattr(os, "mkdir", full)
    with opened(path) as (_store, files):
        for act in (lambda: files.write("y", b"y"), lambda: files.write_record("y", b"{}")):
            with pytest.raises(HostError, match=r"Free some space|Raise the quota"):
                act()
        files.remove_record("x")
        assert files.remove("sub/x.gguf")
    assert listing(path) == {}
    assert names(path / ".localai-core/models") == []


# attributes


def test_a_file_and_a_directory_get_the_requested_mode(path):
    (path / "sub").mkdir()
    (path / "sub/x").touch()
    with opened(path) as (_store, files):
        files.set_attributes("sub/x", FileAttributes(mode="0600"))
        files.set_attributes("sub", FileAttributes(mode="02770"))
        files.set_attributes("sub", FileAttributes())
    assert (mode(path / "sub"), mode(path / "sub/x")) == ("0o2770", "0o600")


@ONLY_ROOT
def test_a_file_gets_the_requested_owner_and_group(path):
    (path / "x").touch()
    (path / "x").chmod(0o604)
    with opened(path) as (_store, files):
        files.set_attributes("x", FileAttributes(owner="1"))
        assert attributes_of(path / "x") == (1, 0, "0o604")
        files.set_attributes("x", FileAttributes(group="2", mode="0640"))
        assert attributes_of(path / "x") == (1, 2, "0o640")
        with pytest.raises(HostError, match="this host has no 'nosuch'"):
            files.set_attributes("x", FileAttributes(owner="nosuch"))


@pytest.mark.parametrize("what", ["symlink", "pipe", "hard link", "missing"])
def test_attributes_of_anything_else_are_not_changed(path, tmp_path, what):
    outside = tmp_path / "outside"
    outside.write_text("precious")
    outside.chmod(0o600)
    if what == "symlink":
        (path / "x").symlink_to(outside)
    elif what == "pipe":
        os.mkfifo(path / "x")
    elif what == "hard link":
        os.link(outside, path / "x")
    sentence = {
        "symlink": "neither a file nor a directory",
        "pipe": "neither a file nor a directory",
        "hard link": r"has 2 hard links.*Replace it by a copy",
        "missing": "No such file",
    }[what]
    with opened(path) as (_store, files), pytest.raises(HostError, match=rf"{path}/x.*{sentence}"):
        files.set_attributes("x", FileAttributes(mode="0777"))
    assert mode(outside) == "0o600"


# records


def test_a_record_is_written_replaced_and_removed(path):
    with umask(0o077), opened(path) as (_store, files):
        files.remove_record("never written")
        for content in (b"{}", b'{"format": 1}'):
            files.write_record("phi-4:latest", content)
        files.write_record(".hidden", b"{}")
        place = path / ".localai-core/models"
        assert names(place) == [".hidden.json", "phi-4:latest.json"]
        assert (place / "phi-4:latest.json").read_bytes() == b'{"format": 1}'
        assert (mode(place), mode(place / "phi-4:latest.json")) == ("0o755", "0o644")
        for name in ("phi-4:latest", "phi-4:latest", ".hidden"):
            files.remove_record(name)
        assert names(place) == []
    assert (listing(path), names(staging_of(path))) == ({}, [])


@ONLY_ROOT
def test_a_record_belongs_to_the_owner_of_the_managed_directory(path):
    os.chown(path, 3, 4)
    with opened(path, SERVICE) as (_store, files):
        files.write_record("phi", b"{}")
    assert attributes_of(path / ".localai-core/models") == (3, 4, "0o755")
    assert attributes_of(path / ".localai-core/models/phi.json") == (3, 4, "0o644")


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a\0b"])
def test_a_name_that_no_file_can_have_gets_no_record(path, name):
    with opened(path) as (_store, files):
        for act in (lambda: files.write_record(name, b"{}"), lambda: files.remove_record(name)):
            with pytest.raises(HostError, match="cannot be the name of a model"):
                act()
    assert not (path / ".localai-core/models").exists()


@pytest.mark.parametrize("what", ["symlink", "file"])
def test_what_has_the_name_of_the_directory_of_records_is_not_followed(path, tmp_path, what):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.json").write_text("precious")
    with opened(path) as (_store, files):
        place = path / ".localai-core/models"
        place.symlink_to(outside) if what == "symlink" else place.write_text("x")
        for act in (lambda: files.write_record("x", b"{}"), lambda: files.remove_record("x")):
            with pytest.raises(HostError, match=rf"{place} is "):
                act()
    assert (outside / "x.json").read_text() == "precious"


@pytest.mark.parametrize("what", ["directory", "symlink"])
def test_what_has_the_name_of_a_record_is_replaced(path, tmp_path, what):
    outside = tmp_path / "outside"
    outside.write_text("precious")
    with opened(path) as (_store, files):
        place = path / ".localai-core/models/x.json"
        place.parent.mkdir()
        (place / "deep").mkdir(parents=True) if what == "directory" else place.symlink_to(outside)
        files.write_record("x", b"{}")
        assert (place.read_bytes(), outside.read_text()) == (b"{}", "precious")


# disks


def change(name, opened_store, files):
    """Make one change of a file or a tree that exists already."""
    if name in ("remove", "attributes", "record"):
        {
            "remove": lambda: files.remove("sub/x"),
            "attributes": lambda: files.set_attributes("sub/x", FileAttributes(mode="0600")),
            "record": lambda: files.write_record("x", b"{}"),
        }[name]()
        return
    with opened_store.stage() as tree:
        tree.file("x", 0o600, [b"new"])
        if name == "install":
            files.install(tree, "x", "sub/x")
        elif name == "merge":
            tree.file("y", 0o600, [b"new"])
            files.merge(tree, "sub")
        else:
            files.publish(tree, "sub")


# a: attributes of what is staged, f: a file is synced, s: the file system is, m: a move, e: directory entries are
# synced, r: something is removed
ORDERS = {
    "install": "a+fmer+",
    "merge": "a+smmer+",
    "publish": "a+smeer+",
    "remove": "meer",
    "attributes": "as",
    "record": "a?fmre",
}


@pytest.mark.parametrize("name", ORDERS)
def test_content_is_synced_before_it_is_visible_and_its_name_before_anything_is_deleted(path, monkeypatch, name):
    (path / "sub").mkdir()
    for inner in ("x", "theirs"):
        (path / "sub" / inner).write_text("old")
    done = []

    def noted(what, act):
        return lambda *arguments, **settings: (done.append(what), act(*arguments, **settings))[1]

    calls = {
        "a": [(os, "fchmod"), (os, "chmod")],
        "f": [(os, "fsync")],
        "s": [(managed_files, "write_out")],
        "m": [(os, "rename"), (os, "replace"), (store, "exchange")],
        "e": [(module, "write_out_entries") for module in (sync, managed_files)],
        "r": [(module, "remove") for module in (store, numbered_trees)],
    }
    with opened(path) as (opened_store, files):
        assert opened_store.keeps.modes
        for module in (sync, managed_files):
            # Otherwise it would count as the sync of a file.
            monkeypatch.setattr(module, "write_out_entries", lambda _fd: None)
        for what, functions in calls.items():
            for module, function in functions:
                monkeypatch.setattr(module, function, noted(what, getattr(module, function)))
        change(name, opened_store, files)
        order = "".join(done)
    assert re.fullmatch(ORDERS[name], order), order


@pytest.mark.parametrize(
    ("name", "module", "call"),
    [
        ("install", os, "fsync"),
        ("merge", managed_files, "write_out"),
        ("publish", managed_files, "write_out"),
        ("publish", sync, "write_out_entries"),
        ("remove", sync, "write_out_entries"),
    ],
)
@pytest.mark.usefixtures("any_kernel")
def test_a_failed_sync_is_an_error_and_the_old_content_stays(path, monkeypatch, name, module, call):
    (path / "sub").mkdir()
    (path / "sub/x").write_text("old")
    before = listing(path)
    with opened(path) as (opened_store, files):
        assert opened_store.keeps.modes
        monkeypatch.setattr(module, call, failing(errno.EIO))
        with pytest.raises(HostError, match=rf"{path}/sub(/x)?: Input/output error\. The disk may be failing"):
            change(name, opened_store, files)
    assert listing(path) == before
    assert (path / "sub/x").read_text() == "old"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB with a managed directory."""
    top = tmp_path / "disk"
    top.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", str(top)]
    if not IS_ROOT or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    yield top
    subprocess.run(["umount", str(top)], check=True)


def test_on_a_full_disk_the_old_file_stays_and_removal_makes_room(small_disk):
    path = small_disk / "models"
    with opened(path) as (_store, files):
        files.write("sub/x.gguf", b"1" * 20_000)
        for target in ("sub/x.gguf", "sub/y.gguf", "new/z.gguf"):
            with pytest.raises(HostError, match=r"No space left on device\. Free some space"):
                files.write(target, b"2" * 100_000)
        assert (path / "sub/x.gguf").read_bytes() == b"1" * 20_000
        assert names(path / "sub") == ["x.gguf"]
        assert files.remove("sub/x.gguf")
        files.write("new/z.gguf", b"3" * 20_000)
    assert listing(path) == {"new": "0o40750", "new/z.gguf": "0o100640"}
    assert names(staging_of(path)) == []


@ONLY_ROOT
def test_a_directory_on_another_file_system_is_an_error_that_says_so(small_disk, tmp_path):
    path = tmp_path
    with opened(path) as (opened_store, files):
        with opened_store.stage() as tree:
            tree.file("x", 0o644, [b"x"])
            for act in (
                lambda: files.install(tree, "x", "disk/x"),
                lambda: files.merge(tree, "disk"),
                lambda: files.publish(tree, "disk/x"),
                lambda: files.write("disk/deep/x", b"x"),
            ):
                with pytest.raises(HostError, match=rf"{path}/disk.* is on another file system than {path}"):
                    act()
        (small_disk / "theirs").touch()
        assert files.remove("disk/theirs")
    assert names(small_disk) == []


@pytest.mark.parametrize("kept", ["nothing", "modes", "owners"])
def test_what_the_file_system_does_not_keep_is_not_set(path, monkeypatch, kept):
    refused = {"nothing": ("fchmod", "fchown"), "modes": ("fchown",), "owners": ("fchmod",)}[kept]
    calls = []

    def refuse(call):
        def fail(*arguments):
            calls.append(call)
            failing(errno.EPERM)()

        return fail

    owner = SERVICE if IS_ROOT else ANYBODY
    for call in refused:
        monkeypatch.setattr(os, call, refuse(call))
    with opened(path, owner) as (opened_store, files):
        keeps = opened_store.keeps
        del calls[:]
        with opened_store.stage() as tree:
            tree.file("x", 0o644, [b"x"])
            files.install(tree, "x", "sub/x")
        with opened_store.stage() as tree:
            tree.file("x", 0o644, [b"x"])
            files.publish(tree, "tree")
        files.set_attributes("sub/x", FileAttributes(mode="0600"))
        assert calls == []
    assert (keeps.owners, keeps.modes) == (kept == "owners", kept == "modes")
    assert (path / "sub/x").read_bytes() == b"x"
    if kept == "modes":
        assert [mode(path / name) for name in ("sub", "tree", "tree/x", "sub/x")] == [
            *("0o750", "0o750", "0o640", "0o600")
        ]
    else:
        assert mode(path / "sub/x") != "0o600"

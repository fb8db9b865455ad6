# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single files among the files of others: what is installed, refused and removed."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.tests.support.host import (
    directory_of_ordinary_user,
    failing,
    mode,
    ordinary_user,
    snapshot,
    umask,
)
from ansible_collections.localai.core.tests.support.managed import (
    ONLY_ROOT,
    SERVICE,
    attributes_of,
    install,
    listing,
    merge,
    opened,
    publish,
    remove,
    staged,
)
from ansible_collections.localai.core.tests.support.trees import names, staging_of


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
    with opened(path) as (_store, files):
        files.write("phi.yaml", b"name: phi\n")
        files.write("sub/phi.tmpl", b"{{.Input}}")
    assert (path / "phi.yaml").read_bytes() == b"name: phi\n"
    assert listing(path) == {"phi.yaml": "0o100640", "sub": "0o40750", "sub/phi.tmpl": "0o100640"}


def test_a_file_that_a_transfer_completed_is_moved_and_not_copied(path):
    with opened(path) as (opened_store, files):
        partial = opened_store.partials.create("phi")
        partial.write(b"weights")
        (place,) = (path / ".localai-core/partial").iterdir()
        inode = place.stat().st_ino
        with opened_store.stage() as tree:
            partial.move_to(tree, "phi.gguf", 0o644)
            files.install(tree, "phi.gguf", "phi/phi.gguf")
    assert (path / "phi/phi.gguf").read_bytes() == b"weights"
    assert (path / "phi/phi.gguf").stat().st_ino == inode
    assert attributes_of(path / "phi/phi.gguf")[2] == "0o640"


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


def test_a_directory_that_somebody_else_creates_meanwhile_is_used_as_it_is(path, monkeypatch):
    rename = os.rename

    def late(name, new_name, **settings):
        if new_name == "sub" and not (path / "sub").exists():
            (path / "sub").mkdir(mode=0o711)
            (path / "sub/theirs").touch()
        rename(name, new_name, **settings)

    monkeypatch.setattr(os, "rename", late)
    install(path, "sub/a.gguf")
    assert listing(path) == {"sub": "0o40711", "sub/a.gguf": "0o100640", "sub/theirs": "0o100644"}
    assert names(staging_of(path)) == []


@pytest.mark.parametrize("inner", ["missing", "sub", "sub/staged/below", "link", "twice"])
def test_only_a_regular_file_of_the_tree_can_be_installed(path, inner):
    with staged(path) as (tree, files):
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
    with staged(path) as (tree, files):
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

    with staged(path) as (tree, files):
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
    with staged(path) as (tree, files):
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


def test_a_file_is_read_without_following_any_symlink(path, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("theirs")
    install(path, "sub/x")
    (path / "sub/link").symlink_to(outside / "x")
    (path / "way").symlink_to(outside)
    (path / "sub/directory").mkdir()
    with opened(path) as (_store, files):
        with files.stream("sub/x") as stream:
            assert stream.read() == b"new"
        for target in ("sub/link", "way/x", "sub/directory", "sub/missing"):
            with pytest.raises(HostError, match=f"{path}/{target.partition('/')[0]}"):
                files.stream(target)
        with pytest.raises(SourceError, match="cannot be a path"):
            files.stream("../outside/x")

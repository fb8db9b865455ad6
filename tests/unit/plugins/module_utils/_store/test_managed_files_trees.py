# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trees among the files of others: merged into directories, and published in one step."""

from __future__ import annotations

import os
import stat

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, SourceError
from ansible_collections.localai.core.plugins.module_utils._store import numbered_trees, store
from ansible_collections.localai.core.tests.support.host import (
    mode,
)
from ansible_collections.localai.core.tests.support.managed import (
    ONLY_ROOT,
    SERVICE,
    attributes_of,
    install,
    listing,
    merge,
    publish,
    staged,
)
from ansible_collections.localai.core.tests.support.trees import names, staging_of

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
    with staged(path) as (tree, files):
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
    with staged(path) as (tree, files):
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

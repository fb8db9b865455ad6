# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tree is filled from descriptors, and nothing leads out of it."""

from __future__ import annotations

import errno
import os
import resource
import stat

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.inner_paths import inner_path
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    directory_of_ordinary_user,
    failing,
    mode,
    ordinary_user,
    snapshot,
    umask,
)

# names


# what is made


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_modes_and_times_are_those_of_the_archive_whatever_the_umask(top, mask):
    with umask(mask), Tree(str(top)) as tree:
        tree.directory("lib", 0o750, 1000.5)
        tree.directory("lib/sealed", 0o555, 2000)
        tree.file("lib/sealed/a", 0o4640, [b"con", b"tent"], 3000)
        tree.file("lib/b", 0o777, [], None)
        tree.file("implied/deeply/c", 0, [b"c"], 0)
        tree.symlink("link", "lib/b")
        tree.finish(0o711)
    assert {name: mode(top / name) for name in ("", "lib", "lib/sealed", "implied", "implied/deeply")} == {
        "": "0o711",
        "lib": "0o750",
        "lib/sealed": "0o555",
        "implied": "0o755",
        "implied/deeply": "0o755",
    }
    assert {name: mode(top / name) for name in ("lib/sealed/a", "lib/b", "implied/deeply/c")} == {
        "lib/sealed/a": "0o640",
        "lib/b": "0o775",
        "implied/deeply/c": "0o400",
    }
    assert (top / "lib/sealed/a").read_bytes() == b"content"
    assert [os.stat(top / name).st_mtime for name in ("lib", "lib/sealed", "lib/sealed/a")] == [1000.5, 2000, 3000]
    assert tree.size == 8


def test_all_that_is_made_belongs_to_the_owner(top):
    owner, group = (12345, 23456) if IS_ROOT else (os.getuid(), os.getgid())
    with Tree(str(top), owner, group) as tree:
        tree.directory("a", 0o755)
        tree.file("a/b/c", 0o644, [b"c"])
        tree.hardlink("d", "a/b/c")
        tree.symlink("e", "/nowhere")
        tree.finish(0o755)
    assert {found[1:3] for found in snapshot(top).values()} == {(owner, group)}


def take(tree, outside, path, mode, rename=os.rename):
    """Let a tree take over a file from outside."""
    source = outside / "complete"
    source.write_bytes(b"content")
    source.chmod(0o600)
    fd = os.open(source, os.O_RDWR)
    try:
        tree.take(path, mode, fd, lambda dir_fd, name: rename(source, name, dst_dir_fd=dir_fd))
    finally:
        os.close(fd)
    assert not source.exists()


@pytest.mark.parametrize("mask", [0, 0o077])
def test_a_file_that_is_complete_is_taken_over_as_if_it_was_written_here(top, outside, mask):
    owner, group = (12345, 23456) if IS_ROOT else (os.getuid(), os.getgid())
    with umask(mask), Tree(str(top), owner, group) as tree:
        take(tree, outside, "deep/file", 0o4644)
        assert (tree.size, tree.entries, tree.contents) == (7, 2, {"": {}, "deep": {"file": 7}})
        tree.finish(0o755)
    status = (top / "deep/file").stat()
    assert ((top / "deep/file").read_bytes(), mode(top / "deep/file")) == (b"content", "0o644")
    assert (status.st_uid, status.st_gid) == (owner, group)


@pytest.mark.parametrize("before", ["file", "directory", "symlink"])
def test_a_file_that_is_taken_over_replaces_what_has_its_name(top, outside, before):
    with Tree(str(top)) as tree:
        {
            "file": lambda: tree.file("x", 0o755, [b"earlier"]),
            "directory": lambda: tree.file("x/y/z", 0o755, [b"earlier"]),
            "symlink": lambda: tree.symlink("x", "/nowhere"),
        }[before]()
        take(tree, outside, "x", 0o644)
    assert (top / "x").read_bytes() == b"content"


def test_another_file_than_the_one_to_take_over_is_an_error(top, outside):
    def rename(source, name, dst_dir_fd):
        os.unlink(source)
        os.symlink("/nowhere", name, dir_fd=dst_dir_fd)

    with Tree(str(top)) as tree, pytest.raises(HostError, match="tree/x was replaced while it was being installed"):
        take(tree, outside, "x", 0o644, rename)


def test_where_no_modes_are_kept_a_file_is_taken_over_with_its_own(top, outside):
    with Tree(str(top), keeps_modes=False) as tree:
        take(tree, outside, "x", 0o644)
    assert mode(top / "x") == "0o600"


@pytest.mark.parametrize("after", ["file", "directory", "symlink", "hardlink"])
@pytest.mark.parametrize("before", ["file", "directory", "symlink", "full directory"])
def test_a_later_entry_takes_the_place_of_an_earlier_one(top, outside, before, after):
    with Tree(str(top)) as tree:
        tree.file("other", 0o644, [b"other"])
        for what in (before, after):
            if "file" in what:
                tree.file("x", 0o600, [what.encode()])
            elif "directory" in what:
                tree.directory("x", 0o700)
                if "full" in what:
                    tree.file("x/y/z", 0o644, [b"z"])
            elif what == "symlink":
                tree.symlink("x", str(outside))
            else:
                tree.hardlink("x", "other")
        tree.finish(0o755)
    kinds = {"file": stat.S_ISREG, "hardlink": stat.S_ISREG, "directory": stat.S_ISDIR, "symlink": stat.S_ISLNK}
    assert kinds[after](os.lstat(top / "x").st_mode)
    assert sorted(os.listdir(outside)) == ["below", "file"]
    if after == "directory":
        assert os.listdir(top / "x") == (["y"] if "full" in before else [])


def test_a_hard_link_is_another_name_of_the_same_file(top):
    with Tree(str(top)) as tree:
        tree.file("a/b", 0o755, [b"x"])
        tree.hardlink("c/d", "a/b")
        tree.finish(0o755)
    assert os.stat(top / "a/b").st_ino == os.stat(top / "c/d").st_ino


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK])
def test_where_files_have_one_name_a_hard_link_is_a_copy(top, monkeypatch, code):
    monkeypatch.setattr(os, "link", failing(code))
    with Tree(str(top)) as tree:
        tree.file("a", 0o750, [b"content"], 1000)
        tree.hardlink("b", "a")
        assert (tree.size, tree.entries) == (14, 2)
    status = os.stat(top / "b")
    assert ((top / "b").read_bytes(), status.st_mtime, stat.S_IMODE(status.st_mode)) == (b"content", 1000, 0o750)


def test_another_error_of_a_link_is_an_error(top, monkeypatch):
    monkeypatch.setattr(os, "link", failing(errno.EIO))
    monkeypatch.setattr(os, "symlink", failing(errno.EIO))
    with Tree(str(top)) as tree:
        tree.file("a", 0o644, [b"content"])
        for make in (tree.hardlink, tree.symlink):
            with pytest.raises(HostError, match=r"b: Input/output error"):
                make("b", "a")


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_there_are_no_symlinks_that_is_told(top, monkeypatch, code):
    monkeypatch.setattr(os, "symlink", failing(code))
    with Tree(str(top)) as tree, pytest.raises(HostError, match="does not support symlinks, and the backend has some"):
        tree.symlink("b", "a")


def test_where_case_is_folded_no_file_takes_the_place_of_another(top, monkeypatch):
    opened = os.open

    def open_folded(path, flags, *mode, **place):
        return opened(path.lower() if flags & os.O_CREAT else path, flags, *mode, **place)

    with Tree(str(top), keeps_modes=False) as tree:
        monkeypatch.setattr(os, "open", open_folded)
        tree.file("lib/readme", 0o644, [b"1"])
        tree.begin_layer()
        tree.file("lib/readme", 0o644, [b"2"])
        with pytest.raises(HostError, match="differs in upper and lower case"):
            tree.file("lib/README", 0o644, [b"3"])
    assert (top / "lib/readme").read_bytes() == b"2"


def test_where_no_owners_and_modes_are_kept_none_are_set(top, monkeypatch):
    for call in ("chmod", "fchmod", "chown", "fchown"):
        monkeypatch.setattr(os, call, failing(errno.EPERM))
    with Tree(str(top), keeps_modes=False) as tree:
        tree.directory("lib", 0o1755, 1000)
        tree.file("run.sh", 0o644, [b""])
        tree.symlink("lib/x", "../run.sh")
        tree.make_executable("run.sh")
        tree.finish(0o700)
    assert os.stat(top / "lib").st_mtime == 1000


@pytest.mark.parametrize("path", ["a", "here/a"])
def test_a_hard_link_does_not_take_the_place_of_a_directory_above_its_target(top, path):
    with Tree(str(top)) as tree:
        tree.file("a/b", 0o755, [b"x"])
        tree.symlink("here", ".")
        with pytest.raises(SourceError, match="and would replace it"):
            tree.hardlink(path, "a/b")
    assert (top / "a/b").read_bytes() == b"x"


@pytest.mark.parametrize("path", ["a/b", "here/a/b"])
@pytest.mark.parametrize("target", ["a/b", "here/a/b"])
def test_a_hard_link_of_a_file_to_itself_changes_nothing(top, path, target):
    with Tree(str(top)) as tree:
        tree.file("a/b", 0o751, [b"x"])
        tree.symlink("here", ".")
        tree.symlink("a/link", "b")
        tree.hardlink(path, target)
        tree.hardlink("a/link", "here/a/link")
        assert tree.contents == {"": {"here": "."}, "a": {"b": 1, "link": "b"}}
    assert ((top / "a/b").read_bytes(), stat.S_IMODE((top / "a/b").stat().st_mode)) == (b"x", 0o751)
    assert os.readlink(top / "a/link") == "b"


def test_a_hard_link_to_itself_is_an_error_where_nothing_is_yet(top):
    with Tree(str(top)) as tree, pytest.raises(SourceError, match="'a' is a hard link to 'a', which is not a file"):
        tree.hardlink("a", "a")


def test_what_lower_layers_left_is_cleared_behind_a_symlink(top):
    with Tree(str(top)) as tree:
        tree.file("d/old", 0o644, [b""])
        tree.symlink("link", "d")
        tree.begin_layer()
        tree.file("link/new", 0o644, [b""])
        tree.symlink("d/top", "..")
        tree.clear_stale("link")
    assert sorted(os.listdir(top / "d")) == ["new", "top"]
    assert sorted(os.listdir(top)) == ["d", "link"]


@pytest.mark.parametrize("link_to", ["loop", "link/x", "/link"])
def test_symlinks_in_a_circle_are_an_error_for_whatever_lies_behind_them(top, link_to):
    with Tree(str(top)) as tree:
        tree.symlink("loop", "link")
        tree.symlink("link", link_to)
        for entry in (
            lambda: tree.file("link/x", 0o644, [b"x"]),
            lambda: tree.hardlink("h", "link/x"),
            lambda: tree.remove_stale("link/x"),
            lambda: tree.clear_stale("link"),
        ):
            with pytest.raises(SourceError, match="symlinks"):
                entry()


def test_all_that_is_made_is_counted(top):
    with Tree(str(top)) as tree:
        tree.directory("a", 0o755)
        tree.file("a/b", 0o644, [b"12", b"3"])
        tree.hardlink("a/c", "a/b")
        tree.symlink("d", "a")
        assert (tree.entries, tree.size) == (4, 3)
        tree.file("implied/deeply/e", 0o644, [b"4"])
        assert (tree.entries, tree.size) == (7, 4)


def test_a_hard_link_to_a_symlink_is_that_symlink(top, outside):
    before = snapshot(outside)
    with Tree(str(top)) as tree:
        tree.symlink("link", str(outside / "file"))
        tree.hardlink("x", "link")
        tree.finish(0o755)
    assert os.readlink(top / "x") == str(outside / "file")
    assert snapshot(outside) == before


def test_what_is_in_the_directory_already_counts_as_a_lower_layer(top):
    (top / "a/b").mkdir(parents=True)
    (top / "a/b/old").write_text("old")
    (top / "a/b/kept").write_text("kept")
    with Tree(str(top)) as tree:
        tree.begin_layer()
        tree.hardlink("x", "a/b/kept")
        tree.directory("a/b", 0o711)
        tree.remove_stale("a/b/old")
        tree.finish(0o755)
    assert {name for name in snapshot(top) if name} == {"a", "a/b", "a/b/kept", "x"}
    assert mode(top / "a/b") == "0o711"


# what leads out


@pytest.mark.parametrize("target", ["/etc/passwd", "missing", "a", "to-outside/file", "a/missing"])
def test_a_hard_link_needs_a_file_of_this_tree(top, outside, target):
    before = snapshot(outside)
    with Tree(str(top)) as tree:
        tree.directory("a", 0o755)
        tree.symlink("to-outside", str(outside))
        with pytest.raises(SourceError, match="is not a file of this tree"):
            tree.hardlink("x", inner_path(target))
    assert snapshot(outside) == before


@pytest.mark.parametrize(
    ("link_to", "place"),
    [
        ("real", "real"),
        ("./real/", "real"),
        ("real/../other", "other"),
        ("missing/too", "missing/too"),
        (".", ""),
        ("to-real", "real"),
        ("{outside}", "{outside}"),
        ("../outside", "outside"),
        ("../../../..", ""),
        ("/real", "real"),
        ("/../real", "real"),
    ],
)
def test_a_symlink_on_the_way_is_followed_with_the_tree_as_root(top, outside, link_to, place):
    before = snapshot(outside)
    place = top / place.format(outside=str(outside)[1:])
    with Tree(str(top)) as tree:
        tree.directory("real", 0o755)
        tree.symlink("to-real", "real")
        tree.file("f", 0o644, [b""])
        tree.symlink("link", link_to.format(outside=outside))
        tree.file("link/x", 0o644, [b"x"])
        tree.directory("link/below", 0o711)
        tree.file("link/below/y", 0o644, [b"y"])
        tree.symlink("link/s", "t")
        tree.hardlink("link/h", "link/x")
        tree.hardlink("link/h", "link/x")
        tree.finish(0o755)
    assert (place / "x").read_bytes() == (place / "h").read_bytes() == b"x"
    assert (place / "below/y").read_bytes() == b"y"
    assert os.readlink(place / "s") == "t"
    assert mode(place / "below") == "0o711"
    assert os.readlink(top / "link") == link_to.format(outside=outside)
    assert snapshot(outside) == before


@pytest.mark.parametrize("link_to", ["f", "f/x"])
def test_a_symlink_that_leads_to_no_directory_is_no_way(top, link_to):
    with Tree(str(top)) as tree:
        tree.file("f", 0o644, [b""])
        tree.symlink("link", link_to)
        with pytest.raises(SourceError, match="which is not a directory"):
            tree.file("link/x", 0o644, [b"x"])
        with pytest.raises(SourceError, match="not a file of this tree"):
            tree.hardlink("h", "link/x")
        tree.remove_stale("link/x")
        tree.clear_stale("link/x")
        tree.finish(0o755)
    assert sorted(os.listdir(top)) == ["f", "link"]


def test_what_lower_layers_left_is_removed_behind_a_symlink_too(top, outside):
    before = snapshot(outside)
    (top / "real/below").mkdir(parents=True)
    (top / "real/below/old").write_text("old")
    (top / "real/old").write_text("old")
    (top / "link").symlink_to("real")
    (top / "out").symlink_to(outside)
    with Tree(str(top)) as tree:
        tree.begin_layer()
        tree.file("link/new", 0o644, [b""])
        tree.remove_stale("link/new")
        tree.remove_stale("link/old")
        tree.clear_stale("link/below")
        tree.remove_stale("out/file")
        tree.clear_stale("out")
        tree.clear_stale("out/below")
        tree.finish(0o755)
    assert {name for name in snapshot(top) if name} == {"real", "real/below", "real/new", "link", "out"}
    assert snapshot(outside) == before


def test_a_scratch_file_leaves_nothing(top):
    with Tree(str(top)) as tree, tree.scratch() as stream:
        stream.write(b"x" * 100_000)
        stream.seek(5)
        assert stream.read(1) == b"x"
        assert os.listdir(top) == []


def test_a_file_is_no_directory(top):
    with Tree(str(top)) as tree:
        tree.file("f", 0o644, [b""])
        with pytest.raises(SourceError, match="'f', which is not a directory"):
            tree.file("f/x", 0o644, [b"x"])
        tree.remove_stale("f/x/y")
        tree.clear_stale("f/x")
    assert (top / "f").exists()


def test_finishing_does_not_follow_a_directory_that_became_a_symlink(top, outside):
    before = snapshot(outside)
    with Tree(str(top), os.getuid(), os.getgid()) as tree:
        tree.directory("a", 0o777, 1000)
        tree.directory("a/below", 0o777, 1000)
        tree.symlink("a", str(outside))
        tree.finish(0o755)
    assert snapshot(outside) == before


def test_a_directory_that_was_replaced_has_the_mode_of_the_new_one(top):
    with Tree(str(top)) as tree:
        tree.directory("a/b", 0o711, 1000)
        tree.file("a", 0o644, [b""])
        tree.directory("a", 0o750)
        tree.file("a/b/c", 0o644, [b""])
        tree.finish(0o755)
    assert (mode(top / "a"), mode(top / "a/b")) == ("0o750", "0o755")


def test_renaming_the_directory_meanwhile_misleads_nobody(top, outside):
    with Tree(str(top)) as tree:
        tree.file("a", 0o644, [b"a"])
        moved = top.with_name("moved")
        top.rename(moved)
        top.symlink_to(outside)
        tree.file("b/c", 0o644, [b"b"])
        tree.finish(0o755)
    assert sorted(os.listdir(moved)) == ["a", "b"]
    assert sorted(os.listdir(outside)) == ["below", "file"]


@pytest.mark.parametrize("target", ["", "a\0b"])
def test_a_symlink_needs_a_target(top, target):
    with Tree(str(top)) as tree, pytest.raises(SourceError, match="no valid target"):
        tree.symlink("x", target)


# layers


def test_only_what_lower_layers_left_is_removed(top):
    with Tree(str(top)) as tree:
        for name in ("kept/old", "gone/old", "mixed/old", "mixed/deep/old"):
            tree.file(name, 0o644, [b"old"])
        tree.begin_layer()
        tree.file("mixed/new", 0o644, [b"new"])
        tree.file("mixed/deep/new", 0o644, [b"new"])
        for name in ("gone", "mixed", "missing", "missing/too", "kept/old/no"):
            tree.remove_stale(name)
        tree.clear_stale("missing")
        tree.finish(0o755)
    assert {name for name, (kind, *_rest) in snapshot(top).items() if stat.S_ISREG(kind)} == {
        "kept/old",
        "mixed/new",
        "mixed/deep/new",
    }


def test_the_top_can_be_cleared(top):
    with Tree(str(top)) as tree:
        tree.file("a/old", 0o644, [b"old"])
        tree.begin_layer()
        tree.file("a/new", 0o644, [b"new"])
        tree.clear_stale("")
        tree.finish(0o755)
    assert set(snapshot(top)) == {"", "a", "a/new"}


# the run file


@pytest.mark.parametrize(
    ("before", "after"), [(0o644, 0o755), (0o600, 0o700), (0o640, 0o750), (0o755, 0o755), (0o400, 0o500)]
)
def test_whoever_may_read_a_file_may_execute_it(top, before, after):
    with Tree(str(top)) as tree:
        tree.file("run.sh", before, [b""])
        tree.make_executable("run.sh")
    assert mode(top / "run.sh") == oct(after)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("real", True),
        ("to-real", True),
        ("sub/up", True),
        ("sub", False),
        ("missing", False),
        ("out", False),
        ("to-out", False),
        ("loop", False),
        ("absolute", False),
        ("dangling", False),
    ],
)
def test_a_file_is_looked_for_inside_only(top, outside, target, expected):
    with Tree(str(top)) as tree:
        tree.file("real", 0o644, [b""])
        tree.symlink("sub/up", "../real")
        for name, to in (("to-real", "real"), ("out", "../outside/file"), ("to-out", "out")):
            tree.symlink(name, to)
        for name, to in (("loop", "loop"), ("absolute", "/real"), ("dangling", "nothing")):
            tree.symlink(name, to)
        assert tree.holds_file(target) is expected


# removal


def test_an_ordinary_user_can_fill_sealed_directories():
    with directory_of_ordinary_user() as path, ordinary_user():
        with Tree(str(path)) as tree:
            tree.directory("sealed", 0o555)
            tree.file("sealed/a", 0o444, [b"a"])
            tree.begin_layer()
            tree.file("sealed/b", 0o444, [b"b"])
            tree.file("sealed/a", 0o444, [b"new"])
            tree.finish(0o755)
        assert (path / "sealed/a").read_bytes() == b"new"
        assert mode(path / "sealed") == "0o555"


# what the disk says


@pytest.fixture
def short_files():
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_file_that_does_not_fit_is_an_error_of_the_host(top, short_files):
    with Tree(str(top)) as tree, pytest.raises(HostError, match=r"tree/a/big: File too large\."):
        tree.file("a/big", 0o644, [b"x" * 600, b"x" * 600])


def test_a_directory_that_may_not_be_written_is_an_error_of_the_host():
    with directory_of_ordinary_user() as path:
        path.chmod(0o555)
        with ordinary_user(), Tree(str(path)) as tree:
            for attempt in (
                lambda: tree.file("a/b", 0o644, []),
                lambda: tree.directory("a", 0o755),
                lambda: tree.symlink("a", "b"),
            ):
                with pytest.raises(HostError, match=r"/a(/b)?: Permission denied\. Run as a user who may write there"):
                    attempt()
        path.chmod(0o755)


def test_an_owner_that_may_not_be_given_is_an_error_of_the_host():
    with directory_of_ordinary_user() as path, ordinary_user():
        for attempt in (lambda tree: tree.file("a", 0o644, []), lambda tree: tree.finish(0o755)):
            with Tree(str(path), 1, 1) as tree, pytest.raises(HostError, match=r"Operation not permitted\. Run as"):
                attempt(tree)

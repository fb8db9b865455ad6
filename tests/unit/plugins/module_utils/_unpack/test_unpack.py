# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives become files, or an error: never half of them in silence."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import unpack
from ansible_collections.localai.core.tests.support.archives import (
    MTIME,
    Entry,
    compress,
    directory,
    file,
    hardlink,
    opaque,
    symlink,
    tar,
    tar_archive,
    whiteout,
    zip_archive,
)
from ansible_collections.localai.core.tests.support.unpacking import (
    ARCHIVE,
    ENTRIES,
    TAR_COMPRESSIONS,
    contents,
    fill,
)

EXPECTED = {
    **{entry.name: entry.data for entry in ENTRIES if entry.kind == tarfile.REGTYPE},
    **{entry.name: None for entry in ENTRIES if entry.kind == tarfile.DIRTYPE},
    **{entry.name: "-> " + entry.target for entry in ENTRIES if entry.kind == tarfile.SYMTYPE},
    "venv/lib": None,
    "venv/lib/python3.10": None,
    "venv/lib/python3.10/site-packages/grpcio.py": b"VERSION = '1'\n",
}


@pytest.mark.parametrize("compression", TAR_COMPRESSIONS)
@pytest.mark.parametrize("step", [1, 513, 10_000_000])
def test_an_archive_is_unpacked_from_chunks_of_any_size(top, compression, step):
    fill(top, tar_archive(ENTRIES, compression), step=step)
    assert contents(top) == EXPECTED


def test_modes_and_times_are_kept(top):
    entries = [directory("d", 0o555), file("d/f", "x", 0o6751), Entry("old", mtime=1.5), directory("e", 0o1777)]
    fill(top, tar(entries))
    modes = {name: oct(stat.S_IMODE(os.lstat(top / name).st_mode)) for name in ("d", "d/f", "e")}
    assert modes == {"d": "0o555", "d/f": "0o751", "e": "0o1775"}
    assert [os.stat(top / name).st_mtime for name in ("d", "d/f", "old")] == [MTIME, MTIME, 1.5]


@pytest.mark.parametrize("top_name", [".", "./", "/"])
def test_names_may_start_at_the_top(top, top_name):
    fill(top, tar([directory(top_name, 0o700), file("./a", "a"), file("/b/c", "c")]))
    assert contents(top) == {"a": b"a", "b": None, "b/c": b"c"}
    assert stat.S_IMODE(os.stat(top).st_mode) == 0o755


@pytest.mark.parametrize("compression", TAR_COMPRESSIONS)
def test_an_empty_layer_is_a_layer(top, compression):
    fill(top, tar_archive([], compression))
    assert contents(top) == {}


@pytest.mark.parametrize(
    ("compression", "archive"),
    [
        ("gzip", gzip.compress(ARCHIVE[:5000]) + gzip.compress(b"") + gzip.compress(ARCHIVE[5000:])),
        ("gzip", gzip.compress(ARCHIVE) + bytes(3000)),
        ("bzip2", bz2.compress(ARCHIVE[:5000]) + bz2.compress(ARCHIVE[5000:])),
        ("bzip2", bz2.compress(ARCHIVE) + bytes(3000)),
        ("xz", lzma.compress(ARCHIVE[:5000]) + lzma.compress(ARCHIVE[5000:])),
        ("xz", lzma.compress(ARCHIVE) + bytes(3000)),
    ],
    ids=["gzip parts", "gzip zeros", "bzip2 parts", "bzip2 zeros", "xz parts", "xz zeros"],
)
@pytest.mark.parametrize("step", [1, 100, 1_000_000])
def test_a_compressed_file_may_have_several_parts_and_zeros_at_its_end(top, compression, archive, step):
    fill(top, archive, step=step)
    assert contents(top) == EXPECTED


@pytest.mark.parametrize("outer", ["gzip", "zstd"])
@pytest.mark.parametrize("inner", TAR_COMPRESSIONS)
def test_an_archive_that_a_server_has_compressed_once_more_is_unpacked(top, inner, outer):
    fill(top, compress(tar_archive(ENTRIES, inner), outer), is_layer=False)
    assert contents(top) == EXPECTED


def test_a_zip_archive_that_a_server_has_compressed_is_unpacked(top):
    fill(top, compress(zip_archive([file("run.sh", "x")]), "gzip"), is_layer=False)
    assert contents(top) == {"run.sh": b"x"}


def test_no_more_than_two_compressions_are_undone(top):
    archive = compress(compress(compress(ARCHIVE, "xz"), "gzip"), "gzip")
    with pytest.raises(SourceError, match="it is compressed several times, the last time with xz"):
        fill(top, archive, is_layer=False)


def test_all_is_read_to_the_end():
    seen = []

    def chunks():
        for start in range(0, len(packed), 100):
            seen.append(packed[start : start + 100])
            yield seen[-1]

    packed = gzip.compress(ARCHIVE + bytes(50_000)) + bytes(1000)
    with tempfile.TemporaryDirectory() as path, Tree(path) as tree:
        unpack(chunks(), tree, is_layer=True)
    assert b"".join(seen) == packed


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([[file("a", "1")], [file("a", "2")]], {"a": b"2"}),
        ([[file("a"), file("b")], [whiteout("a")]], {"b": b""}),
        ([[file("d/a"), file("d/b")], [whiteout("d/a")]], {"d": None, "d/b": b""}),
        ([[file("d/a"), file("d/b")], [whiteout("d")]], {}),
        ([[file("d/a")], [whiteout("d"), file("d/b")]], {"d": None, "d/b": b""}),
        ([[file("d/a")], [file("d/b"), whiteout("d")]], {"d": None, "d/b": b""}),
        ([[file("a", "1")], [file("a", "2"), whiteout("a")]], {"a": b"2"}),
        ([[file("a", "1")], [whiteout("a"), file("a", "2")]], {"a": b"2"}),
        ([[file("a")], [whiteout("missing"), whiteout("missing/too")]], {"a": b""}),
        ([[file("d/a"), file("d/e/b")], [opaque("d"), file("d/c")]], {"d": None, "d/c": b""}),
        ([[file("d/a"), file("d/e/b")], [file("d/c"), opaque("d")]], {"d": None, "d/c": b""}),
        ([[file("d/a")], [directory("d"), opaque("d")]], {"d": None}),
        ([[file("a")], [opaque("missing")]], {"a": b""}),
        ([[file("a")], [opaque(""), file("b")]], {"b": b""}),
        ([[file("a")], [file(".wh..wh.plnk"), file(".wh."), file(".wh..")]], {"a": b""}),
        ([[file("d/a")], [file("d", "now a file")]], {"d": b"now a file"}),
        ([[file("d", "a file")], [directory("d"), file("d/a")]], {"d": None, "d/a": b""}),
        ([[symlink("d", "/etc")], [directory("d"), file("d/a")]], {"d": None, "d/a": b""}),
        ([[file("d/a")], [symlink("d", "e")]], {"d": "-> e"}),
        ([[file("a", "x")], [hardlink("b", "a")]], {"a": b"x", "b": b"x"}),
        ([[file("a", "x"), hardlink("b", "a")], [file("a", "y")]], {"a": b"y", "b": b"x"}),
        ([[file("a", "x")], [hardlink("b", "./a"), whiteout("a")]], {"b": b"x"}),
        ([[directory("d", 0o555), file("d/a")], [file("d/b")], [whiteout("d/a")]], {"d": None, "d/b": b""}),
        ([[file("a", "1")], [], [whiteout("a")], [file("a", "4")]], {"a": b"4"}),
    ],
)
def test_layers_lie_over_each_other(top, layers, expected):
    fill(top, *[tar(entries) for entries in layers])
    assert contents(top) == expected


def test_a_plain_archive_has_no_whiteouts(top):
    fill(top, tar([file("a"), file(".wh.a"), opaque("d")]), is_layer=False)
    assert set(contents(top)) == {"a", ".wh.a", "d", "d/.wh..wh..opq"}


DIRECTORIES = st.sampled_from(["a", "b", "a/b", "b/a"])


FILES = st.sampled_from(["f", "a/f", "a/g", "b/f", "a/b/f", "b/a/g"])


LAYER = st.lists(
    st.one_of(
        st.tuples(st.just("file"), FILES, st.binary(max_size=3)),
        st.tuples(st.just("directory"), DIRECTORIES, st.just(b"")),
        st.tuples(st.just("whiteout"), st.one_of(FILES, DIRECTORIES), st.just(b"")),
        st.tuples(st.just("opaque"), DIRECTORIES, st.just(b"")),
    ),
    max_size=6,
)


MAKERS = {
    "file": file,
    "directory": lambda path, _data: directory(path),
    "whiteout": lambda path, _data: whiteout(path),
    "opaque": lambda path, _data: opaque(path),
}


def laid_over_each_other(layers):
    """What the specification says: all whiteouts of a layer are about lower layers, wherever they stand in it."""
    tree = {}
    for layer in layers:
        for what, path, _data in layer:
            if what in ("whiteout", "opaque"):
                gone = [name for name in tree if (name == path and what == "whiteout") or name.startswith(path + "/")]
                for name in gone:
                    del tree[name]
        for what, path, data in layer:
            if what in ("file", "directory"):
                parts = path.split("/")
                tree.update({"/".join(parts[:count]): None for count in range(1, len(parts))})
                tree[path] = data if what == "file" else None
    return tree


@given(st.lists(LAYER, max_size=4))
def test_any_layers_are_what_the_specification_makes_of_them(layers):
    with tempfile.TemporaryDirectory() as path:
        fill(Path(path), *[tar(MAKERS[what](name, data) for what, name, data in layer) for layer in layers])
        expected = laid_over_each_other(layers)
        # A whiteout needs its directory only to stand somewhere.
        assert {
            name: data for name, data in contents(Path(path)).items() if data is not None or name in expected
        } == expected


@pytest.mark.parametrize("compression", TAR_COMPRESSIONS)
def test_an_archive_that_ends_early_is_an_error_wherever_it_ends(compression):
    archive = tar_archive([file("a", "x" * 700), directory("d"), file("d/b", "y")], compression)
    # tar itself ends with two empty blocks; what follows the last entry is padding.
    last = 512 * 5 if compression == "none" else len(archive)
    for length in range(0, last, 512 if compression == "none" else 7):
        for cut in (length, min(length + 100, last - 1)):
            if compression == "none" and (1212 <= cut <= 1536 or cut == 2048):
                continue  # nothing tells that more should come than the padding of an entry
            with tempfile.TemporaryDirectory() as path, pytest.raises(SourceError):
                fill(Path(path), archive[:cut], is_layer=False)


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz"])
def test_damage_in_the_middle_is_an_error(compression):
    archive = tar_archive([file("a", bytes(range(256)) * 200), file("run.sh")], compression)
    for at in range(0, len(archive), max(len(archive) // 40, 1)):
        damaged = bytearray(archive)
        damaged[at] ^= 0x55
        with tempfile.TemporaryDirectory() as path:
            try:
                fill(Path(path), bytes(damaged))
            except SourceError:
                continue
            # Only what nobody checks: the time and the system in the header of gzip.
            assert compression == "gzip"
            assert 4 <= at < 10


@pytest.mark.parametrize("is_layer", [True, False])
@pytest.mark.parametrize(
    "garbage", [b"<html>" * 100, bytes(range(1, 256)) * 3, b"x"], ids=["HTML", "binary", "a letter"]
)
def test_garbage_is_no_archive(top, garbage, is_layer):
    with pytest.raises(SourceError, match=r"it is not an? (tar )?archive"):
        fill(top, garbage, is_layer=is_layer)


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz"])
def test_garbage_after_the_end_is_an_error(top, compression):
    with pytest.raises(SourceError, match="damaged"):
        fill(top, compress(ARCHIVE, compression) + b"garbage")


@pytest.mark.parametrize("compression", TAR_COMPRESSIONS)
def test_nothing_is_no_archive(top, compression):
    with pytest.raises(SourceError, match="the archive is empty"):
        fill(top, compress(b"", compression), is_layer=False)


def test_an_error_of_the_source_of_the_bytes_is_passed_on(top):
    def chunks():
        yield ARCHIVE[:2000]
        raise SourceError("the line went dead")

    with Tree(str(top)) as tree, pytest.raises(SourceError, match="the line went dead"):
        unpack(chunks(), tree, is_layer=True)


def test_a_disk_in_the_way_is_no_fault_of_the_archive(top):
    top.chmod(0o755)
    with Tree(str(top)) as tree:
        os.rmdir(top)
        with pytest.raises(HostError, match=r"/tree/.*: No such file"):
            unpack(iter([tar([file("run.sh")])]), tree, is_layer=True)

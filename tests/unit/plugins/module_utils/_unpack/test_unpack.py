# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives become files, or an error: never half of them in silence, never a byte outside."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import os
import stat
import struct
import subprocess
import tarfile
import tempfile
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, LocalAIError, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._store.contents import contents_of
from ansible_collections.localai.core.plugins.module_utils._store.verify import contents_at
from ansible_collections.localai.core.plugins.module_utils._unpack import unpack as _unpack
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import Limits, unpack
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
)
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.host import snapshot, temporary_directory
from ansible_collections.localai.core.tests.support.hostile import hostile

COMPRESSIONS = ["none", "gzip", "bzip2", "xz", "zstd"]
ENTRIES = backend_entries("piper")
ARCHIVE = tar(ENTRIES)


@pytest.fixture
def top(tmp_path):
    path = tmp_path / "tree"
    path.mkdir()
    return path


def fill(top, *layers, compression="none", whiteouts=True, limits=None, step=1000):
    """Unpack archives, one over the other, from small chunks, into a tree that knows then what is in it."""
    with Tree(str(top)) as tree:
        for layer in layers:
            chunks = (layer[start : start + step] for start in range(0, len(layer), step))
            unpack(chunks, compression, tree, whiteouts, limits)
        tree.finish(0o755)
        assert contents_of(tree.contents, ()) == contents_at(tree.fd, tree.path, ())


def contents(top):
    """What is below a directory: bytes of files, targets of symlinks with an arrow, None for directories."""
    found = {}
    for path in sorted(top.rglob("*")):
        name = path.relative_to(top).as_posix()
        if path.is_symlink():
            found[name] = "-> " + os.readlink(path)
        else:
            found[name] = None if path.is_dir() else path.read_bytes()
    return found


EXPECTED = {
    **{entry.name: entry.data for entry in ENTRIES if entry.kind == tarfile.REGTYPE},
    **{entry.name: None for entry in ENTRIES if entry.kind == tarfile.DIRTYPE},
    **{entry.name: "-> " + entry.target for entry in ENTRIES if entry.kind == tarfile.SYMTYPE},
    "venv/lib": None,
    "venv/lib/python3.10": None,
    "venv/lib/python3.10/site-packages/grpcio.py": b"VERSION = '1'\n",
}


# kinds of archives


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("step", [1, 513, 10_000_000])
def test_an_archive_is_unpacked_from_chunks_of_any_size(top, compression, step):
    fill(top, tar_archive(ENTRIES, compression), compression=compression, step=step)
    assert contents(top) == EXPECTED


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_format_of_tar_is_read(top, tar_format):
    long = tar_format != tarfile.USTAR_FORMAT
    name = ("d/" * 80 + "n" * 200) if long else "n" * 100
    target = "t" * (300 if long else 100)
    fill(top, tar([file(name, "x"), symlink("link", target)], tar_format))
    assert (top / name).read_bytes() == b"x"
    assert os.readlink(top / "link") == target


def test_modes_and_times_are_kept(top):
    entries = [directory("d", 0o555), file("d/f", "x", 0o6751), Entry("old", mtime=1.5), directory("e", 0o1777)]
    fill(top, tar(entries))
    modes = {name: oct(stat.S_IMODE(os.lstat(top / name).st_mode)) for name in ("d", "d/f", "e")}
    assert modes == {"d": "0o555", "d/f": "0o751", "e": "0o1775"}
    assert [os.stat(top / name).st_mtime for name in ("d", "d/f", "old")] == [MTIME, MTIME, 1.5]


@pytest.mark.parametrize("when", ["1e300", "-1e300", "nan", "inf", "-inf", "-1"])
def test_a_time_that_a_file_cannot_have_is_left_out(top, when):
    start = time.time()
    fill(top, tar([Entry("f", headers={"mtime": when}), Entry("d", tarfile.DIRTYPE, headers={"mtime": when})]))
    assert all(start - 60 < os.stat(top / name).st_mtime < start + 600 for name in ("f", "d"))


@pytest.mark.parametrize("top_name", [".", "./", "/"])
def test_names_may_start_at_the_top(top, top_name):
    fill(top, tar([directory(top_name, 0o700), file("./a", "a"), file("/b/c", "c")]))
    assert contents(top) == {"a": b"a", "b": None, "b/c": b"c"}
    assert stat.S_IMODE(os.stat(top).st_mode) == 0o755


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_an_empty_layer_is_a_layer(top, compression):
    fill(top, tar_archive([], compression), compression=compression)
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
    fill(top, archive, compression=compression, step=step)
    assert contents(top) == EXPECTED


def test_all_is_read_to_the_end():
    seen = []

    def chunks():
        for start in range(0, len(packed), 100):
            seen.append(packed[start : start + 100])
            yield seen[-1]

    packed = gzip.compress(ARCHIVE + bytes(50_000)) + bytes(1000)
    with tempfile.TemporaryDirectory() as path, Tree(path) as tree:
        unpack(chunks(), "gzip", tree, True)
    assert b"".join(seen) == packed


# layers


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
    fill(top, tar([file("a"), file(".wh.a"), opaque("d")]), whiteouts=False)
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


# damage


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_an_archive_that_ends_early_is_an_error_wherever_it_ends(compression):
    archive = tar_archive([file("a", "x" * 700), directory("d"), file("d/b", "y")], compression)
    # tar itself ends with two empty blocks; what follows the last entry is padding.
    last = 512 * 5 if compression == "none" else len(archive)
    for length in range(0, last, 512 if compression == "none" else 7):
        for cut in (length, min(length + 100, last - 1)):
            if compression == "none" and cut in (1536, 2048):
                continue  # between two entries nothing tells that more should come
            with tempfile.TemporaryDirectory() as path, pytest.raises(SourceError):
                fill(Path(path), archive[:cut], compression=compression)


@pytest.mark.parametrize("at", range(0, 512, 32))
@pytest.mark.parametrize("entry", [0, 1, 2, 3])
def test_a_damaged_header_is_an_error_also_in_the_middle(top, entry, at):
    entries = [file(name, name * 512) for name in "abcd"]
    archive = bytearray(tar(entries))
    archive[entry * 1024 + at] ^= 0x55
    with pytest.raises(SourceError, match=r"the archive is damaged: .*(header|checksum)"):
        fill(top, bytes(archive))


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz"])
def test_damage_in_the_middle_is_an_error(compression):
    archive = tar_archive([file("a", bytes(range(256)) * 200), file("run.sh")], compression)
    for at in range(0, len(archive), max(len(archive) // 40, 1)):
        damaged = bytearray(archive)
        damaged[at] ^= 0x55
        with tempfile.TemporaryDirectory() as path:
            try:
                fill(Path(path), bytes(damaged), compression=compression)
            except SourceError:
                continue
            # Only what nobody checks: the time and the system in the header of gzip.
            assert compression == "gzip"
            assert 4 <= at < 10


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize(
    "garbage", [b"<html>" * 100, bytes(range(1, 256)) * 3, b"x"], ids=["HTML", "binary", "a letter"]
)
def test_garbage_is_no_archive(top, compression, garbage):
    with pytest.raises(SourceError, match=r"archive"):
        fill(top, garbage, compression=compression)


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz"])
def test_garbage_after_the_end_is_an_error(top, compression):
    with pytest.raises(SourceError, match="damaged"):
        fill(top, compress(ARCHIVE, compression) + b"garbage", compression=compression)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_nothing_is_no_archive(top, compression):
    with pytest.raises(SourceError):
        fill(top, b"", compression=compression)


def test_an_error_of_the_source_of_the_bytes_is_passed_on(top):
    def chunks():
        yield ARCHIVE[:2000]
        raise SourceError("the line went dead")

    with Tree(str(top)) as tree, pytest.raises(SourceError, match="the line went dead"):
        unpack(chunks(), "none", tree, True)


# what must not be


@pytest.mark.parametrize("name", ["../x", "a/../../x", "..", "a/..", "x/../y"])
@pytest.mark.parametrize("make", [file, directory, lambda name: symlink(name, "y"), lambda name: hardlink(name, "ok")])
def test_a_name_that_leads_out_is_refused(top, name, make):
    before = set(os.listdir(top.parent))
    with pytest.raises(SourceError, match="leads out"):
        fill(top, tar([file("ok"), make(name)]))
    assert set(os.listdir(top.parent)) == before


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (hardlink("x", "../outside"), "leads out"),
        (hardlink("x", "/etc/passwd"), "not a file of this tree"),
        (hardlink("x", "missing"), "not a file of this tree"),
        (hardlink("x", ""), "not a file of this tree"),
        (file("whiteouts/.wh..."), "leads out"),
        (Entry("x", tarfile.CHRTYPE), "device or a pipe"),
        (Entry("x", tarfile.BLKTYPE), "device or a pipe"),
        (Entry("x", tarfile.FIFOTYPE), "device or a pipe"),
        (Entry("x", b"Z"), "device or a pipe"),
        (Entry("."), "top entry is not a directory"),
        (symlink(".", "x"), "top entry is not a directory"),
        (hardlink("/", "ok"), "top entry is not a directory"),
        (Entry("x", headers={"path": "../../x"}), "leads out"),
        (Entry("x", headers={"path": "x" * 300}), "too long"),
        (Entry("x", headers={"path": "x/" * 1900}), "too long|too many|too deep"),
        (Entry("x", headers={"size": "99999999999999"}), "more than"),
        (symlink("x", "y" * 5000), "valid target|too long"),
    ],
)
def test_what_no_backend_needs_is_refused(top, entry, message):
    with pytest.raises(SourceError, match=message):
        fill(top, tar([file("ok"), entry]))


def test_a_size_below_zero_is_refused(top):
    header = tarfile.TarInfo("x")
    header.size = -1024
    with pytest.raises(SourceError):
        fill(top, header.tobuf(tarfile.GNU_FORMAT) + bytes(4096))


def test_a_symlink_may_lead_anywhere_since_nobody_follows_it(top):
    targets = ["/usr/bin/python3", "../../../etc", "missing", ".", "link0"]
    fill(top, tar([symlink(f"link{number}", target) for number, target in enumerate(targets)]))
    assert [os.readlink(top / f"link{number}") for number in range(5)] == targets


# bombs


def test_the_number_of_entries_is_limited(top):
    limits = Limits(entries=10)
    fill(top, tar([file(str(number)) for number in range(10)]), limits=limits)
    with pytest.raises(SourceError, match="more than 10 entries"):
        fill(top, tar([directory(str(number)) for number in range(11)]), limits=limits)


def test_directories_that_are_only_implied_are_entries(top):
    with pytest.raises(SourceError, match="more than 10 entries"):
        fill(top, tar([file("/".join("abcdefghijkl")), file("x")]), limits=Limits(entries=10))


def test_entries_are_counted_over_all_layers(top):
    layer = tar([file("a"), file("b"), file("c")])
    with pytest.raises(SourceError, match="more than 5 entries"):
        fill(top, layer, layer, limits=Limits(entries=5))


@pytest.mark.parametrize("layers", [1, 2])
def test_the_size_is_limited_over_all_layers(top, layers):
    limits = Limits(size=100_000 * layers + 15_000)
    fill(top, *[tar([file(f"{number}/a", b"x" * 100_000)]) for number in range(layers)], limits=limits)
    with pytest.raises(SourceError, match=f"more than {limits.size} bytes"):
        fill(top, *[tar([file(f"{number}/a", b"x" * 120_000)]) for number in range(layers)], limits=limits)


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz"])
def test_a_bomb_is_found_by_its_ratio(top, monkeypatch, compression):
    monkeypatch.setattr(_unpack, "WITHOUT_RATIO", 1024**2)
    archive = tar_archive([file("zeros", bytes(3_000_000))], compression)
    with pytest.raises(SourceError, match="more than 20 times its size"):
        fill(top, archive, compression=compression, limits=Limits(ratio=20), step=100)
    fill(top, archive, compression=compression, limits=Limits(ratio=100_000))


def sparse(name, size):
    """A file of nothing but a hole, as GNU tar packs it."""
    header = tarfile.TarInfo(name)
    header.type, header.size = tarfile.GNUTYPE_SPARSE, 0
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[386:398] = struct.pack("12s", b"%011o" % size)
    block[398:410] = struct.pack("12s", b"%011o" % 0)
    block[483:495] = b"\x80" + size.to_bytes(11, "big")
    return repaired(block)


def repaired(block):
    """A header with the checksum that it should have."""
    block = bytearray(block)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def test_holes_are_filled_with_zeros(top):
    fill(top, sparse("hole", 100_000) + tar([file("after", "x")]))
    assert (top / "hole").read_bytes() == bytes(100_000)
    assert (top / "after").read_bytes() == b"x"


def gnu_tar(top, *options):
    """What GNU tar makes of a file with holes at its start, in its middle and at its end."""
    with (top.parent / "holes").open("wb") as stream:
        stream.seek(1_000_000)
        stream.write(b"first")
        stream.seek(3_000_000)
        stream.write(b"second" * 10_000)
        stream.truncate(5_000_000)
    (top.parent / "next").write_text("next")
    command = ["tar", "-c", "-S", *options, "-C", str(top.parent), "holes", "next"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize(
    "options",
    [["--format=gnu"], *(["--format=posix", f"--sparse-version={version}"] for version in ("0.0", "0.1", "1.0"))],
    ids=" ".join,
)
def test_every_format_of_a_sparse_file_is_read(top, options):
    archive = gnu_tar(top, *options)
    assert len(archive) < 200_000
    fill(top, archive)
    for name in ("holes", "next"):
        assert (top / name).read_bytes() == (top.parent / name).read_bytes()


def test_a_bomb_of_holes_is_found_by_its_ratio(top, monkeypatch):
    monkeypatch.setattr(_unpack, "WITHOUT_RATIO", 1024**2)
    with pytest.raises(SourceError, match="more than 20 times its size"):
        fill(top, sparse("hole", 3_000_000) + bytes(1024), limits=Limits(ratio=20))


def test_a_header_without_end_does_not_fill_the_memory(top):
    archive = tar([Entry("x", headers={"comment": "y" * 5_000_000})])
    with pytest.raises(SourceError):
        fill(top, archive, step=100_000)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_name_without_end_does_not_fill_the_memory(top, kind):
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = kind, 5_000_000
    archive = header.tobuf(tarfile.GNU_FORMAT) + b"x" * 5_000_192 + tar([file("x")])
    with pytest.raises(SourceError):
        fill(top, archive, step=100_000)


def test_xz_may_not_take_all_the_memory(top):
    stream = bytearray(lzma.compress(ARCHIVE))
    assert stream[14:16] == b"\x21\x01"  # the filter, and one byte that tells the size of its dictionary
    stream[16] = 38  # 2 GiB
    stream[20:24] = struct.pack("<I", zlib.crc32(bytes(stream[12:20])))
    with pytest.raises(SourceError, match=r"[Mm]emory"):
        fill(top, bytes(stream), compression="xz")


# hostile archives

NAMES = st.sampled_from(
    [
        "a",
        "a/b",
        "a/b/c",
        "link",
        "link/x",
        "link/below",
        "b",
        "./a",
        "/a",
        "a/./b",
        "a//b",
        "link/below/x",
        "b/link",
        ".",
        "..",
        "../outside/file",
        "a/../../outside/file",
        "{outside}/file",
        "run.sh",
        ".wh.a",
        ".wh.link",
        ".wh..wh..opq",
        "a/.wh..wh..opq",
        "link/.wh..wh..opq",
        "link/.wh.file",
        ".wh...",
        "link/below/.wh..wh..opq",
    ]
)
TARGETS = st.sampled_from(
    [
        "a",
        "a/b",
        "link",
        "link/file",
        ".",
        "..",
        "../outside",
        "../outside/file",
        "{outside}",
        "{outside}/below",
        "link/below/deep",
        "a/..",
        "/",
        "b",
        "{outside}/file",
        "run.sh",
    ]
)
KINDS = st.sampled_from(
    [
        tarfile.REGTYPE,
        tarfile.DIRTYPE,
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.FIFOTYPE,
        tarfile.CONTTYPE,
        b"Z",
    ]
)


def entries(names, kinds, targets):
    entry = st.builds(
        Entry,
        name=names,
        kind=kinds,
        data=st.binary(max_size=20),
        mode=st.integers(0, 0o7777),
        target=targets,
        mtime=st.sampled_from([0, MTIME, 2**33]),
    )
    return st.lists(entry, max_size=8)


# Archives of all sorts, most of which are refused early, and those that only take the place of their own directories.
HOSTILE = st.one_of(
    entries(NAMES, KINDS, TARGETS),
    entries(
        st.sampled_from(["a", "a/below"]),
        st.sampled_from([tarfile.DIRTYPE, tarfile.SYMTYPE]),
        st.sampled_from(["../outside", "{outside}"]),
    ),
)


@contextlib.contextmanager
def surroundings():
    """A directory to fill, and a guarded one beside it; the test is that the guard sees nothing."""
    with temporary_directory() as path:
        top, outside = path / "tree", path / "outside"
        (outside / "below/deep").mkdir(parents=True)
        (outside / "file").write_text("precious")
        (outside / "below/deep/file").write_text("too")
        (outside / "below").chmod(0o710)
        top.mkdir()
        before = snapshot(outside)
        yield top, outside
        assert snapshot(outside) == before
        assert set(os.listdir(path)) == {"tree", "outside"}


def placed(listed, outside):
    return [
        Entry(
            entry.name.format(outside=outside),
            entry.kind,
            entry.data if entry.kind in (tarfile.REGTYPE, tarfile.CONTTYPE) else b"",
            entry.mode,
            entry.target.format(outside=outside),
            entry.mtime,
        )
        for entry in listed
    ]


@given(layers=st.lists(HOSTILE, min_size=1, max_size=3), whiteouts=st.booleans())
@hostile
def test_whatever_an_archive_holds_nothing_outside_changes(layers, whiteouts):
    with surroundings() as (top, outside), contextlib.suppress(LocalAIError):
        fill(top, *[tar(placed(layer, outside)) for layer in layers], whiteouts=whiteouts)


@given(listed=HOSTILE.filter(bool), changes=st.lists(st.tuples(st.integers(0, 511), st.integers(0, 255)), max_size=4))
@hostile
def test_any_header_ends_in_a_tree_or_in_one_of_our_errors(listed, changes):
    with surroundings() as (top, outside), contextlib.suppress(LocalAIError):
        archive = bytearray(tar(placed(listed, outside), tarfile.GNU_FORMAT))
        for at, value in changes:
            archive[at] = value
        archive[:512] = repaired(archive[:512])
        fill(top, bytes(archive), limits=Limits(size=100_000, entries=1000))


PAX_KEYS = st.sampled_from(
    [
        "path",
        "linkpath",
        "size",
        "mtime",
        "uid",
        "hdrcharset",
        "comment",
        "GNU.sparse.map",
        "GNU.sparse.size",
        "GNU.sparse.major",
        "GNU.sparse.minor",
        "GNU.sparse.name",
        "GNU.sparse.realsize",
        "GNU.sparse.numblocks",
    ]
)
PAX_VALUES = st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "7",
        "0,5",
        "0,5,9,1",
        "9,1,0,5",
        "5,-1",
        "x",
        "../x",
        "1e300",
        "nan",
        "99999999999999999999",
        "BINARY",
        "2147483648",
        "1,99999999999",
    ]
)


@given(st.lists(st.tuples(st.dictionaries(PAX_KEYS, PAX_VALUES, max_size=4), st.binary(max_size=600)), max_size=3))
@hostile
def test_any_extended_header_ends_in_a_tree_or_in_one_of_our_errors(files):
    archive = tar(Entry(f"f{number}", data=data, headers=headers) for number, (headers, data) in enumerate(files))
    with surroundings() as (top, _outside), contextlib.suppress(LocalAIError):
        fill(top, archive, limits=Limits(size=100_000, entries=1000))


@given(data=st.binary(max_size=3000), compression=st.sampled_from(COMPRESSIONS))
@hostile
def test_any_bytes_end_in_a_tree_or_in_one_of_our_errors(data, compression):
    with surroundings() as (top, _outside), contextlib.suppress(LocalAIError):
        fill(top, data, compression=compression)
        assert compression == "none"


def test_a_disk_in_the_way_is_no_fault_of_the_archive(top):
    top.chmod(0o755)
    with Tree(str(top)) as tree:
        os.rmdir(top)
        with pytest.raises(HostError, match=r"/tree/.*: No such file"):
            unpack(iter([tar([file("run.sh")])]), "none", tree, True)

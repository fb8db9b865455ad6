# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every format of tar is read, and a damaged header is an error."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tarfile
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, SourceError
from ansible_collections.localai.core.plugins.module_utils._unpack.limits import Limits
from ansible_collections.localai.core.tests.support.archives import (
    Entry,
    compress,
    file,
    symlink,
    tar,
)
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.unpacking import contents, fill, guarded, sparse, v7


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_format_of_tar_is_read(top, tar_format):
    long = tar_format != tarfile.USTAR_FORMAT
    name = ("d/" * 80 + "n" * 200) if long else "n" * 100
    target = "t" * (300 if long else 100)
    fill(top, tar([file(name, "x"), symlink("link", target)], tar_format))
    assert (top / name).read_bytes() == b"x"
    assert os.readlink(top / "link") == target


@pytest.mark.parametrize("when", ["1e300", "-1e300", "nan", "inf", "-inf", "-1"])
def test_a_time_that_a_file_cannot_have_is_left_out(top, when):
    start = time.time()
    fill(top, tar([Entry("f", headers={"mtime": when}), Entry("d", tarfile.DIRTYPE, headers={"mtime": when})]))
    assert all(start - 60 < os.stat(top / name).st_mtime < start + 600 for name in ("f", "d"))


@pytest.mark.parametrize("at", range(0, 512, 32))
@pytest.mark.parametrize("entry", [0, 1, 2, 3])
def test_a_damaged_header_is_an_error_also_in_the_middle(top, entry, at):
    entries = [file(name, name * 512) for name in "abcd"]
    archive = bytearray(tar(entries))
    archive[entry * 1024 + at] ^= 0x55
    with pytest.raises(SourceError, match=r"the archive is damaged: .*(header|checksum)"):
        fill(top, bytes(archive))


def test_a_size_below_zero_is_refused(top):
    header = tarfile.TarInfo("x")
    header.size = -1024
    with pytest.raises(SourceError):
        fill(top, header.tobuf(tarfile.GNU_FORMAT) + bytes(4096))


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


@pytest.mark.parametrize("signed", [False, True])
def test_an_archive_of_unix_v7_is_read(top, signed):
    fill(top, v7(tar([file("gr\u00f6\u00dfe", "x"), file("b", "y")], tarfile.GNU_FORMAT), signed), is_layer=False)
    assert contents(top) == {"gr\u00f6\u00dfe": b"x", "b": b"y"}


LABEL, ACL = Entry("backend-1.0", b"V"), Entry("acl", b"A", b"u::rwx")


@pytest.mark.parametrize(
    "entries",
    [
        [LABEL, file("x", "1")],
        [Entry("", b"V"), file("x", "1")],
        [Entry("../label", b"V"), file("x", "1")],
        [file("x", "1"), LABEL],
        [Entry("backend-1.0", b"V", headers={"comment": "y"}), file("x", "1")],
        [ACL, file("x", "1"), ACL],
        [Entry("x", b"7", b"1")],
    ],
    ids=[
        "label",
        "label without name",
        "label that leads out",
        "label at the end",
        "label of pax",
        "ACL",
        "contiguous",
    ],
)
@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_labels_and_acls_are_skipped(top, entries, tar_format):
    fill(top, tar(entries, tar_format), is_layer=False)
    assert contents(top) == {"x": b"1"}


def test_a_directory_of_an_incremental_archive_is_one(top):
    fill(top, tar([Entry("d/", b"D", b"Yx\0Yy\0\0" * 100), file("d/x", "1")], tarfile.GNU_FORMAT), is_layer=False)
    assert contents(top) == {"d": None, "d/x": b"1"}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            b"M",
            r"^'x' is the rest of a file that begins in another volume of the archive \(type 'M' of GNU tar\)",
        ),
        (b"N", r"^'x' is a list of long names \(the obsolete type 'N' of GNU tar\), which is not unpacked"),
        (b"\x80", r"^'x' is an entry of the unknown type '\\x80', which is not unpacked"),
    ],
)
def test_other_types_of_gnu_tar_are_refused_by_their_name(top, kind, message):
    with pytest.raises(SourceError, match=message):
        fill(top, tar([Entry("x", kind, b"1")], tarfile.GNU_FORMAT), is_layer=False)


def packed_by_tar(top, *options):
    """What GNU tar makes of a directory with a file with two names."""
    (top.parent / "in/d").mkdir(parents=True)
    (top.parent / "in/run.sh").write_text("run")
    (top.parent / "in/d/f").write_text("f")
    os.link(top.parent / "in/run.sh", top.parent / "in/start")
    (top.parent / "in/link").symlink_to("run.sh")
    return subprocess.run(["tar", "-c", *options], cwd=top.parent / "in", stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize(
    "options",
    [
        ["run.sh", "start", "run.sh", "d"],
        ["./run.sh", "run.sh", "start", "./start", "d"],
        ["-h", "run.sh", "start", "link", "run.sh", "d", "d/f"],
        ["run.sh", "start", "d", "-V", "backend-1.0"],
        ["--format=gnu", "-g", "../snapshot", "."],
        ["--format=posix", "-g", "../snapshot", "."],
        ["--format=v7", "."],
    ],
    ids=" ".join,
)
def test_an_archive_of_gnu_tar_becomes_what_gnu_tar_makes_of_it(top, options):
    archive = packed_by_tar(top, *options)
    fill(top, archive, is_layer=False)
    expected = top.parent / "expected"
    expected.mkdir()
    subprocess.run(["tar", "-x", "-C", str(expected)], input=archive, check=True)
    assert contents(top) == contents(expected)
    assert contents(top)["start"] == b"run"


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("size", [1, 33, 511, 513, 1500])
@pytest.mark.parametrize("kept", [0, 1, 100])
def test_the_padding_of_the_last_file_may_be_missing(top, compression, size, kept):
    content = os.urandom(size)
    archive = tar([file("a", "1"), file("run.sh", content)])[: 1536 + size + min(kept, -size % 512)]
    fill(top, compress(archive, compression), is_layer=False)
    assert (top / "run.sh").read_bytes() == content


def test_the_padding_of_a_sparse_file_may_be_missing(top):
    headers = {"GNU.sparse.map": "0,5", "GNU.sparse.size": "1000", "GNU.sparse.numblocks": "1"}
    archive = tar([Entry("holes", data=b"first", headers=headers)])
    fill(top, archive[: archive.index(b"first") + 5], is_layer=False)
    assert (top / "holes").read_bytes() == b"first" + bytes(995)


@pytest.mark.parametrize("missing", [1, 100, 600])
def test_an_archive_that_ends_inside_a_file_names_it(top, missing):
    archive = tar([file("a", "1"), file("lib/x.so", os.urandom(700))])[: 1536 + 700 - missing]
    with pytest.raises(SourceError, match=r"damaged: it ends in the middle of the file 'lib/x\.so'"):
        fill(top, archive, is_layer=False)


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("kept", [1, 156, 157, 262, 300, 345, 511])
def test_an_archive_that_ends_inside_a_header_is_damaged(top, tar_format, kept):
    archive = tar([file("a", "1"), file("b", "2")], tar_format)[: 1024 + kept]
    with pytest.raises(SourceError, match="damaged"):
        fill(top, archive, is_layer=False)


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
    with guarded() as (top, _outside), contextlib.suppress(LocalAIError):
        fill(top, archive, limits=Limits(size=100_000, entries=1000))

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever an archive holds, nothing outside of its tree changes."""

from __future__ import annotations

import contextlib
import lzma
import os
import struct
import tarfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, SourceError
from ansible_collections.localai.core.plugins.module_utils._unpack.compression import COMPRESSIONS
from ansible_collections.localai.core.plugins.module_utils._unpack.limits import Limits
from ansible_collections.localai.core.tests.support.archives import (
    MTIME,
    Entry,
    compress,
    directory,
    file,
    hardlink,
    symlink,
    tar,
)
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.unpacking import (
    ARCHIVE,
    TAR_COMPRESSIONS,
    fill,
    guarded,
    repaired,
    v7,
)


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
        (Entry("x", tarfile.CHRTYPE), "^'x' is a character device, which is not unpacked"),
        (Entry("x", tarfile.BLKTYPE), "^'x' is a block device, "),
        (Entry("x", tarfile.FIFOTYPE), "^'x' is a named pipe, "),
        (Entry("x", b"Z"), "^'x' is an entry of the unknown type 'Z', which is not unpacked"),
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
def test_entries_that_no_tree_may_have_are_refused(top, entry, message):
    with pytest.raises(SourceError, match=message):
        fill(top, tar([file("ok"), entry]))


def test_a_symlink_may_lead_anywhere_since_nobody_follows_it(top):
    targets = ["/usr/bin/python3", "../../../etc", "missing", ".", "link0"]
    fill(top, tar([symlink(f"link{number}", target) for number, target in enumerate(targets)]))
    assert [os.readlink(top / f"link{number}") for number in range(5)] == targets


def test_xz_may_not_take_all_the_memory(top):
    stream = bytearray(lzma.compress(ARCHIVE))
    assert stream[14:16] == b"\x21\x01"  # the filter, and one byte that tells the size of its dictionary
    stream[16] = 38  # 2 GiB
    stream[20:24] = struct.pack("<I", zlib.crc32(bytes(stream[12:20])))
    with pytest.raises(SourceError, match=r"[Mm]emory"):
        fill(top, bytes(stream))


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
        b"V",
        b"D",
        b"M",
        b"N",
        b"A",
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


SKIPPABLE = b"\x5a\x2a\x4d\x18\x04\0\0\0skip"


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


@given(layers=st.lists(HOSTILE, min_size=1, max_size=3), is_layer=st.booleans())
@hostile
def test_whatever_an_archive_holds_nothing_outside_changes(layers, is_layer):
    with guarded() as (top, outside), contextlib.suppress(LocalAIError):
        fill(top, *[tar(placed(layer, outside)) for layer in layers], is_layer=is_layer)


@given(listed=HOSTILE.filter(bool), changes=st.lists(st.tuples(st.integers(0, 511), st.integers(0, 255)), max_size=4))
@hostile
def test_any_header_ends_in_a_tree_or_in_one_of_our_errors(listed, changes):
    with guarded() as (top, outside), contextlib.suppress(LocalAIError):
        archive = bytearray(tar(placed(listed, outside), tarfile.GNU_FORMAT))
        for at, value in changes:
            archive[at] = value
        archive[:512] = repaired(archive[:512])
        fill(top, bytes(archive), limits=Limits(size=100_000, entries=1000))


@given(
    listed=HOSTILE.filter(bool),
    kind=st.binary(min_size=1, max_size=1),
    old=st.booleans(),
    cut=st.integers(0, 2000),
    compressions=st.lists(st.sampled_from(TAR_COMPRESSIONS), max_size=3),
)
@hostile
def test_any_type_old_or_cut_or_compressed_archive_ends_in_a_tree_or_in_one_of_our_errors(
    listed, kind, old, cut, compressions
):
    with guarded() as (top, outside), contextlib.suppress(LocalAIError):
        archive = tar(placed(listed, outside), tarfile.GNU_FORMAT)
        archive = repaired(archive[:156] + kind + archive[157:512]) + archive[512:]
        packed = (v7(archive) if old else archive)[: len(archive) - cut]
        for compression in compressions:
            packed = (SKIPPABLE if compression == "zstd" else b"") + compress(packed, compression)
        fill(top, packed, is_layer=False, limits=Limits(size=100_000, entries=1000))


# How compressed bytes and zip archives begin.
STARTS = [b"", b"PK\x03\x04", *(magic for compression in COMPRESSIONS for magic in compression.magic)]


@given(data=st.binary(max_size=3000), start=st.sampled_from(STARTS), is_layer=st.booleans())
@hostile
def test_any_bytes_end_in_a_tree_or_in_one_of_our_errors(data, start, is_layer):
    with guarded() as (top, _outside), contextlib.suppress(LocalAIError):
        fill(top, start + data, is_layer=is_layer)

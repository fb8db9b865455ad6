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
    file,
    symlink,
    tar,
)
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.unpacking import fill, guarded, sparse


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

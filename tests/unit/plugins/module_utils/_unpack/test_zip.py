# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zip archives become the same files as tar archives, or an error that blames the archive."""

from __future__ import annotations

import io
import os
import stat
import struct
import tempfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._unpack import limits
from ansible_collections.localai.core.plugins.module_utils._unpack.limits import Limits
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import unpack
from ansible_collections.localai.core.tests.support.archives import (
    MTIME,
    directory,
    file,
    symlink,
    zip_archive,
)
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.unpacking import ENTRIES, FORMATS

UNIX, WINDOWS = 3, 0
FILE, PIPE = stat.S_IFREG, stat.S_IFIFO


def fill(top, archive, most=None):
    with Tree(str(top)) as tree:
        chunks = (archive[start : start + 1000] for start in range(0, len(archive), 1000))
        unpack(chunks, FORMATS["zip"], tree, whiteouts=False, limits=most)
        tree.finish(0o755)


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    """An archive of (name, content, attributes) with `attributes` of the ZipInfo each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content, attributes in members:
            info = zipfile.ZipInfo(name, attributes.pop("date_time", (2025, 1, 1, 0, 0, 0)))
            info.compress_type = method
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.writestr(info, content)
    return buffer.getvalue()


def unix(mode, kind=FILE):
    return {"create_system": UNIX, "external_attr": (kind | mode) << 16}


def modes(top):
    return {path.name: stat.S_IMODE(path.lstat().st_mode) for path in top.iterdir()}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_common_method_is_decompressed(top, method):
    content = os.urandom(5000) + bytes(3_000_000)
    fill(top, zipped(("x", content, unix(0o644)), method=method))
    assert (top / "x").read_bytes() == content


def test_modes_are_those_of_unix_without_the_dangerous_bits(top):
    members = [("run.sh", 0o755), ("secret", 0o600), ("suid", 0o6777), ("none", 0)]
    fill(top, zipped(*((name, b"", unix(mode)) for name, mode in members)))
    assert modes(top) == {"run.sh": 0o755, "secret": 0o600, "suid": 0o775, "none": 0o644}


@pytest.mark.parametrize("kind", [FILE, PIPE, stat.S_IFLNK])
def test_what_another_system_made_has_ordinary_modes(top, kind):
    attributes = {"create_system": WINDOWS, "external_attr": (kind | 0o4777) << 16}
    fill(top, zipped(("x", b"y", attributes), ("d/", b"", dict(attributes))))
    assert modes(top) == {"x": 0o644, "d": 0o755}
    assert (top / "x").read_bytes() == b"y"


def test_times_are_kept_where_they_can_be(top):
    dates = {"x": (2025, 1, 1, 0, 0, 0), "y": (2025, 0, 0, 0, 0, 0)}
    fill(top, zipped(*((name, b"", {**unix(0o644), "date_time": date}) for name, date in dates.items())))
    assert (top / "x").stat().st_mtime == MTIME
    assert (top / "y").is_file()


def test_an_empty_archive_is_an_empty_tree(top):
    fill(top, zip_archive([]))
    assert list(top.iterdir()) == []


def test_a_symlink_may_lead_anywhere_since_nobody_follows_it(top, tmp_path):
    (tmp_path / "outside").mkdir()
    fill(top, zip_archive([symlink("to-outside", "../outside"), file("to-outside/x", "y")]))
    assert os.readlink(top / "to-outside") == "../outside"
    assert list((tmp_path / "outside").iterdir()) == []
    assert (top / "outside/x").read_bytes() == b"y"


def test_nothing_but_the_files_is_left(top):
    fill(top, zip_archive(ENTRIES))
    listed = {path.relative_to(top).as_posix() for path in top.rglob("*")}
    assert listed == {*(entry.name for entry in ENTRIES), "venv/lib", "venv/lib/python3.10"}


# hostile archives


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a/..", "../", "x" * 300, "a/" * 250 + "x"])
def test_a_name_that_leads_out_or_too_far_is_refused(top, tmp_path, name):
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(SourceError, match=r"leads out|too long or too deep"):
        fill(top, zipped((name, b"", unix(0o644))))
    assert sorted(os.listdir(tmp_path)) == before


def test_an_absolute_name_stays_inside(top):
    fill(top, zipped(("/etc/x", b"y", unix(0o644))))
    assert (top / "etc/x").read_bytes() == b"y"


@pytest.mark.parametrize("kind", [PIPE, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_devices_and_pipes_are_refused(top, kind):
    with pytest.raises(SourceError, match="device or a pipe"):
        fill(top, zipped(("x", b"", unix(0o644, kind))))


@pytest.mark.parametrize("target", ["", "x" * 5000, "x\0y"])
def test_a_symlink_to_what_cannot_be_is_refused(top, target):
    with pytest.raises(SourceError, match="no valid target"):
        fill(top, zip_archive([symlink("x", target)]))


def test_an_encrypted_entry_is_an_error_that_says_so(top):
    archive = bytearray(zipped(("x", b"secret", unix(0o644))))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(SourceError, match=r"'x'.*encrypted"):
        fill(top, bytes(archive))


def test_an_unknown_method_is_an_error_that_says_so(top):
    archive = bytearray(zipped(("x", b"y", unix(0o644))))
    archive[8] = archive[archive.index(b"PK\x01\x02") + 10] = 99
    with pytest.raises(SourceError, match=r"'x'.*compression"):
        fill(top, bytes(archive))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_file_is_the_fault_of_the_archive(top, method):
    archive = bytearray(zipped(("x", os.urandom(5000), unix(0o644)), method=method))
    archive[2000] ^= 0xFF
    with pytest.raises(SourceError, match="damaged"):
        fill(top, bytes(archive))


def test_an_archive_that_ends_early_is_damaged_wherever_it_ends(top):
    archive = zip_archive(ENTRIES)
    for length in range(0, len(archive) - 1, 97):
        with pytest.raises(SourceError, match="damaged"):
            fill(top, archive[:length])


def test_a_directory_that_claims_to_be_huge_does_not_fill_the_memory(top):
    archive = bytearray(zip_archive(ENTRIES) + bytes(100 * 1024**2))
    end = archive.rindex(b"PK\x05\x06")
    struct.pack_into("<LL", archive, end + 12, 100 * 1024**2, 0)
    moved = archive[:end] + archive[end + 22 :] + archive[end : end + 22]
    with pytest.raises(SourceError, match="states a length that is not plausible"):
        fill(top, bytes(moved))


def test_a_bomb_is_found_by_its_ratio(top, monkeypatch):
    monkeypatch.setattr(limits, "WITHOUT_RATIO", 256 * 1000)
    archive = zipped(("bomb", bytes(20_000_000), unix(0o644)))
    with pytest.raises(SourceError, match="more than 200 times its size"):
        fill(top, archive)
    assert sum(path.stat().st_size for path in top.iterdir()) <= 200 * len(archive) + 1024**2


def test_a_bomb_of_many_files_is_found_by_its_ratio(top, monkeypatch):
    monkeypatch.setattr(limits, "WITHOUT_RATIO", 256 * 1000)
    with pytest.raises(SourceError, match="more than 200 times its size"):
        fill(top, zipped(*((f"x{count}", bytes(200_000), unix(0o644)) for count in range(50))))


@pytest.mark.parametrize(
    ("most", "message"),
    [(Limits(entries=3), "more than 3 entries"), (Limits(size=1000), "more than 1000 bytes")],
)
def test_entries_and_bytes_are_limited(top, most, message):
    with pytest.raises(SourceError, match=message):
        fill(top, zip_archive([*(file(str(count), "x" * 400) for count in range(3)), directory("d")]), most=most)


def test_the_archive_itself_is_limited_since_it_is_kept_meanwhile(top):
    with pytest.raises(SourceError, match="more than 1000 bytes"):
        fill(top, zipped(("x", os.urandom(5000), unix(0o644))) + bytes(100_000), most=Limits(size=1000))


def test_a_full_disk_is_no_fault_of_the_archive(top):
    with Tree(str(top)) as tree:
        top.rmdir()
        with pytest.raises(HostError, match="No such file"):
            unpack(iter([zip_archive(ENTRIES)]), FORMATS["zip"], tree, whiteouts=False)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
@hostile
def test_any_change_of_an_archive_ends_in_a_tree_or_in_one_of_our_errors(changes):
    archive = bytearray(zip_archive([file("x", "y" * 50), symlink("l", "x"), directory("d"), file("d/z", "z")]))
    for place, value in changes:
        archive[place % len(archive)] = value
    with tempfile.TemporaryDirectory() as path, Tree(path) as tree:
        try:
            unpack(iter([bytes(archive)]), FORMATS["zip"], tree, whiteouts=False)
        except SourceError:
            assert not os.path.exists(os.path.join(path, ".scratch"))

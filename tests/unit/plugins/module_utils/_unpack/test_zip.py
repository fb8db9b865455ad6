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
import zlib

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
    raw_zip,
    symlink,
    zip_archive,
)
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.unpacking import ENTRIES

UNIX, WINDOWS, MACOS, NTFS, VFAT = 3, 0, 19, 10, 14
FILE, PIPE = stat.S_IFREG, stat.S_IFIFO


def fill(top, archive, most=None):
    with Tree(str(top)) as tree:
        chunks = (archive[start : start + 1000] for start in range(0, len(archive), 1000))
        unpack(chunks, tree, is_layer=False, limits=most)
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


def made_by(system, attributes):
    return {"create_system": system, "external_attr": attributes << 16}


def unflagged(*members):
    """An archive of (bytes of a name, content, attributes), without the flag for UTF-8 unless `flagged`."""
    return raw_zip((name, content, {"create_system": UNIX, **attributes}) for name, content, attributes in members)


def unicode_path(name, text):
    """The extra field with the name in UTF-8."""
    return struct.pack("<HHBL", 0x7075, 5 + len(text.encode()), 1, zlib.crc32(name)) + text.encode()


def files(top):
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}


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


# What Windows has in the upper half of its attributes (integrity stream, recall on open, pinned) is no Unix mode.
@pytest.mark.parametrize("upper", [0, PIPE | 0o777, 0x0001, 0x0004, 0x0008, 0x0014, 0x0040])
def test_what_another_system_made_has_ordinary_modes(top, upper):
    attributes = {"create_system": WINDOWS, "external_attr": upper << 16 | 0x20}
    fill(top, zipped(("x", b"y", attributes), ("d/", b"", dict(attributes))))
    assert modes(top) == {"x": 0o644, "d": 0o755}
    assert (top / "x").read_bytes() == b"y"


@pytest.mark.parametrize("system", [WINDOWS, UNIX, MACOS, NTFS])
def test_unix_attributes_count_whatever_system_the_archive_names(top, system):
    members = [
        ("tool", b"x", FILE | 0o755),
        ("secret", b"x", FILE | 0o600),
        ("suid", b"x", FILE | 0o6777),
        ("d/", b"", stat.S_IFDIR | 0o750),
    ]
    fill(top, zipped(*((name, data, made_by(system, mode)) for name, data, mode in members)))
    assert modes(top) == {"tool": 0o755, "secret": 0o600, "suid": 0o775, "d": 0o750}


@pytest.mark.parametrize(("system", "secret"), [(WINDOWS, 0o644), (NTFS, 0o644), (UNIX, 0o600), (MACOS, 0o600)])
def test_a_mode_without_a_type_counts_for_a_program_or_if_unix_made_it(top, system, secret):
    fill(top, zipped(("tool", b"x", made_by(system, 0o755)), ("secret", b"x", made_by(system, 0o600))))
    assert modes(top) == {"tool": 0o755, "secret": secret}


@pytest.mark.parametrize("system", [WINDOWS, UNIX, MACOS, NTFS])
def test_a_symlink_is_one_whatever_system_the_archive_names(top, system):
    fill(top, zipped(("libx.so", b"libx.so.1", made_by(system, stat.S_IFLNK | 0o777))))
    assert os.readlink(top / "libx.so") == "libx.so.1"


@pytest.mark.parametrize("system", [WINDOWS, NTFS, VFAT])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("lib\\x.so", "lib/x.so"),
        ("a\\b\\c", "a/b/c"),
        (".\\x", "x"),
        ("C:\\temp\\x", "temp/x"),
        ("C:/temp/x", "temp/x"),
        ("\\\\server\\share\\x", "server/share/x"),
        # Info-ZIP and libarchive convert no name that has slashes.
        ("lib/x\\y", "lib/x\\y"),
    ],
)
def test_backslashes_of_windows_are_separators(top, system, name, path):
    fill(top, zipped((name, b"x", made_by(system, 0))))
    assert files(top) == {path: b"x"}


def test_directories_of_windows_end_with_a_backslash_or_have_its_attribute(top):
    members = [("lib\\", 0x10), ("lib\\x", 0x20), ("empty\\", 0), ("other", 0x10)]
    fill(top, zipped(*((name, b"", {"create_system": WINDOWS, "external_attr": bits}) for name, bits in members)))
    assert sorted(path.name for path in top.iterdir() if path.is_dir()) == ["empty", "lib", "other"]
    assert (top / "lib/x").is_file()


@pytest.mark.parametrize("system", [UNIX, MACOS])
def test_a_backslash_is_part_of_a_name_on_unix(top, system):
    fill(top, zipped(("lib\\x.so", b"x", made_by(system, FILE | 0o644))))
    assert files(top) == {"lib\\x.so": b"x"}


@pytest.mark.parametrize("name", ["..\\..\\x", "a\\..\\..\\x", "C:\\..\\x", "..\\"])
def test_backslashes_do_not_lead_out(top, tmp_path, name):
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(SourceError, match="leads out"):
        fill(top, zipped((name, b"", made_by(WINDOWS, 0))))
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    ("raw", "extra", "path"),
    [
        (b"gr\xc3\xb6\xc3\x9fe.txt", b"", "gr\u00f6\u00dfe.txt"),
        (b"gro\xcc\x88\xc3\x9fe.txt", b"", "gro\u0308\u00dfe.txt"),
        (b"\xe6\x97\xa5/\xe6\x9c\xac", b"", "\u65e5/\u672c"),
        (b"gr\x94\xe1e.txt", b"", "gr\u00f6\u00dfe.txt"),
        (b"gr\x94\xe1e.txt", unicode_path(b"gr\x94\xe1e.txt", "\u65e5.txt"), "\u65e5.txt"),
        (b"x.txt", unicode_path(b"x.txt", "\u65e5.txt"), "\u65e5.txt"),
        (b"x.txt", struct.pack("<HH", 0x5455, 1) + b"\0" + unicode_path(b"x.txt", "\u65e5.txt"), "\u65e5.txt"),
        # A tool that does not know the field has renamed the entry.
        (b"new.txt", unicode_path(b"old.txt", "\u65e5.txt"), "new.txt"),
    ],
    ids=[
        "NFC",
        "NFD",
        "Japanese",
        "code page",
        "code page and field",
        "field",
        "second field",
        "field of another name",
    ],
)
@pytest.mark.parametrize("system", [WINDOWS, UNIX, MACOS])
def test_a_name_without_flag_is_utf8_where_it_can_be(top, system, raw, extra, path):
    fill(top, unflagged((raw, b"x", {**made_by(system, 0), "extra": extra})))
    assert files(top) == {path: b"x"}


def test_names_with_and_without_flag_may_be_mixed(top):
    archive = unflagged(
        (b"\xc3\xb6", b"1", {}),
        (b"\x94\x81", b"2", {}),
        (b"plain", b"3", {}),
        ("\u65e5".encode(), b"4", {"flagged": True}),
    )
    fill(top, archive)
    assert files(top) == {"\u00f6": b"1", "\u00f6\u00fc": b"2", "plain": b"3", "\u65e5": b"4"}


def test_the_target_of_a_symlink_has_the_bytes_of_the_archive(top):
    target = b"gr\xc3\xb6\xff"
    fill(top, unflagged((b"l\xc3\xb6", target, made_by(MACOS, stat.S_IFLNK | 0o777))))
    assert os.readlink(os.fsencode(top / "l\u00f6")) == target


@pytest.mark.parametrize("name", [b"\xc3\xb6/../../x", b"../\x94"])
def test_names_in_other_encodings_do_not_lead_out(top, name):
    with pytest.raises(SourceError, match="leads out"):
        fill(top, unflagged((name, b"", {})))
    with pytest.raises(SourceError, match="leads out"):
        fill(top, unflagged((b"x", b"", {"extra": unicode_path(b"x", name.decode("utf-8", "replace"))})))


@pytest.mark.parametrize(
    "archive",
    [
        lambda: unflagged((b"x\xff", b"", {"flagged": True})),
        lambda: unflagged((b"x", b"", {"extra": struct.pack("<HHBL", 0x7075, 6, 1, zlib.crc32(b"x")) + b"\xff"})),
    ],
    ids=["flag", "field"],
)
def test_a_name_that_is_not_the_utf8_that_it_claims_to_be_is_damage(top, archive):
    with pytest.raises(SourceError, match="damaged"):
        fill(top, archive())


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


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (PIPE, "a named pipe"),
        (stat.S_IFCHR, "a character device"),
        (stat.S_IFBLK, "a block device"),
        (stat.S_IFSOCK, "a socket"),
        (0o070000, "an entry of an unknown type"),
    ],
)
def test_devices_and_pipes_are_refused(top, kind, what):
    with pytest.raises(SourceError, match=f"'x' is {what}, which is not unpacked"):
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
    for length in range(97, len(archive) - 1, 97):
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
            unpack(iter([zip_archive(ENTRIES)]), tree, is_layer=False)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
@hostile
def test_any_change_of_an_archive_ends_in_a_tree_or_in_one_of_our_errors(changes):
    archive = bytearray(zip_archive([file("x", "y" * 50), symlink("l", "x"), directory("d"), file("d/z", "z")]))
    for place, value in changes:
        archive[place % len(archive)] = value
    with tempfile.TemporaryDirectory() as path, Tree(path) as tree:
        try:
            unpack(iter([bytes(archive)]), tree, is_layer=False)
        except SourceError:
            assert not os.path.exists(os.path.join(path, ".scratch"))

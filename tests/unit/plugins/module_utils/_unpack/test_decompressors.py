# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every library and program gives the same bytes, and the same error for damage, in bounded memory."""

from __future__ import annotations

import bz2
import lzma
import os
import struct
import sys
import threading
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._unpack.compression import COMPRESSIONS, compression_of
from ansible_collections.localai.core.plugins.module_utils._unpack.decompressors import BLOCK, DECOMPRESSORS
from ansible_collections.localai.core.tests.support.archives import compress

BY_NAME = {known.name: known for known in COMPRESSIONS}
# Compressible and not, and longer than a block.
PLAIN = b"".join(bytes([number]) * 3000 + os.urandom(3000) for number in range(250)) + bytes(BLOCK)
# Python has either of them from 3.9 on.
ABSENT = {"compression.zstd"} if sys.version_info < (3, 14) else {"backports.zstd"}
if sys.version_info < (3, 9):
    ABSENT.add("backports.zstd")
ROWS = [pytest.param(row, id=f"{row.compression}-{row.name}") for row in DECOMPRESSORS if row.name not in ABSENT]
BY_COMPRESSION = {
    name: [row.values[0] for row in ROWS if row.values[0].compression == name] for name in ("gzip", "zstd")
}
GZIP = [row for row in ROWS if row.values[0].compression == "gzip"]
ZSTD = [row for row in ROWS if row.values[0].compression == "zstd"]
PADDED = [row for row in ROWS if row.values[0].compression != "zstd"]

every_row = pytest.mark.parametrize("row", ROWS)


def decompressed(row, packed, step=262_144):
    return list(row.decompress(row.load(row.name), (packed[at : at + step] for at in range(0, len(packed), step))))


def plain_of(row, packed, step=262_144):
    return b"".join(decompressed(row, packed, step))


def outcome(row, packed, step):
    try:
        return plain_of(row, packed, step)
    except SourceError as e:
        return str(e)


@pytest.mark.parametrize("step", [1000, 262_144])
@pytest.mark.parametrize("parts", [1, 3])
@every_row
def test_every_row_gives_the_same_bytes(row, parts, step):
    packed = b"".join(compress(PLAIN[at::parts], row.compression) for at in range(parts))
    blocks = decompressed(row, packed, step)
    assert b"".join(blocks) == b"".join(PLAIN[at::parts] for at in range(parts))
    assert max(map(len, blocks)) <= BLOCK + BLOCK // 2


@every_row
def test_bytes_that_arrive_one_by_one_are_the_same(row):
    packed = compress(PLAIN[:3000], row.compression) * 2
    assert plain_of(row, packed, 1) == PLAIN[:3000] * 2


@every_row
def test_nothing_compressed_is_nothing(row):
    assert plain_of(row, compress(b"", row.compression)) == b""


DAMAGED = {
    "gzip": "the archive is damaged: its gzip stream is incomplete or invalid.",
    "bzip2": "the archive is damaged: its bzip2 stream is incomplete or invalid.",
    "xz": "the archive is damaged: its xz stream is incomplete or invalid, or needs more than 256 MiB of memory.",
    "zstd": "the archive is damaged: its zstd stream is incomplete or invalid, or needs more than 128 MiB of memory.",
}


@every_row
def test_what_ends_early_is_the_same_error_for_all(row):
    packed = compress(PLAIN[:20_000], row.compression)
    for length in (0, 1, 2, 3, 4, 10, len(packed) // 2, len(packed) - 1):
        assert outcome(row, packed[:length], 1000) == DAMAGED[row.compression], length
        if length:
            assert outcome(row, packed + packed[:length], 1000) == DAMAGED[row.compression], length


# Without a checksum in the frame, zstd does not see all that happens to its content; a digest does.
@pytest.mark.parametrize("where", ["start", "middle", "behind", "byte", "other"])
@every_row
def test_garbage_is_the_same_error_for_all(row, where):
    packed = compress(PLAIN[:20_000], row.compression)
    middle = len(packed) // 2
    damaged = {
        "start": b"garbage" + packed,
        "middle": packed[:middle] + b"garbage" + packed[middle + 7 :],
        "behind": packed + b"garbage",
        "byte": packed + b"g",
        "other": packed + bz2.compress(b"x") if row.compression != "bzip2" else packed + lzma.compress(b"x"),
    }[where]
    if (row.compression, where) == ("zstd", "middle"):
        damaged = packed[:4] + b"\xff\xff" + packed[6:]
    assert outcome(row, damaged, 1000) == DAMAGED[row.compression]


@pytest.mark.parametrize("step", [1, 7, 262_144])
@pytest.mark.parametrize("row", PADDED)
def test_zeros_after_a_stream_are_skipped_wherever_chunks_end(row, step):
    packed = compress(PLAIN[:2000], row.compression)
    zeros = bytes(512)
    assert plain_of(row, packed + zeros, step) == PLAIN[:2000]
    assert plain_of(row, packed + zeros + packed + zeros, step) == PLAIN[:2000] * 2
    assert outcome(row, packed + zeros + b"garbage", step) == DAMAGED[row.compression]
    assert outcome(row, zeros + packed, step) == DAMAGED[row.compression]


@pytest.mark.parametrize("zeros", [1, 3, 4, 512])
@pytest.mark.parametrize("row", ZSTD)
def test_zstd_has_no_zeros_after_a_frame(row, zeros):
    packed = compress(PLAIN[:2000], "zstd")
    for step in (1, 1000):
        assert outcome(row, packed + bytes(zeros), step) == DAMAGED["zstd"]


def member(flags, body, extra=b"SG\x06\x00abcdef", name=b"a name\0", comment=b"a comment\0"):
    """One member of a gzip file, with the optional fields of these flags."""
    head = b"\x1f\x8b\x08" + bytes([flags]) + bytes(5) + b"\x03"
    head += struct.pack("<H", len(extra)) + extra if flags & 4 else b""
    head += name if flags & 8 else b""
    head += comment if flags & 16 else b""
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF) if flags & 2 else b""
    stream = zlib.compressobj(6, zlib.DEFLATED, -15)
    return head + stream.compress(body) + stream.flush() + struct.pack("<II", zlib.crc32(body), len(body))


@pytest.mark.parametrize("row", GZIP)
def test_the_fields_of_a_gzip_header_may_arrive_in_parts(row):
    for flags in range(32):
        packed = member(flags, b"first") + member(0, b"second") + member(flags, b"third")
        for step in (1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 1000):
            assert plain_of(row, packed, step) == b"firstsecondthird", (flags, step)


@pytest.mark.parametrize("row", GZIP)
def test_a_gzip_header_is_checked(row):
    good = member(0, b"plain")
    long = member(8, b"plain", name=b"n" * 100_000 + b"\0")
    bad = {
        "undefined flags": good[:3] + b"\x20" + good[4:],
        "another method": good[:2] + b"\x07" + good[3:],
        "wrong checksum": member(2, b"plain").replace(b"\x03", b"\x04", 1),
        "a name without an end": member(8, b"plain", name=b"n" * 200_000),
        "ends in the extra field": member(4, b"plain")[:15],
        "ends in the name": member(8, b"plain")[:15],
        "ends in the checksum": member(2, b"plain")[:11],
    }
    for step in (1, 5000):
        assert [what for what, packed in bad.items() if outcome(row, packed, step) != DAMAGED["gzip"]] == []
        assert [what for what, packed in bad.items() if outcome(row, good + packed, step) != DAMAGED["gzip"]] == []
    assert plain_of(row, long, 5000) == b"plain"
    with pytest.raises(SourceError):
        row.decompress(row.load(row.name), iter(lambda: b"\x1f\x8b\x08\x08" + b"n" * 1000, None)).__next__()


@pytest.mark.parametrize("row", GZIP)
def test_the_checksum_and_the_length_of_a_gzip_member_are_checked(row):
    packed = member(0, b"plain")
    for at in range(1, 9):
        damaged = bytearray(packed)
        damaged[-at] ^= 1
        assert outcome(row, bytes(damaged), 1000) == DAMAGED["gzip"]


@settings(deadline=None)
@given(
    plain=st.binary(max_size=300),
    level=st.sampled_from([0, 1, 6]),
    flags=st.integers(0, 255),
    members=st.integers(1, 3),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 20),
    tail=st.binary(max_size=8),
    step=st.sampled_from([1, 3, 50, 5000]),
)
def test_all_libraries_agree_on_any_gzip(*, plain, level, flags, members, changes, cut, tail, step):
    stream = zlib.compressobj(level, zlib.DEFLATED, 31)
    one = stream.compress(plain) + stream.flush()
    packed = bytearray((member(flags & 31, plain) if flags < 128 else one) * members)
    for at, value in changes:
        packed[at % len(packed)] = value
    packed = bytes(packed[: len(packed) - cut]) + tail
    outcomes = {outcome(row, packed, step) for row in BY_COMPRESSION["gzip"]}
    assert len(outcomes) == 1


@settings(deadline=None, max_examples=60)
@given(
    plain=st.binary(max_size=300),
    cut=st.integers(0, 8),
    tail=st.binary(max_size=8).filter(lambda tail: not compression_of(tail)),
    step=st.sampled_from([1, 50, 5000]),
)
def test_all_ways_agree_on_any_zstd_that_is_cut_or_has_a_tail(plain, cut, tail, step):
    packed = compress(plain, "zstd")
    packed = packed[: len(packed) - cut] + tail
    assert len({outcome(row, packed, step) for row in BY_COMPRESSION["zstd"]}) == 1


SKIPPABLE = b"".join(bytes([0x50 + number]) + b"\x2a\x4d\x18\x05\0\0\0" + b"\xfd7zXZ" for number in range(16))
LARGE_SKIPPABLE = b"\x5f\x2a\x4d\x18" + (100_000).to_bytes(4, "little") + bytes(100_000)


@pytest.mark.parametrize("step", [1, 1000, 262_144])
@pytest.mark.parametrize("row", ZSTD)
def test_skippable_frames_of_zstd_are_skipped_with_each(row, step):
    frames = [compress(PLAIN[:5000], "zstd"), compress(PLAIN[5000:9000], "zstd")]
    packed = LARGE_SKIPPABLE.join([SKIPPABLE, *frames, SKIPPABLE])
    assert compression_of(packed[:8]) is BY_NAME["zstd"]
    assert plain_of(row, packed, step) == PLAIN[:9000]
    assert plain_of(row, SKIPPABLE, step) == b""
    assert outcome(row, frames[0] + LARGE_SKIPPABLE[:-1], step) == DAMAGED["zstd"]


def zstd_bomb(blocks, window=0x38):
    """A frame whose blocks repeat one byte 128 KiB long, from 4 bytes each (RFC 8878, 3.1.1); window: 128 KiB."""
    block = struct.pack("<I", 131_072 << 3 | 1 << 1)[:3] + b"x"
    return b"\x28\xb5\x2f\xfd\0" + bytes([window]) + block * blocks + b"\x01\0\0"


BOMBS = {
    "gzip": lambda: compress(bytes(150_000_000), "gzip"),
    "bzip2": lambda: compress(bytes(150_000_000), "bzip2"),
    "xz": lambda: lzma.compress(bytes(150_000_000), preset=0),
    "zstd": lambda: zstd_bomb(1200),
}


@every_row
def test_the_memory_for_hostile_bytes_is_bounded(row):
    packed = BOMBS[row.compression]()
    assert len(packed) < 700_000
    library, length = row.load(row.name), 0
    tracemalloc.start()
    try:
        for block in row.decompress(library, iter([packed])):
            length += len(block)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length >= 150_000_000
    assert peak < 70_000_000 if row.name == "zstandard" else peak < 4_000_000


@pytest.mark.parametrize("row", ZSTD)
def test_a_zstd_window_that_needs_too_much_memory_is_refused_by_all(row):
    # A window of 2 to the power of 27, and of 28.
    assert len(plain_of(row, zstd_bomb(1, window=17 << 3))) == 131_072
    assert outcome(row, zstd_bomb(1, window=18 << 3), 1000) == DAMAGED["zstd"]


@every_row
def test_an_error_of_the_source_is_passed_on_and_nobody_waits(row):
    packed = compress(PLAIN, row.compression)

    def chunks():
        yield packed[:1000]
        raise OSError("the line went dead")

    library = row.load(row.name)
    threads = set(threading.enumerate())
    with pytest.raises(OSError, match="the line went dead"):
        list(row.decompress(library, chunks()))
    stopped = row.decompress(library, iter([packed] * 10))
    next(stopped)
    stopped.close()
    for thread in set(threading.enumerate()) - threads:
        thread.join(10)
    assert set(threading.enumerate()) <= threads


def test_what_is_not_there_cannot_be_loaded(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    for row in DECOMPRESSORS:
        if row.name in ABSENT or row.name == "zstd":
            with pytest.raises((ImportError, FileNotFoundError)):
                row.load(row.name)

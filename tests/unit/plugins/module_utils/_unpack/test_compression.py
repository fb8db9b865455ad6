# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bytes are decompressed with whatever a host has for it, and damage is an error with each of them."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import threading

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._unpack import compression
from ansible_collections.localai.core.plugins.module_utils._unpack.compression import (
    BLOCK,
    COMPRESSIONS,
    compression_of,
)
from ansible_collections.localai.core.tests.support.archives import compress

BY_NAME = {known.name: known for known in COMPRESSIONS}
ISAL = importlib.import_module("isal.isal_zlib")
# Compressible and not, and longer than a block.
PLAIN = b"".join(bytes([number]) * 3000 + os.urandom(3000) for number in range(250)) + bytes(BLOCK)


def has(monkeypatch, *names):
    """Let the host have only these, of all libraries and programs that it may have; "python" is Python 3.14."""
    for library in ("isal.isal_zlib", "zstandard", "compression.zstd"):
        monkeypatch.setitem(sys.modules, library, None)
    if "isal" in names:
        monkeypatch.setitem(sys.modules, "isal.isal_zlib", ISAL)
    if "zstandard" in names:
        monkeypatch.delitem(sys.modules, "zstandard")
    if "python" in names:
        monkeypatch.setitem(
            sys.modules,
            "compression.zstd",
            importlib.import_module("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd"),
        )
    program = shutil.which("zstd") if "program" in names else None
    monkeypatch.setattr(compression.shutil, "which", lambda name: program)


WAYS = [("gzip", ""), ("gzip", "isal"), ("zstd", "zstandard"), ("zstd", "program"), ("zstd", "python")]
if sys.version_info < (3, 9):
    WAYS.remove(("zstd", "python"))  # nothing stands in for Python 3.14 there


def decompressed(packed, name, step):
    return list(BY_NAME[name].decompress(packed[at : at + step] for at in range(0, len(packed), step)))


@pytest.mark.parametrize("step", [1000, 262_144])
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize(("name", "library"), WAYS)
def test_every_way_gives_the_same_bytes(monkeypatch, name, library, parts, step):
    packed = b"".join(compress(PLAIN[at::parts], name) for at in range(parts))
    has(monkeypatch, library)
    blocks = decompressed(packed, name, step)
    assert b"".join(blocks) == b"".join(PLAIN[at::parts] for at in range(parts))
    assert max(map(len, blocks)) <= BLOCK + BLOCK // 2


@pytest.mark.parametrize(("name", "library"), WAYS)
def test_what_ends_early_is_damaged_with_each(monkeypatch, name, library):
    packed = compress(PLAIN[:20_000], name)
    has(monkeypatch, library)
    for length in (0, 1, 10, len(packed) // 2, len(packed) - 1):
        with pytest.raises(SourceError, match="archive is damaged"):
            decompressed(packed[:length], name, 1000)


# Without a checksum in the frame, zstd does not see all that happens to its content; a digest does.
GARBAGE = [
    (*way, damage) for way in WAYS for damage in ("start", "middle", "behind") if way[0] == "gzip" or damage != "middle"
]


@pytest.mark.parametrize(("name", "library", "damage"), GARBAGE)
def test_garbage_is_damaged_with_each(monkeypatch, name, library, damage):
    packed = compress(PLAIN[:20_000], name)
    middle = len(packed) // 2
    has(monkeypatch, library)
    damaged = {
        "start": b"garbage" + packed,
        "middle": packed[:middle] + b"garbage" + packed[middle + 7 :],
        "behind": packed + b"garbage",
    }[damage]
    with pytest.raises(SourceError, match="archive is damaged"):
        decompressed(damaged, name, 1000)


@pytest.mark.parametrize("library", ["zstandard", "program", "python"][: 2 if sys.version_info < (3, 9) else 3])
def test_an_error_of_the_source_is_passed_on_and_nobody_waits(monkeypatch, library):
    packed = compress(PLAIN, "zstd")

    def chunks():
        yield packed[:1000]
        raise SourceError("the line went dead")

    has(monkeypatch, library)
    threads = set(threading.enumerate())
    with pytest.raises(SourceError, match="the line went dead"):
        list(BY_NAME["zstd"].decompress(chunks()))
    stopped = BY_NAME["zstd"].decompress(iter([packed] * 10))
    next(stopped)
    stopped.close()
    for thread in set(threading.enumerate()) - threads:
        thread.join(10)
    assert set(threading.enumerate()) <= threads


SKIPPABLE = b"".join(bytes([0x50 + number]) + b"\x2a\x4d\x18\x05\0\0\0" + b"\xfd7zXZ" for number in range(16))
LARGE_SKIPPABLE = b"\x5f\x2a\x4d\x18" + (100_000).to_bytes(4, "little") + bytes(100_000)


@pytest.mark.parametrize("step", [1, 1000, 262_144])
@pytest.mark.parametrize("library", [library for name, library in WAYS if name == "zstd"])
def test_skippable_frames_of_zstd_are_skipped_with_each(monkeypatch, library, step):
    frames = [compress(PLAIN[:5000], "zstd"), compress(PLAIN[5000:9000], "zstd")]
    has(monkeypatch, library)
    packed = LARGE_SKIPPABLE.join([SKIPPABLE, *frames, SKIPPABLE])
    assert compression_of(packed[:8]) is BY_NAME["zstd"]
    assert b"".join(decompressed(packed, "zstd", step)) == PLAIN[:9000]
    assert decompressed(SKIPPABLE, "zstd", step) in ([], [b""])
    with pytest.raises(SourceError, match="archive is damaged"):
        decompressed(frames[0] + LARGE_SKIPPABLE[:-1], "zstd", step)


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_compression_is_known_by_the_start_of_its_bytes(name):
    assert compression_of(compress(PLAIN, name)[:6]) is BY_NAME[name]


def test_what_is_not_compressed_has_no_compression():
    assert compression_of(b"") is compression_of(b"plain text") is None


def test_without_anything_that_decompresses_zstd_the_error_says_what_to_install(monkeypatch):
    has(monkeypatch)
    with pytest.raises(
        SourceError, match=r"zstd, which this host cannot decompress\. Install the Python library zstandard"
    ):
        BY_NAME["zstd"].check()

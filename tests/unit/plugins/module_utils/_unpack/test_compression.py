# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compression is undone with whatever a host has for it, and damage is an error with each of them."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tarfile
import threading

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._unpack import compression as decompress
from ansible_collections.localai.core.plugins.module_utils._unpack.compression import (
    BLOCK,
    compression_of,
    decompressed,
    supported,
)
from ansible_collections.localai.core.tests.support.archives import compress, tar, tar_archive, zip_archive
from ansible_collections.localai.core.tests.support.backends import backend_entries

ENTRIES = backend_entries("piper")
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
    monkeypatch.setattr(decompress.shutil, "which", lambda name: program)


WAYS = [("gzip", ""), ("gzip", "isal"), ("zstd", "zstandard"), ("zstd", "program"), ("zstd", "python")]
if sys.version_info < (3, 9):
    WAYS.remove(("zstd", "python"))  # nothing stands in for Python 3.14 there


def undone(packed, compression, step):
    return list(decompressed((packed[at : at + step] for at in range(0, len(packed), step)), compression))


@pytest.mark.parametrize("step", [1000, 262_144])
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize(("compression", "library"), WAYS)
def test_every_way_gives_the_same_bytes(monkeypatch, compression, library, parts, step):
    packed = b"".join(compress(PLAIN[at::parts], compression) for at in range(parts))
    has(monkeypatch, library)
    blocks = undone(packed, supported(compression), step)
    assert b"".join(blocks) == b"".join(PLAIN[at::parts] for at in range(parts))
    assert max(map(len, blocks)) <= BLOCK + BLOCK // 2


@pytest.mark.parametrize(("compression", "library"), WAYS)
def test_what_ends_early_is_damaged_with_each(monkeypatch, compression, library):
    packed = compress(PLAIN[:20_000], compression)
    has(monkeypatch, library)
    for length in (0, 1, 10, len(packed) // 2, len(packed) - 1):
        with pytest.raises(SourceError, match="archive is damaged"):
            undone(packed[:length], compression, 1000)


# Without a checksum in the frame, zstd does not see all that happens to its content; a digest does.
GARBAGE = [
    (*way, damage) for way in WAYS for damage in ("start", "middle", "behind") if way[0] == "gzip" or damage != "middle"
]


@pytest.mark.parametrize(("compression", "library", "damage"), GARBAGE)
def test_garbage_is_damaged_with_each(monkeypatch, compression, library, damage):
    packed = compress(PLAIN[:20_000], compression)
    middle = len(packed) // 2
    has(monkeypatch, library)
    damaged = {
        "start": b"garbage" + packed,
        "middle": packed[:middle] + b"garbage" + packed[middle + 7 :],
        "behind": packed + b"garbage",
    }[damage]
    with pytest.raises(SourceError, match="archive is damaged"):
        undone(damaged, compression, 1000)


@pytest.mark.parametrize("library", ["zstandard", "program", "python"][: 2 if sys.version_info < (3, 9) else 3])
def test_an_error_of_the_source_is_passed_on_and_nobody_waits(monkeypatch, library):
    packed = compress(PLAIN, "zstd")

    def chunks():
        yield packed[:1000]
        raise SourceError("the line went dead")

    has(monkeypatch, library)
    threads = set(threading.enumerate())
    with pytest.raises(SourceError, match="the line went dead"):
        list(decompressed(chunks(), "zstd"))
    stopped = decompressed(iter([packed] * 10), "zstd")
    next(stopped)
    stopped.close()
    for thread in set(threading.enumerate()) - threads:
        thread.join(10)
    assert set(threading.enumerate()) <= threads


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (tar_archive(ENTRIES, "none"), "none"),
        (tar(ENTRIES, tarfile.GNU_FORMAT), "none"),
        (tar_archive(ENTRIES, "gzip"), "gzip"),
        (tar_archive(ENTRIES, "bzip2"), "bzip2"),
        (tar_archive(ENTRIES, "xz"), "xz"),
        (tar_archive(ENTRIES, "zstd"), "zstd"),
        (zip_archive(ENTRIES), "zip"),
        (zip_archive([]), "zip"),
    ],
    ids=["PAX", "GNU", "gzip", "bzip2", "xz", "zstd", "zip", "empty zip"],
)
def test_an_archive_is_known_by_its_start(head, expected):
    assert compression_of(head[:512]) == expected


@pytest.mark.parametrize(
    ("head", "start"),
    [
        (b"<!DOCTYPE html>\n<html><head>", "'<!DOCTYPE html> <html><head>'"),
        (b"", "''"),
        (b"\x00" * 512, r"'\x00"),
        (b"\xff\xfe" * 300, "'\N{REPLACEMENT CHARACTER}"),
        (b"\x7fELF", r"'\x7fELF'"),
    ],
    ids=["HTML", "nothing", "zeros", "binary", "program"],
)
def test_what_is_no_archive_is_told_with_its_start(head, start):
    with pytest.raises(SourceError) as caught:
        compression_of(head)
    assert str(caught.value).startswith(
        f"it is not an archive (tar, tar.gz, tar.bz2, tar.xz, tar.zst, zip); it starts with {start}"
    )


@pytest.mark.parametrize("compression", ["lz4", ""])
def test_a_compression_that_is_not_supported_is_told(compression):
    with pytest.raises(SourceError, match=r"is not supported\. Use one of: tar, tar\.gz"):
        supported(compression)


def test_zstd_needs_something_that_undoes_it(monkeypatch):
    has(monkeypatch)
    with pytest.raises(SourceError, match=r"zstd, which this host cannot undo\. Install the Python library zstandard"):
        compression_of(b"\x28\xb5\x2f\xfd")

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A compression is told by its first bytes, and decompressed with the fastest library that works."""

from __future__ import annotations

import importlib
import sys
import types
import zlib

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._unpack import compression as module
from ansible_collections.localai.core.plugins.module_utils._unpack.compression import (
    COMPRESSIONS,
    GZIP,
    compression_of,
)
from ansible_collections.localai.core.plugins.module_utils._unpack.decompressors import DECOMPRESSORS, Decompressor
from ansible_collections.localai.core.tests.support.archives import compress

BY_NAME = {known.name: known for known in COMPRESSIONS}
ISAL, ZLIB_NG = "isal.isal_zlib", "zlib_ng.zlib_ng"
# The first is what a Python has that knows zstd.
ZSTD_LIBRARIES = ("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd", "zstandard")


def hide(monkeypatch, *names):
    """Let the host lack these libraries and programs."""
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)
    if "zstd" in names:
        monkeypatch.setattr("shutil.which", lambda name: None)


def chosen(name):
    """The names of the library or program that decompresses it here."""
    decompress = BY_NAME[name].on_this_host()
    assert b"".join(decompress(iter([compress(b"plain text", name)]))) == b"plain text"
    (found,) = decompress.args
    return found if isinstance(found, str) else found.__name__


@pytest.mark.parametrize(
    ("name", "missing", "expected"),
    [
        ("gzip", (), ISAL),
        ("gzip", (ISAL,), ZLIB_NG),
        ("gzip", (ZLIB_NG,), ISAL),
        ("gzip", (ISAL, ZLIB_NG), "zlib"),
        ("bzip2", (), "bz2"),
        ("xz", (), "lzma"),
        ("zstd", ("compression.zstd", "backports.zstd"), "zstandard"),
    ],
)
def test_the_fastest_library_of_the_host_is_used(monkeypatch, name, missing, expected):
    hide(monkeypatch, *missing)
    assert chosen(name) == expected


def test_the_program_decompresses_zstd_where_there_is_no_library(monkeypatch):
    assert chosen("zstd") == (ZSTD_LIBRARIES[0] if sys.version_info >= (3, 9) else "zstandard")
    hide(monkeypatch, "compression.zstd", "backports.zstd", "zstandard")
    assert chosen("zstd").endswith("/zstd")


class Broken(types.ModuleType):
    """A library that was built for another Python: it can be imported, and nothing of it can be used."""

    def __getattr__(self, name):
        raise SystemError(f"{name}: bad call flags")


class Wrong:
    """A decompressor of a library that has lost its way."""

    eof, unused_data, unconsumed_tail = True, b"", b""

    def decompress(self, data, length=0):
        return b"something"


WRONG = types.SimpleNamespace(decompressobj=lambda bits: Wrong(), error=zlib.error)


@pytest.mark.parametrize("library", [Broken("isal_zlib"), types.ModuleType("isal_zlib"), WRONG])
def test_a_library_that_does_not_work_is_left_out(monkeypatch, library):
    monkeypatch.setitem(sys.modules, ISAL, library)
    assert chosen("gzip") == ZLIB_NG


@pytest.mark.parametrize(
    "error", ["ImportError('wrong ELF class')", "OSError(8, 'Exec format error')", "SystemExit(1)"]
)
def test_a_library_that_cannot_be_imported_is_left_out_whatever_it_raises(monkeypatch, tmp_path, error):
    (tmp_path / "isal").mkdir()
    (tmp_path / "isal" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "isal" / "isal_zlib.py").write_text(f"raise {error}\n", encoding="utf-8")
    for name in ("isal", ISAL):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BaseException, match=r"wrong ELF|Exec format|^1$"):
        importlib.import_module(ISAL)
    assert chosen("gzip") == ZLIB_NG


def test_a_program_that_does_not_work_is_no_decompressor(monkeypatch, tmp_path):
    hide(monkeypatch, "compression.zstd", "backports.zstd", "zstandard")
    program = tmp_path / "zstd"
    program.write_bytes(b"\x7fELF of another processor")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert BY_NAME["zstd"].on_this_host() is None


def test_who_interrupts_a_run_is_not_a_broken_library(monkeypatch):
    def interrupt(_name):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "DECOMPRESSORS", (Decompressor("gzip", "any", interrupt, DECOMPRESSORS[0].decompress),))
    with pytest.raises(KeyboardInterrupt):
        GZIP.on_this_host()


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_compression_that_this_host_cannot_decompress_is_an_error_with_advice(monkeypatch, name):
    hide(monkeypatch, *(row.name for row in DECOMPRESSORS))
    with pytest.raises(SourceError, match=rf"compressed with {name}, which this host cannot decompress\. \w+ .*\.$"):
        BY_NAME[name].check()
    with pytest.raises(SourceError, match="cannot decompress"):
        list(BY_NAME[name].decompress(iter([BY_NAME[name].sample])))


def test_every_compression_has_a_decompressor():
    assert {row.compression for row in DECOMPRESSORS} == set(BY_NAME)


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_compression_is_known_by_the_start_of_its_bytes(name):
    assert compression_of(compress(b"plain text", name)[:6]) is BY_NAME[name]
    assert compression_of(BY_NAME[name].sample) is BY_NAME[name]


def test_what_is_not_compressed_has_no_compression():
    assert compression_of(b"") is compression_of(b"plain text") is None

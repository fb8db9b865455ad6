# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The format of an archive is known by its start."""

from __future__ import annotations

import shutil
import sys
import tarfile

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._unpack.formats import format_of
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import unpack
from ansible_collections.localai.core.tests.support.archives import file, tar, tar_archive, zip_archive
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.unpacking import ENTRIES, FORMATS, v7


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
        (v7(tar(ENTRIES, tarfile.USTAR_FORMAT)), "none"),
        (v7(tar([file("gr\u00f6\u00dfe")], tarfile.GNU_FORMAT), signed=True), "none"),
        (b"\x50\x2a\x4d\x18\x04\0\0\0skip", "zstd"),
    ],
    ids=["PAX", "GNU", "gzip", "bzip2", "xz", "zstd", "zip", "empty zip", "v7", "v7 with signed bytes", "pzstd"],
)
def test_a_format_is_known_by_the_start_of_an_archive(head, expected):
    assert format_of(head[:512]) == FORMATS[expected]


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
def test_an_error_about_other_bytes_quotes_their_start(head, start):
    with pytest.raises(SourceError) as caught:
        format_of(head)
    assert str(caught.value).startswith(
        f"it is not an archive (tar, tar.gz, tar.bz2, tar.xz, tar.zst, zip); it starts with {start}"
    )


def test_an_error_quotes_nothing_that_is_not_public():
    with pytest.raises(SourceError, match=r"zip\)\.$"):
        format_of(b"root:x:0:0", public=False)


def test_a_compression_that_this_host_cannot_decompress_is_an_error(monkeypatch):
    for library in ("compression.zstd", "backports.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SourceError, match="compressed with zstd, which this host cannot decompress"):
        format_of(b"\x28\xb5\x2f\xfd")


def test_containers_hold_the_same_entries(tmp_path):
    # zip has no hard links; it holds such a file twice.
    trees = {}
    entries = [entry for entry in ENTRIES if not entry.name.endswith("grpcio.py")]
    for archive in (zip_archive(entries), tar_archive(entries, "none")):
        archive_format = format_of(archive)
        top = tmp_path / archive_format.container.name
        top.mkdir()
        with Tree(str(top)) as tree:
            unpack(iter([archive]), tree, is_layer=False)
            tree.finish(0o755)
        trees[top.name] = {path: node[0::5] for path, node in snapshot(top).items()}
    assert trees["zip"] == trees["tar"] != {}

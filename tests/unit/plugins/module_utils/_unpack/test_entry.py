# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry is the same value, whatever the format of the archive that it is in."""

from __future__ import annotations

import io

import pytest

from ansible_collections.localai.core.plugins.module_utils._unpack.entry import Entry
from ansible_collections.localai.core.plugins.module_utils._unpack.tar import TarStream
from ansible_collections.localai.core.plugins.module_utils._unpack.zip import ZipStream
from ansible_collections.localai.core.tests.support.archives import MTIME, directory, file, symlink, tar, zip_archive

ENTRIES = [directory("d", 0o750), file("d/f", "content", 0o640), symlink("link", "d/f")]


@pytest.mark.parametrize(
    "stream",
    [TarStream(iter([tar(ENTRIES)])), ZipStream(io.BytesIO(zip_archive(ENTRIES)))],
    ids=["tar", "zip"],
)
def test_an_entry_is_the_same_in_every_format(stream):
    entries, contents = [], []
    for entry in stream:
        entries.append((entry.name.rstrip("/"), entry.kind, entry.size, entry.link, entry.holes))
        contents.append(b"".join(stream.data(entry)) if entry.kind == "file" else b"")
        assert (entry.mode & 0o640, entry.mtime) == (0o640, MTIME)
    assert entries == [
        ("d", "directory", 0, "", None),
        ("d/f", "file", 7, "", None),
        ("link", "symlink", 0, "d/f", None),
    ]
    assert contents == [b"", b"content", b""]


def test_an_entry_has_no_content_unless_it_says_so():
    assert Entry("x", "directory", 0o755, None) == Entry("x", "directory", 0o755, None, 0, "", None)

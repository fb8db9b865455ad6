# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files are unpacked."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.archives import (
    can_unpack,
    directory_of,
    is_archive,
)


@pytest.mark.parametrize(
    "name", ["v.tar", "v.tar.bz2", "v.tbz2", "v.tar.gz", "v.tgz", "v.tar.xz", "v.txz", "v.zip", "a/v.tar.zst"]
)
def test_archives_are_unpacked(name):
    assert is_archive(name)
    assert can_unpack(name)


@pytest.mark.parametrize("name", ["v.rar", "v.tar.lz4", "v.tar.br", "v.tsz"])
def test_some_archives_of_localai_cannot_be_unpacked_here(name):
    assert is_archive(name)
    assert not can_unpack(name)


@pytest.mark.parametrize("name", ["v.gguf", "v.bz2", "v.gz", "v.TAR", "tar", "v.tar.partial", "v.onnx.json"])
def test_other_files_are_not(name):
    assert not is_archive(name)


def test_an_archive_is_unpacked_beside_itself():
    assert directory_of("voices/v.tar.bz2") == "voices"
    assert directory_of("v.tar.bz2") == ""

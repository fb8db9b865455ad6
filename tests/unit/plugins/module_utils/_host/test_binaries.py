# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The installed binaries and the link to one of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._host import binaries
from ansible_collections.localai.core.plugins.module_utils._host.binaries import (
    Binary,
    Checksums,
    Link,
    binaries_in,
    link_of,
    version_of,
)

SUM = hashlib.sha256(b"binary").hexdigest()


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("local-ai-v4.9.0", "v4.9.0"),
        ("local-ai-v4.9.0@0123abcdef01", "v4.9.0"),
        ("local-ai-v4.11.0-rc1", "v4.11.0-rc1"),
        ("local-ai-v4.11.0-rc1@0a", "v4.11.0-rc1"),
        ("local-ai-master", None),
        ("local-ai-v4.9", None),
        ("local-ai-v4.9.0@", None),
        ("local-ai", None),
    ],
)
def test_the_name_has_the_version(name: str, version: str | None) -> None:
    assert version_of(name) == version


def test_binaries_are_found_in_all_directories(tmp_path: Path) -> None:
    new, old = tmp_path / "bin", tmp_path / "lib"
    for directory in (new, old):
        directory.mkdir()
        (directory / "local-ai-v4.9.0").write_bytes(b"binary")
    (new / "local-ai-v4.9.0.sha256").write_text(f"{SUM}\n")
    (new / "local-ai-v4.8.0").symlink_to("local-ai-v4.9.0")
    (new / "local-ai-x").mkdir()
    (new / "other").touch()
    (old / "local-ai-master").write_bytes(b"other")
    assert binaries_in([str(new), str(tmp_path / "missing"), str(old), str(new)], Checksums()) == [
        Binary(str(new / "local-ai-v4.9.0"), "v4.9.0", SUM, SUM),
        Binary(str(old / "local-ai-master"), None, hashlib.sha256(b"other").hexdigest(), None),
        Binary(str(old / "local-ai-v4.9.0"), "v4.9.0", SUM, None),
    ]


def test_a_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    real = binaries.chunks_of
    monkeypatch.setattr(binaries, "chunks_of", lambda stream: hashed.append(stream) or real(stream))
    file, link = tmp_path / "local-ai-v4.9.0", tmp_path / "link"
    file.write_bytes(b"binary")
    link.symlink_to(file)
    checksums = Checksums()
    assert link_of(str(link), checksums) == Link(True, str(file), SUM)
    assert binaries_in([str(tmp_path)], checksums)[0].checksum == SUM
    assert len(hashed) == 1


def test_there_may_be_no_link_or_something_else_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "file").write_bytes(b"binary")
    os.mkfifo(tmp_path / "pipe")
    found = [link_of(str(tmp_path / name), Checksums()) for name in ("missing", "dangling", "file", "pipe")]
    assert found == [
        Link(False, None, None),
        Link(True, "nowhere", None),
        Link(True, None, SUM),
        Link(True, None, None),
    ]

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that describe the models path."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import (
    Entry,
    Reader,
    is_yaml,
)
from ansible_collections.localai.core.plugins.module_utils._localai.models.names import parents


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "may_read"),
    [
        (0o600, 7, 7, True),
        (0o600, 8, 7, False),
        (0o640, 8, 70, True),
        (0o640, 8, 71, False),
        (0o604, 8, 71, True),
        # The bits of the owner count for the owner, and those of the group for its members, even if others may more.
        (0o044, 7, 7, False),
        (0o604, 8, 70, False),
    ],
)
def test_who_may_read_a_file(mode: int, uid: int, gid: int, may_read: bool) -> None:
    entry = Entry("a.gguf", mode=mode, uid=uid, gid=gid)
    assert Reader(7, frozenset({7, 70})).may_read(entry) is may_read
    assert Reader(0, frozenset()).may_read(entry)


def test_a_directory_has_to_be_entered() -> None:
    reader = Reader(7, frozenset({7}))
    assert not reader.may_read(Entry("voices", "directory", mode=0o744))
    assert reader.may_read(Entry("voices", "directory", mode=0o711))


def test_names_and_paths() -> None:
    entry = Entry("voices/de/a.onnx")
    assert (entry.name, entry.is_top, Entry("a.onnx").is_top) == ("a.onnx", False, True)
    assert list(parents(entry.path)) == ["voices/de", "voices"]
    assert list(parents("a.onnx")) == list(parents("/a.onnx")) == []


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "A.YAML", "._gallery_a.yaml", ".Yml"])
def test_yaml_files_are_known_by_their_ending(name: str) -> None:
    assert is_yaml(name)


@pytest.mark.parametrize("name", ["a.yaml~", "yaml", "a.json", "a.yaml.bak"])
def test_other_files_are_not_yaml(name: str) -> None:
    assert not is_yaml(name)

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the benchmark writes: to memory only while that has room."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.tests.bench import volume


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
    """A directory that stands in for memory."""
    path = tmp_path / "memory"
    path.mkdir()
    monkeypatch.setattr(volume, "_MEMORY", path)
    return path


def test_a_directory_in_memory_is_gone_afterwards(memory, tmp_path):
    with volume.memory(1, tmp_path) as work:
        assert work.parent == memory
        (work / "file").touch()
    assert not list(memory.iterdir())


def test_without_room_the_given_directory_is_used(memory, tmp_path):
    with volume.memory(2**62, tmp_path) as work:
        assert work == tmp_path
    memory.rmdir()
    with volume.memory(1, tmp_path) as work:
        assert work == tmp_path

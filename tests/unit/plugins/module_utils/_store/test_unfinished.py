# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an interrupted run leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._store.unfinished import has_unfinished


@pytest.mark.parametrize("left", ["progress", "staging/1", "replaced/piper", "partial/x"])
def test_what_an_interrupted_run_leaves_is_seen(tmp_path: Path, left: str) -> None:
    assert not has_unfinished(str(tmp_path))
    place = tmp_path / ".localai-core" / left
    place.parent.mkdir(parents=True)
    assert not has_unfinished(str(tmp_path))
    place.touch()
    assert has_unfinished(str(tmp_path))


def test_other_entries_of_our_directory_are_nothing_unfinished(tmp_path: Path) -> None:
    for name in ("lock", "models/m.json", "previous/m/1"):
        path = tmp_path / ".localai-core" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert not has_unfinished(str(tmp_path))

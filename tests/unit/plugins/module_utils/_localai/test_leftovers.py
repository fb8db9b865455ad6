# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories that an interrupted LocalAI leaves."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.leftovers import is_temporary, leftover_of


@pytest.mark.parametrize(
    ("name", "backend", "temporary"),
    [
        ("piper.install-tmp", "piper", True),
        ("piper.upgrade-tmp", "piper", True),
        ("piper.backup", "piper", False),
        ("piper.install-backup", "piper", False),
        ("piper", "", False),
        ("piper.backup.d", "", False),
        (".backup", "", False),
        (".install-tmp", "", False),
    ],
)
def test_a_leftover_is_known_by_its_name(name: str, backend: str, temporary: bool) -> None:
    assert (leftover_of(name), is_temporary(name)) == (backend, temporary)

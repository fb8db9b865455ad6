# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests of trees."""

from __future__ import annotations

import pytest


@pytest.fixture
def top(tmp_path):
    """An empty directory."""
    path = tmp_path / "tree"
    path.mkdir()
    return path


@pytest.fixture
def outside(tmp_path):
    """A directory beside `top` that must not change."""
    path = tmp_path / "outside"
    (path / "below").mkdir(parents=True)
    (path / "file").write_text("precious")
    (path / "below").chmod(0o711)
    return path

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of archives share."""

from __future__ import annotations

import pytest


@pytest.fixture
def top(tmp_path):
    """An empty directory to unpack into."""
    path = tmp_path / "tree"
    path.mkdir()
    return path

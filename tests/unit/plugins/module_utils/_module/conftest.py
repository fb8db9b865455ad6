# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host without backends."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.tests.support.local_host import LocalHost


@pytest.fixture
def local(tmp_path: Path) -> LocalHost:
    return LocalHost(tmp_path)

# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests of images."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.tests.support.registry import Registry


@pytest.fixture
def server():
    """A registry."""
    with Registry() as running:
        yield running

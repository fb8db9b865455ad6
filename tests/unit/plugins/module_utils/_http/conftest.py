# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests of the HTTP client."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.pages import PAGES
from ansible_collections.localai.core.tests.support.tcp_proxy import refusing


@pytest.fixture
def server():
    """A file server."""
    with FileServer(PAGES) as running:
        yield running


@pytest.fixture
def nobody():
    """An address on loopback where nobody listens."""
    with refusing() as address:
        yield address

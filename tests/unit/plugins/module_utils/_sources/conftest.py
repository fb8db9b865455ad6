# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of sources share."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.tests.support import registry
from ansible_collections.localai.core.tests.support.archives import write_tree
from ansible_collections.localai.core.tests.support.delivery import ARCHIVE, ENTRIES, Stage
from ansible_collections.localai.core.tests.support.files import FileServer


@pytest.fixture
def server():
    """A registry."""
    with registry.Registry() as running:
        yield running


@pytest.fixture
def files():
    """A web server with an archive."""
    with FileServer({"/piper.tar.gz": ARCHIVE}) as running:
        yield running


@pytest.fixture
def source(tmp_path):
    """A directory with a backend."""
    path = tmp_path / "source"
    write_tree(path, ENTRIES)
    return path


@pytest.fixture
def stage(tmp_path):
    """Where trees are made."""
    return Stage(tmp_path)

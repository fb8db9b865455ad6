# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry and a file server with the test gallery, and a host without backends."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.model_world import ModelHost, ModelWorld
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.world import Host, World


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    with Registry() as registry, FileServer() as files:
        yield World(registry, files, tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="module")
def moving_world(tmp_path_factory):
    """A world of its own, whose versions move on."""
    with Registry() as registry, FileServer() as files:
        yield World(registry, files, tmp_path_factory.mktemp("gallery"))


@pytest.fixture
def host(tmp_path, world):
    world.registry.requests.clear()
    world.files.requests.clear()
    yield Host(tmp_path, world)
    world.registry.faults.clear()
    world.files.faults.clear()


@pytest.fixture
def moving_host(tmp_path, moving_world):
    """A host in the world whose versions move on, at version 1."""
    moving_world.publish("1")
    moving_world.registry.requests.clear()
    yield Host(tmp_path, moving_world)
    moving_world.registry.faults.clear()


@pytest.fixture(scope="session")
def model_world(tmp_path_factory):
    with FileServer() as files:
        yield ModelWorld(tmp_path_factory.mktemp("models"), files)


@pytest.fixture
def model_host(tmp_path, model_world):
    """A host without models; the gallery is as it was in the beginning."""
    model_world.reset()
    return ModelHost(tmp_path, model_world)
